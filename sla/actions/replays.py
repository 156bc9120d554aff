"""Asking for replays, and working them off: in slices, each of which another worker can take up where it ended."""

import datetime as dt
import logging
import time
from dataclasses import dataclass
from typing import Any

from django.db import Error, transaction
from django.db.models import Q

from feedback.logic.rights import Person
from leads.actions.clock import database_now
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from sla.models import Policy, Replay, ReplayState
from sla.reports.replay_reading import Span, count_of
from sla.reports.replay_rules import DRAFT, document_to_judge, judge_of, rules_alone, rules_among
from sla.reports.replays import Progress, go_on, may_replay, result_of

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)
"""How long a worker may be silent before another one takes its replay up: longer than any piece takes."""
MOST_WAITING = 5
LONGEST = dt.timedelta(days=5 * 366)
_OPEN = (ReplayState.WAITING, ReplayState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class ReplayInput:
    """What to judge: a policy by uid, `version` "draft", a number, or "" for the one in force; alone, or among all.

    Over handoffs offered from `begins_at` up to but not at `ends_at`.
    """

    policy: str
    version: str
    is_among: bool
    begins_at: dt.datetime
    ends_at: dt.datetime


@transaction.atomic
def ask(given: ReplayInput, *, by: Person) -> Replay:
    """The replay that now waits for a worker; its rules are frozen as they are at this moment.

    NotAllowed, NotFound, InvalidInput(version, begins_at, or a place in the rules), StateConflict when the person waits
    for five already.
    """
    if not may_replay(by):
        raise NotAllowed("Replays are for operations, and for managers of a team.")
    if not dt.timedelta() < given.ends_at - given.begins_at <= LONGEST:
        raise InvalidInput("The time looked at ends after it begins, and is at most five years long.", field="to")
    if Replay.objects.filter(by=by.user_id, state__in=_OPEN).count() >= MOST_WAITING:
        raise StateConflict(f"You wait for {MOST_WAITING} replays already; look at those first.")
    policy = Policy.objects.filter(uid=given.policy).first()
    if policy is None:
        raise NotFound("There is no such policy.")
    document = document_to_judge(policy, given.version)
    rules = rules_among(document, policy_id=policy.pk) if given.is_among else rules_alone(document)
    judge_of(rules)
    return Replay.objects.create(
        name=name_of(policy, given.version, is_among=given.is_among),
        rules=rules,
        begins_at=given.begins_at,
        ends_at=given.ends_at,
        by_id=by.user_id,
        asked_at=database_now(),
    )


def name_of(policy: Policy, version: str, *, is_among: bool) -> str:
    """What a replay is called: "Fast lane, draft, among all rules in force"."""
    which = "draft" if version == DRAFT else f"version {version}" if version else "as in force"
    return f"{policy.name}, {which}{', among all rules in force' if is_among else ''}"[:200]


def work(*, seconds: float) -> int:
    """How many replays were worked on, for about `seconds` in all. What fails says so on its row; the rest goes on.

    A replay belongs to whoever claimed it until the claim is given back or LEASE has passed without a sign of life.
    """
    deadline, count = time.monotonic() + seconds, 0
    while (count == 0 or time.monotonic() < deadline) and (replay := _claimed()):
        count += 1
        try:
            _work_on(replay, deadline=deadline)
        except InvalidInput as error:
            _settle(replay, state=ReplayState.FAILED, result=None, error=error.message[:300])
        except Error:
            # The database is away or cut the work off. The lease brings it back.
            log.warning("replay %s was cut off; it is taken up again", replay.uid, exc_info=True)
            break
        except Exception:
            log.exception("replay %s failed", replay.uid)
            said = "LeadLoop could not finish this replay. Its log says why."
            _settle(replay, state=ReplayState.FAILED, result=None, error=said)
    return count


@transaction.atomic
def _claimed() -> Replay | None:
    """The replay that has waited longest, now this worker's; None when there is none to work on."""
    now = database_now()
    free = Replay.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE), state__in=_OPEN)
    replay = free.select_for_update(skip_locked=True).order_by("id").first()
    if replay is None:
        return None
    replay.state, replay.claimed_at = ReplayState.RUNNING, now
    replay.save(update_fields=["state", "claimed_at"])
    return replay


def _work_on(replay: Replay, *, deadline: float) -> None:
    span = Span(replay.begins_at, replay.ends_at, replay.asked_at)
    judge = judge_of(replay.rules)
    progress = Progress.from_dict(replay.result) if replay.result else Progress()
    if not replay.result:
        replay.total_count = count_of(span)
    while go_on(progress, span, judge):
        if not _keep(replay, claimed_at=database_now(), progress=progress):
            return
        if time.monotonic() >= deadline:
            _keep(replay, claimed_at=None, progress=progress)
            return
    _settle(replay, state=ReplayState.DONE, result=result_of(progress, span))


def _keep(replay: Replay, *, claimed_at: dt.datetime | None, progress: Progress) -> bool:
    """Whether the replay is still this worker's; then what was counted so far is kept."""
    kept: dict[str, Any] = {
        "claimed_at": claimed_at,
        "done_count": progress.done,
        "total_count": max(replay.total_count, progress.done),
        "result": progress.to_dict(),
    }
    is_ours = bool(_ours(replay).update(**kept))
    replay.claimed_at = claimed_at
    return is_ours


def _settle(replay: Replay, *, state: ReplayState, result: dict[str, Any] | None, error: str = "") -> None:
    done = {"done_count": result["handoffs"], "total_count": result["handoffs"]} if result else {}
    _ours(replay).update(state=state, result=result, error=error, claimed_at=None, finished_at=database_now(), **done)


def _ours(replay: Replay) -> Any:
    """The row, as long as nobody else has claimed it since."""
    return Replay.objects.filter(pk=replay.pk, state=ReplayState.RUNNING, claimed_at=replay.claimed_at)

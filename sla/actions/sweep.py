"""Taking every step that is due.

Safe to run anywhere, any number of times at once, and to be killed at any statement.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from feedback.actions import holds
from feedback.models import Handoff
from leads.actions.clock import database_now
from sla.actions import digests, feasibility, steps
from sla.actions.sweep_sql import ACTING, CHECKING, PUSH_AWAY, TELL, TELLING
from sla.models import Clock, ClockState, Escalation, Heartbeat

log = logging.getLogger(__name__)

BATCH = 2000


@dataclass
class Swept:
    """What one call did: steps that told somebody, steps that acted on a handoff, holds whose limit had passed,
    handoffs offered elsewhere because their owner could not answer in time, messages written for people, and clocks
    that failed and were pushed away.
    """

    told: int = 0
    acted: int = 0
    resumed: int = 0
    moved: int = 0
    messages: int = 0
    failed: int = 0


def sweep(*, limit: int = 100_000) -> Swept:
    """What was done, having taken every due step, at most about `limit` of them.

    First, holds whose limit has passed end, and owners who cannot answer in time are looked at. Then each batch of
    telling steps is one statement in its own transaction; each acting step is one transaction that locks handoff, then
    clock. Last, those who are to be told get their messages (see digests.write_messages). Rows that somebody else holds
    are left to the next call. A row that fails is recorded on its clock and tried again later, ten seconds to one hour
    away; the rest goes on. Leaves a Heartbeat named "sweep".
    """
    done = Swept(resumed=holds.end_due())
    _check_owners(done)
    while done.told + done.acted < limit:
        told = _tell_batch(done)
        if told >= BATCH:
            # More of them are due: what acts is looked for once, not before every batch.
            continue
        if not _act_batch(done) and not told:
            break
    done.messages = digests.write_messages()
    _beat()
    return done


def _check_owners(done: Swept) -> None:
    for clock_id, handoff_id in _rows(CHECKING):
        try:
            done.moved += feasibility.settle(clock_id, handoff_id)
        except Exception:
            # Nothing is lost but the early move: the ladder reaches this handoff whatever happens here.
            log.exception("whether the owner of clock %s can answer in time could not be settled", clock_id)
            done.failed += 1


def _tell_batch(done: Swept) -> int:
    try:
        moved = _tell(None)
    except Exception:
        log.warning("a batch of steps failed; taking them one by one", exc_info=True)
        return _tell_one_by_one(done)
    done.told += moved
    return moved


def _tell(one_id: int | None) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TELL, {"one_id": one_id, "batch": BATCH})
        moved: int = cursor.fetchone()[0]
    return moved


def _tell_one_by_one(done: Swept) -> int:
    seen = 0
    for (clock_id,) in _rows(TELLING):
        seen += 1
        try:
            done.told += _tell(clock_id)
        except Exception as error:  # noqa: BLE001 - recorded on the clock; the sweep goes on
            _push_away(clock_id, error)
            done.failed += 1
    return seen


def _act_batch(done: Swept) -> int:
    progress = 0
    for clock_id, handoff_id in _rows(ACTING):
        try:
            taken = _act(clock_id, handoff_id)
            done.acted += taken
            progress += taken
        except Exception as error:  # noqa: BLE001 - recorded on the clock; the sweep goes on
            _push_away(clock_id, error)
            done.failed += 1
            progress += 1
    return progress


@transaction.atomic
def _act(clock_id: int, handoff_id: int) -> bool:
    """Whether the clock's next step was taken here. False when somebody else holds the handoff or was first."""
    if not Handoff.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=handoff_id).values_list("pk"):
        return False
    handoff = Handoff.objects.select_related("lead", "team", "owner").get(pk=handoff_id)
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock_id)
    if clock.state != ClockState.RUNNING or clock.next_action_at is None or clock.next_action_at > database_now():
        return False
    step, action = clock.next_step, clock.step_actions[clock.next_step]
    if action not in steps.ACTIONS:
        return False
    clock.next_step = step + 1
    clock.next_action_at = clock.step_ats[step + 1] if step + 1 < len(clock.step_ats) else None
    clock.failure_count, clock.last_error = 0, ""
    clock.save(update_fields=["next_step", "next_action_at", "failure_count", "last_error"])
    _, is_new = Escalation.objects.get_or_create(
        clock=clock, step=step, defaults={"action": action, "due_at": clock.step_ats[step]}
    )
    if is_new:
        steps.take(handoff, clock, step=step)
    return True


def _push_away(clock_id: int, error: Exception) -> None:
    """Note the failure on the clock. Where not even that can be written now, the next sweep meets the clock again."""
    log.error("a step of clock %s failed and is put off", clock_id, exc_info=error)
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PUSH_AWAY, {"clock_id": clock_id, "error": f"{type(error).__name__}: {error}"[:300]})


def _rows(statement: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"batch": BATCH})
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows


def _beat() -> None:
    beat = Heartbeat(name="sweep", beaten_at=Now())
    Heartbeat.objects.bulk_create([beat], update_conflicts=True, unique_fields=["name"], update_fields=["beaten_at"])

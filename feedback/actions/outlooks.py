"""Asking for the last quarter under a draft, and working it out: in pieces, each of which another worker can take up
where it ended.
"""

import datetime as dt
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from django.db import Error, transaction
from django.db.models import Q, QuerySet

from feedback.logic.outlook import Quarter
from feedback.logic.outlook_progress import Progress
from feedback.logic.periods import Window
from feedback.logic.rights import Person, may_agree
from feedback.models import OutlookRun, OutlookState
from feedback.reports.outlook import outlook_of, sides_of, to_dict
from feedback.reports.outlook_pieces import go_on, share_of
from feedback.reports.snapshot import snapshot
from leads.actions.clock import database_now
from leads.logic import agreement as text
from leads.logic.errors import InvalidInput, NotAllowed, NotFound
from leads.models import Agreement, EngagementKind
from leads.reports.agreements import Version

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)
"""How long a worker may be silent before another one takes its work up: longer than any piece takes."""
KEPT = dt.timedelta(days=1)
"""How long figures are shown before they are worked out anew: the facts of today are among them."""
_COUNTING = 2
"""Which way of counting it is: figures of an earlier one are not those of this one, and are worked out anew."""
_OPEN = (OutlookState.WAITING, OutlookState.RUNNING)


def ask(draft: Version, before: Version | None, *, quarter: Quarter, by: Person) -> OutlookRun:
    """The run of these texts and this quarter, in whatever state; a new one waits for a worker. What was asked of an
    earlier text of the draft is dropped, also while somebody works on it.

    NotAllowed for who may not agree, NotFound when the draft is gone. One statement where there is one, four more else.
    """
    if not may_agree(by):
        raise NotAllowed("The last quarter under a draft is for those who may agree to it.")
    texts = {"draft": draft.document, "before": before.document if before else None}
    digest = digest_of(texts, quarter)
    found = OutlookRun.objects.filter(agreement__uid=draft.uid, digest=digest).first()
    return found or _asked(draft, texts, quarter, digest)


def again(draft: Version, before: Version | None, *, quarter: Quarter, by: Person) -> OutlookRun:
    """The run, and where it had failed it waits once more, from the beginning. NotAllowed, NotFound."""
    run = ask(draft, before, quarter=quarter, by=by)
    fresh = {"state": OutlookState.WAITING, "share": 0, "progress": None, "error": "", "finished_at": None}
    OutlookRun.objects.filter(pk=run.pk, state=OutlookState.FAILED).update(**fresh, asked_at=database_now())
    run.refresh_from_db()
    return run


def digest_of(texts: Mapping[str, Any], quarter: Quarter) -> str:
    """The SHA-256 of both documents, the quarter and the way of counting, in hex; whatever the order of keys."""
    window = quarter.window
    edges = (quarter.first_on, quarter.end_on, window.start_at, window.end_at)
    covered = [_COUNTING, texts, *(str(one) for one in edges)]
    return hashlib.sha256(json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def quarter_of(run: OutlookRun) -> Quarter:
    """The quarter that it looks at."""
    return Quarter(first_on=run.first_on, end_on=run.end_on, window=Window(run.start_at, run.end_at))


def forget() -> int:
    """How many runs were dropped because they ended longer than KEPT ago. A page that wants one asks anew."""
    return OutlookRun.objects.filter(finished_at__lt=database_now() - KEPT).delete()[0]


def work(*, seconds: float) -> int:
    """How many runs were worked on, for about `seconds` in all. What fails says so on its row; the rest goes on.

    A run belongs to whoever claimed it until the claim is given back or LEASE has passed without a sign of life.
    """
    forget()
    deadline, count = time.monotonic() + seconds, 0
    while (count == 0 or time.monotonic() < deadline) and (run := _claimed()):
        count += 1
        try:
            _work_on(run, deadline=deadline)
        except InvalidInput as error:
            _settle(run, state=OutlookState.FAILED, error=error.message[:300])
        except Error:
            # The database is away or cut the work off. The lease brings it back.
            log.warning("outlook %s was cut off; it is taken up again", run.pk, exc_info=True)
            break
        except Exception:
            log.exception("outlook %s failed", run.pk)
            said = "LeadLoop could not work out this quarter. Its log says why."
            _settle(run, state=OutlookState.FAILED, error=said)
    return count


@transaction.atomic
def _asked(draft: Version, texts: Mapping[str, Any], quarter: Quarter, digest: str) -> OutlookRun:
    start_at, end_at = quarter.window.start_at, quarter.window.end_at
    assert start_at is not None
    assert end_at is not None
    agreement = Agreement.objects.filter(uid=draft.uid).first()
    if agreement is None:
        raise NotFound("There is no such draft.")
    # Nobody will look at those any more. Other quarters of the same text are those of readers in other zones.
    OutlookRun.objects.filter(agreement=agreement).exclude(texts=texts).delete()
    run = OutlookRun(
        agreement=agreement,
        digest=digest,
        texts=texts,
        first_on=quarter.first_on,
        end_on=quarter.end_on,
        start_at=start_at,
        end_at=end_at,
        asked_at=database_now(),
    )
    # Two readers at once ask for one.
    OutlookRun.objects.bulk_create([run], ignore_conflicts=True)
    return OutlookRun.objects.get(agreement=agreement, digest=digest)


@transaction.atomic
def _claimed() -> OutlookRun | None:
    """The run that has waited longest, now this worker's; None when there is none to work on."""
    now = database_now()
    free = OutlookRun.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE), state__in=_OPEN)
    run = free.select_for_update(skip_locked=True).order_by("id").first()
    if run is None:
        return None
    run.state, run.claimed_at = OutlookState.RUNNING, now
    run.save(update_fields=["state", "claimed_at"])
    return run


def _work_on(run: OutlookRun, *, deadline: float) -> None:
    draft, before = _read(run.texts["draft"]), run.texts["before"] and _read(run.texts["before"])
    agreements, quarter = sides_of(draft, before), quarter_of(run)
    progress = Progress.from_dict(run.progress) if run.progress else Progress.begun(agreements)
    while _go_on(progress, agreements, run):
        # The claim is given back with the last piece of the slice, so that any worker can take it up at once.
        is_over = time.monotonic() >= deadline
        if not _keep(run, claimed_at=None if is_over else database_now(), progress=progress) or is_over:
            return
    result = to_dict(outlook_of(progress, quarter=quarter, now=run.asked_at))
    _settle(run, state=OutlookState.DONE, result=result, share=100)


def _go_on(progress: Progress, agreements: list[text.Agreement], run: OutlookRun) -> bool:
    with snapshot():
        return go_on(progress, agreements, quarter_of(run), now=run.asked_at)


def _read(document: Mapping[str, Any]) -> text.Agreement:
    return text.read(document, kinds=EngagementKind.values)


def _keep(run: OutlookRun, *, claimed_at: dt.datetime | None, progress: Progress) -> bool:
    """Whether the run is still this worker's; then what was counted so far is kept."""
    share = share_of(progress, quarter_of(run))
    is_ours = bool(_ours(run).update(claimed_at=claimed_at, share=share, progress=progress.to_dict()))
    run.claimed_at = claimed_at
    return is_ours


def _settle(run: OutlookRun, *, state: OutlookState, **found: Any) -> None:
    _ours(run).update(state=state, progress=None, claimed_at=None, finished_at=database_now(), **found)


def _ours(run: OutlookRun) -> QuerySet[OutlookRun]:
    """The row, as long as nobody else has claimed it since."""
    return OutlookRun.objects.filter(pk=run.pk, state=OutlookState.RUNNING, claimed_at=run.claimed_at)

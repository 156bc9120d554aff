"""Whether every clock says what its journal says: a recount of all of them, a thousand handoffs at a time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from feedback.models import Handoff
from feedback.reports.snapshot import snapshot
from leads.actions.clock import database_now
from leads.logic.errors import NotFound
from sla.logic.differences import Difference, Kept, differences
from sla.logic.ladder import PlannedStep
from sla.logic.retold import Retelling
from sla.models import Clock
from sla.reports.retellings import Library, retellings

_CHUNK = 1_000
COLUMNS = (
    "handoff_id",
    "target",
    "cycle",
    "state",
    "started_at",
    "amount",
    "version__uid",
    "calendar_version__uid",
    "due_at",
    "adjusted_due_at",
    "stopped_at",
    "breached_at",
    "acknowledged_at",
    "step_actions",
    "step_ats",
    "step_refs",
    "next_step",
    "next_action_at",
    "failure_count",
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A difference, and where: the handoff, the target and its cycle."""

    handoff_uid: UUID
    target: str
    cycle: int
    difference: Difference


@dataclass
class Verified:
    """How many clocks were recounted and agree or not, and how many began before the journal told of clocks."""

    checked_count: int = 0
    older_count: int = 0
    found: list[Found] = field(default_factory=list)


def verify(*, handoff_uid: UUID | None = None, since: dt.datetime | None = None) -> Iterator[Verified]:
    """One Verified for each thousand handoffs, in their order: all, one, or those offered since then.

    A fixed number of statements for each, in one snapshot. NotFound for a handoff that does not exist.
    """
    library, last = Library(), 0
    handoffs = Handoff.objects.order_by("pk")
    if handoff_uid is not None:
        handoffs = handoffs.filter(uid=handoff_uid)
        if not handoffs.exists():
            raise NotFound("There is no such handoff.")
    if since is not None:
        handoffs = handoffs.filter(offered_at__gte=since)
    while True:
        with snapshot():
            chunk = list(handoffs.filter(pk__gt=last).values_list("pk", "uid")[:_CHUNK])
            if not chunk:
                return
            verified = _verify(dict(chunk), library)
        last = chunk[-1][0]
        yield verified


def _verify(uids: dict[int, UUID], library: Library) -> Verified:
    now = database_now()
    told = retellings(list(uids.values()), library)
    kept: dict[int, dict[tuple[str, int], Kept]] = defaultdict(dict)
    for row in Clock.objects.filter(handoff__in=list(uids)).order_by("pk").values(*COLUMNS):
        kept[row["handoff_id"]][row["target"], row["cycle"]] = kept_of(row)
    verified = Verified()
    for pk, uid in uids.items():
        _compare(uid, told[uid], kept[pk], now=now, into=verified)
    return verified


def _compare(
    uid: UUID, told: Retelling, kept: dict[tuple[str, int], Kept], *, now: dt.datetime, into: Verified
) -> None:
    into.older_count += len(kept.keys() - told.clocks.keys())
    into.checked_count += len(told.clocks)
    for key, clock in told.clocks.items():
        found: Sequence[Difference]
        if key in kept:
            found = list(differences(clock, kept[key], books=told.books, excuses=told.excused_spans, now=now))
        else:
            found = [Difference("clock", "started", "none")]
        into.found += [Found(handoff_uid=uid, target=key[0], cycle=key[1], difference=one) for one in found]


def kept_of(row: Mapping[str, Any]) -> Kept:
    """The clock of a row with these columns."""
    steps = zip(row["step_actions"], row["step_ats"], row["step_refs"], strict=True)
    return Kept(
        state=row["state"],
        started_at=row["started_at"],
        amount=row["amount"],
        version=str(row["version__uid"]),
        calendar=str(row["calendar_version__uid"]),
        due_at=row["due_at"],
        adjusted_due_at=row["adjusted_due_at"],
        stopped_at=row["stopped_at"],
        breached_at=row["breached_at"],
        acknowledged_at=row["acknowledged_at"],
        steps=[PlannedStep(action, at, ref) for action, at, ref in steps],
        next_step=row["next_step"],
        next_action_at=row["next_action_at"],
        was_put_off=row["failure_count"] > 0,
    )

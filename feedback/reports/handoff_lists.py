"""The handoffs behind a figure, a page at a time, latest offer first."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback.logic.evidence import evidence_words
from feedback.logic.states import DECIDED, WITH_REASON, WORDS, State
from feedback.models import Handoff, Outcome, OutcomeKind, RejectionReason
from feedback.reports.cohorts import Cohort

PAGE = 50
_ACCEPTED = [State.ACCEPTED, State.QUALIFIED, State.WON, State.LOST, State.RETURNED]
# What can be listed, in the words of docs/metrics.md.
FIGURES: dict[str, str] = {
    "offered": "offered",
    "decided": "decided",
    "accepted": "accepted",
    "rejected": "rejected at review",
    "returned": "returned after work",
    "void": "void",
    "turned_back": "turned back",
    "expired": "expired",
    "recalled": "recalled",
    "pending": "pending",
    "silent": "silent: expired, or undecided past the due time",
    "won": "won",
}


@dataclass(frozen=True)
class ListedHandoff:
    """One handoff of the list. Nobody's name but the lead's: reports do not compare reps.

    `is_refused` when it was rejected or returned; `evidence` is what its rep said along with the reason.
    """

    uid: UUID
    lead: str
    account: str
    team: str
    channel: str
    campaign: str
    state: str
    is_refused: bool
    upheld_at: dt.datetime | None
    reason: str
    evidence: str
    offered_at: dt.datetime
    decided_at: dt.datetime | None
    external_id: str

    @property
    def is_open_to_review(self) -> bool:
        """Whether marketing can say of it that it was rightly refused."""
        return self.is_refused and self.upheld_at is None


@dataclass(frozen=True)
class Place:
    """A place in the list: the handoff that stands at it."""

    offered_at: dt.datetime
    uid: UUID


@dataclass(frozen=True)
class ListPage:
    """Up to PAGE handoffs, and the places to go on from in both directions; None at the ends."""

    rows: tuple[ListedHandoff, ...]
    previous: Place | None
    following: Place | None


def behind(cohort: Cohort, *, figure: str, reason: RejectionReason | None, now: dt.datetime) -> QuerySet[Handoff]:
    """The handoffs that `figure`, one of FIGURES, counts; with a reason those it was given to. No statement runs."""
    won = Exists(Outcome.objects.filter(handoff=OuterRef("pk"), kind=OutcomeKind.WON))
    wanted: dict[str, Q] = {
        "offered": Q(),
        "decided": Q(state__in=sorted(DECIDED)),
        "accepted": Q(state__in=_ACCEPTED),
        "rejected": Q(state=State.REJECTED, is_void=False),
        "void": Q(is_void=True),
        "silent": Q(state=State.EXPIRED) | Q(state=State.PENDING, due_at__lt=now),
        "won": Q(state=State.WON) | Q(won),
    }
    found = cohort.handoffs().filter(wanted.get(figure, Q(state=figure)))
    return found.filter(reason=reason) if reason else found


def part_of(found: QuerySet[Handoff], *, after: Place | None = None, until: Place | None = None) -> ListPage:
    """The page that follows `after`, or ends before `until`, or the first one. One statement, whatever the place."""
    if until:
        rows = list(_rows(_beyond(found, until, is_later=True).order_by("offered_at", "uid"))[: PAGE + 1])
        has_previous, has_following = len(rows) > PAGE, True
        rows = rows[:PAGE][::-1]
    else:
        wanted = _beyond(found, after, is_later=False) if after else found
        rows = list(_rows(wanted.order_by("-offered_at", "-uid"))[: PAGE + 1])
        has_previous, has_following = after is not None, len(rows) > PAGE
        rows = rows[:PAGE]
    listed = tuple(_listed(row) for row in rows)
    return ListPage(
        listed,
        _place(listed[0]) if listed and has_previous else None,
        _place(listed[-1]) if listed and has_following else None,
    )


def every(found: QuerySet[Handoff], *, most: int) -> Iterator[ListedHandoff]:
    """The first `most` handoffs, fetched as they are asked for; inside a transaction."""
    rows = _rows(found.order_by("-offered_at", "-uid"))[:most]
    return (_listed(row) for row in rows.iterator(chunk_size=2000))


def _beyond(found: QuerySet[Handoff], place: Place, *, is_later: bool) -> QuerySet[Handoff]:
    """On the far side of `place`; the first condition is what the index can use."""
    side = "gt" if is_later else "lt"
    return found.filter(
        Q(**{f"offered_at__{side}e": place.offered_at}),
        Q(**{f"offered_at__{side}": place.offered_at}) | Q(**{f"uid__{side}": place.uid}),
    )


_COLUMNS = (
    "uid", "lead__name", "lead__email", "account__name", "team__name", "channel", "campaign__name", "state",
    "upheld_at", "reason__label", "evidence", "offered_at", "decided_at", "external_id",
)  # fmt: skip


def _rows(found: QuerySet[Handoff]) -> QuerySet[Handoff, dict[str, Any]]:
    rows: QuerySet[Handoff, dict[str, Any]] = found.values(*_COLUMNS)
    return rows


def _listed(row: dict[str, Any]) -> ListedHandoff:
    return ListedHandoff(
        uid=row["uid"],
        lead=row["lead__name"] or row["lead__email"] or "",
        account=row["account__name"] or "",
        team=row["team__name"],
        channel=row["channel"],
        campaign=row["campaign__name"] or "",
        state=WORDS[State(row["state"])],
        is_refused=row["state"] in WITH_REASON,
        upheld_at=row["upheld_at"],
        reason=row["reason__label"] or "",
        evidence=evidence_words(row["evidence"]),
        offered_at=row["offered_at"],
        decided_at=row["decided_at"],
        external_id=row["external_id"],
    )


def _place(row: ListedHandoff) -> Place:
    return Place(row.offered_at, row.uid)

"""What each version of the agreement brought: the handoffs pinned to it, and what became of them."""

import datetime as dt
from dataclasses import dataclass

from feedback.logic.figures import Figures
from feedback.logic.periods import Window
from feedback.logic.rights import Person
from feedback.reports.cohorts import Cohort, added, by_agreement
from feedback.reports.snapshot import snapshot
from leads.models import Agreement, AgreementState

_WEEK = dt.timedelta(weeks=1)
# So many of those that count may still wait for an answer before the rate moves too much to be compared.
_YOUNG = 10


@dataclass(frozen=True, kw_only=True)
class Brought:
    """The handoffs pinned to the version `number`, in force from `begins_at` to `ends_at` (None: still).

    `is_young`: so many of them are still to be decided that the acceptance rate will move.
    """

    number: int
    begins_at: dt.datetime
    ends_at: dt.datetime | None
    figures: Figures
    is_young: bool
    weeks: float

    @property
    def a_week(self) -> float | None:
        """Offered in a week on average; None in the first week, which says nothing of the next."""
        return self.figures.offered / self.weeks if self.weeks >= 1 else None


def brought(person: Person, *, now: dt.datetime) -> list[Brought]:
    """Every published version, the latest first, with the handoffs that the person may see. Three statements, of one
    snapshot.
    """
    with snapshot():
        rows = list(Agreement.objects.exclude(state=AgreementState.DRAFT).order_by("-number"))
        found = added(by_agreement(Cohort(person=person, window=Window()), now=now), lambda cell: cell.agreement_id)
    return [_brought(row, found.get(row.pk, Figures()), now) for row in rows]


def _brought(row: Agreement, figures: Figures, now: dt.datetime) -> Brought:
    assert row.number is not None
    assert row.published_at is not None
    return Brought(
        number=row.number,
        begins_at=row.published_at,
        ends_at=row.ended_at,
        figures=figures,
        is_young=figures.pending * _YOUNG > figures.counted,
        weeks=((row.ended_at or now) - row.published_at) / _WEEK,
    )

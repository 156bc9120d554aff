"""What each version of the agreement brought, in words."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from feedback.logic.rates import Rate
from feedback.logic.rights import Person
from feedback.reports.agreements import Brought
from leads.logic.words import NOTHING, interval_words, rate_words

_TOO_FEW = "not enough to tell"


@dataclass(frozen=True, kw_only=True)
class BroughtWords:
    """A line of templates/feedback/_agreement_brought.html. `still` says what is not known yet."""

    name: str
    url: str
    begins_at: dt.datetime
    ends_at: dt.datetime | None
    offered: str
    a_week: str
    accepted: str
    accepted_range: str
    to_sql: str
    sql_range: str
    is_young: bool
    still: tuple[str, ...]


def words_of(found: Iterable[Brought]) -> list[BroughtWords]:
    """The lines, in the order given."""
    return [_words(one) for one in found]


def whose(person: Person) -> str:
    """Which handoffs the figures are of."""
    return "Handoffs" if person.sees_all else "The handoffs that you may see,"


def _words(one: Brought) -> BroughtWords:
    figures = one.figures
    accepted, accepted_range = _of(figures.acceptance)
    to_sql, sql_range = _of(figures.to_sql)
    return BroughtWords(
        name=f"Agreement {one.number}",
        url=reverse("feedback:agreement-version", args=[one.number]),
        begins_at=one.begins_at,
        ends_at=one.ends_at,
        offered=f"{figures.offered:,}",
        a_week=f"{one.a_week:,.1f}" if one.a_week is not None else NOTHING,
        accepted=accepted,
        accepted_range=accepted_range,
        to_sql=to_sql,
        sql_range=sql_range,
        is_young=one.is_young or figures.acceptance.is_few,
        still=("still maturing",) if one.is_young else (),
    )


def _of(rate: Rate) -> tuple[str, str]:
    if rate.is_few:
        return _TOO_FEW, f"n {rate.of:,}"
    return rate_words(rate.share), f"{interval_words(rate.low, rate.high)}, n {rate.of:,}"

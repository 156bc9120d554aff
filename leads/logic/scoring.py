"""Fit and intent: two numbers, each explained term by term."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leads.logic.agreement import FitTerm, IntentTerm
from leads.logic.conditions import Facts

Parts = Mapping[str, Mapping[str, float]]
"""{"fit": {label: points}, "intent": {label: points}}: what is frozen on a handoff."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """`value` is 0 to 100, the sum of `parts` (label and points, those of 0 left out) cut to that range."""

    value: int
    parts: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class DayCount:
    """So many engagements of one kind in one page group on one UTC day, the latest at `last_at`."""

    kind: str
    page_group: str
    happened_on: dt.date
    count: int
    last_at: dt.datetime
    confidence: int = 100


def fit(terms: Iterable[FitTerm], facts: Facts) -> Score:
    """How well somebody matches the ICP: the points of every term whose condition holds."""
    return _cut({term.label: float(term.points) for term in terms if term.condition.holds(facts)})


def intent(terms: Iterable[IntentTerm], days: Iterable[DayCount], *, on: dt.date) -> Score:
    """How strongly somebody shows interest on the UTC day `on`.

    Each engagement of a term's kind (and page group) gives its points, halved for every half-life that has passed since
    its day; the sum of a term stays within its cap, on both sides of zero. What lies after `on` does not count.
    """
    kept = [day for day in days if day.happened_on <= on]
    parts = {}
    for term in terms:
        raw = sum(
            term.points * day.count * 0.5 ** ((on - day.happened_on).days / term.half_life_days)
            for day in kept
            if day.kind == term.kind and term.page_group in ("", day.page_group)
        )
        parts[term.label] = round(max(-term.cap, min(term.cap, raw)), 1)
    return _cut(parts)


def _cut(parts: Mapping[str, float]) -> Score:
    given = {label: points for label, points in parts.items() if points}
    return Score(value=round(max(0.0, min(100.0, sum(given.values())))), parts=given)

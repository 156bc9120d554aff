"""Fit and intent: two numbers, each explained term by term."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor, log2

from leads.logic.agreement import ACCOUNT, Agreement, FitTerm, IntentTerm, MqlRule
from leads.logic.conditions import Facts

Parts = Mapping[str, Mapping[str, float]]
"""{"fit": {label: points}, "intent": {label: points}}: what is frozen on a handoff."""

# What is worth less than this is forgotten: nobody would see it, and scores need to look back only so far.
LEAST_WORTH = 0.05
_SURE_ENOUGH = MqlRule(key="", label="").min_confidence


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
    return total({term.label: float(term.points) for term in terms if term.condition.holds(facts)})


def intent(terms: Iterable[IntentTerm], days: Iterable[DayCount], *, on: dt.date) -> Score:
    """How strongly somebody shows interest on the UTC day `on`.

    Each engagement of a term's kind (and page group) gives its points, halved for every half-life that has passed since
    its day, until it is worth less than LEAST_WORTH and forgotten; the sum of a term stays within its cap, on both
    sides of zero. What lies after `on` does not count.
    """
    kept = list(days)
    parts = {}
    for term in terms:
        since, half_life = on - dt.timedelta(days=memory_days(term)), term.half_life_days
        raw = sum(
            term.points * day.count * 0.5 ** ((on - day.happened_on).days / half_life)
            for day in kept
            if since <= day.happened_on <= on and day.kind == term.kind and term.page_group in ("", day.page_group)
        )
        parts[term.label] = capped(raw, term)
    return total(parts)


def capped(raw: float, term: IntentTerm) -> float:
    """The points of a term whose engagements are worth `raw` together: within its cap, to one decimal."""
    return round(max(-term.cap, min(term.cap, raw)), 1)


def total(parts: Mapping[str, float]) -> Score:
    """The score that is made of these parts."""
    given = {label: points for label, points in parts.items() if points}
    # In tenths: a sum of floats depends on the order of what is added, and a half may fall to either side.
    tenths = sum(round(points * 10) for points in given.values())
    return Score(value=max(0, min(100, (tenths + 5) // 10)), parts=given)


def memory_days(term: IntentTerm) -> int:
    """For how many days after its own an engagement still counts under this term."""
    return floor(term.half_life_days * log2(abs(term.points) / LEAST_WORTH))


def horizon(agreement: Agreement) -> int:
    """How many days back from today scores and rules of this agreement can see; 0 for today alone."""
    scores = (memory_days(term) for term in agreement.intent)
    counts = (count.within_days - 1 for rule in agreement.rules for count in rule.counts)
    return max((*scores, *counts), default=0)


def least_confidence(agreement: Agreement) -> int:
    """How sure, in percent, it must be that an unknown visitor is of an account for the visit to count in the account's
    intent: as sure as the least strict account rule asks.
    """
    asked = [rule.min_confidence for rule in agreement.rules if rule.of == ACCOUNT]
    return min(asked, default=_SURE_ENOUGH)


def sure(days: Iterable[DayCount], *, least: int) -> list[DayCount]:
    """Those of which it is at least `least` percent sure that they are of the account."""
    return [day for day in days if day.confidence >= least]

"""Fit and intent in words, term by term, and where somebody stands."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from feedback.logic.score_parts import MINUS, heaviest, points_words
from feedback.models import Handoff
from leads.logic.agreement import Agreement, IntentTerm
from leads.logic.words import when_words
from leads.models import Standing
from leads.reports.agreements import InForce, published

FIT_NOTE, INTENT_NOTE = "how well it matches", "buying interest lately"
_AGAINST = "counts against"


@dataclass(frozen=True, kw_only=True)
class ScorePart:
    """One term: what it is called, its points with their sign, and what else is to be said of it."""

    label: str
    points: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """See templates/feedback/_score.html. `cut` says why the parts do not add up to the score, "" when they do."""

    score: int
    note: str
    parts: tuple[ScorePart, ...]
    rest: tuple[ScorePart, ...] = ()
    cut: str = ""


@dataclass(frozen=True, kw_only=True)
class StandingCard:
    """See templates/feedback/_standing.html. `ready` is the rule that is met, in words, `held` why they were not
    offered.
    """

    fit: Score
    intent: Score
    agreement: str
    agreement_url: str
    ready: str
    held: str


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """Under which agreement, and by which of its rules; all "" for what was offered without either."""

    rule: str = ""
    agreement: str = ""
    agreement_url: str = ""


def score_of(value: int, parts: Mapping[str, float], *, note: str, agreement: Agreement | None) -> Score:
    """A score and what it is made of, the heaviest first; with the agreement it was made under, how each term fades."""
    terms = {term.label: term for term in agreement.intent} if agreement and note == INTENT_NOTE else {}
    shown, rest = heaviest(parts)
    return Score(
        score=value,
        note=note,
        parts=tuple(_part(label, points, terms.get(label)) for label, points in shown),
        rest=tuple(_part(label, points, terms.get(label)) for label, points in rest),
        cut=_cut(value, parts.values()),
    )


def scores_of(handoff: Handoff) -> tuple[Score | None, Score | None]:
    """(fit, intent) as they were when the handoff was offered; None for what was not given."""
    agreement = _ruling(handoff)
    known = agreement.agreement if agreement else None
    return (
        _frozen(handoff, "fit", handoff.fit, note=FIT_NOTE, agreement=known),
        _frozen(handoff, "intent", handoff.intent, note=INTENT_NOTE, agreement=known),
    )


def pinned(handoff: Handoff) -> Pinned:
    """The agreement of the handoff, and the label of the MQL rule that it met."""
    ruling = _ruling(handoff)
    if ruling is None:
        return Pinned()
    rules = {rule.key: rule.label for rule in ruling.agreement.rules}
    return Pinned(
        rule=rules.get(handoff.mql_rule, handoff.mql_rule),
        agreement=str(ruling.number),
        agreement_url=_agreement_url(ruling.number),
    )


def standing_card(standing: Standing | None, *, now: dt.datetime) -> StandingCard | None:
    """Where a lead or an account stands now; None for who was never scored. `standing` comes with its agreement."""
    if standing is None:
        return None
    ruling = published(standing.agreement)
    return StandingCard(
        fit=score_of(standing.fit, standing.parts.get("fit", {}), note=FIT_NOTE, agreement=ruling.agreement),
        intent=score_of(
            standing.intent, standing.parts.get("intent", {}), note=INTENT_NOTE, agreement=ruling.agreement
        ),
        agreement=f"Agreement {ruling.number}",
        agreement_url=_agreement_url(ruling.number),
        ready=_ready(standing, now=now),
        held=f"Not offered: {standing.held_back}" if standing.held_back else "",
    )


def _ready(standing: Standing, *, now: dt.datetime) -> str:
    if not standing.rule:
        return ""
    when = when_words(standing.met_at, now=now, zone=timezone.get_current_timezone()) if standing.met_at else ""
    return f"Sales-ready{f' since {when}' if when else ''}. {standing.why}"


def _ruling(handoff: Handoff) -> InForce | None:
    return published(handoff.agreement) if handoff.agreement else None


def _frozen(handoff: Handoff, name: str, value: int | None, *, note: str, agreement: Agreement | None) -> Score | None:
    return (
        score_of(value, handoff.score_parts.get(name, {}), note=note, agreement=agreement)
        if value is not None
        else None
    )


def _part(label: str, points: float, term: IntentTerm | None) -> ScorePart:
    said = [_AGAINST] if points < 0 else []
    if term:
        said.append("halves every day" if term.half_life_days == 1 else f"halves every {term.half_life_days} days")
        if abs(points) >= term.cap:
            said.append("at its limit")
    return ScorePart(label=label, points=points_words(points), note=", ".join(said))


def _cut(value: int, points: Iterable[float]) -> str:
    """What is said when the parts add up beyond the ends of the scale."""
    added = sum(points)
    if value == 100 and added > 100.5:
        return f"Adds up to {added:g}; 100 is the most."
    if value == 0 and added < -0.5:
        return f"Adds up to {MINUS}{-added:g}; 0 is the least."
    return ""


def _agreement_url(number: int) -> str:
    return reverse("feedback:agreement-version", args=[number])

"""Who gets which lead, and why, in words."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from feedback.logic.routing import ROUTING, Member, Step
from feedback.models import RoutingRule
from feedback.reports.routing import Route, written
from feedback.reports.routing_overview import Line, Place
from feedback.reports.routing_traces import Names, Trace
from leads.logic.agreement_phrases import condition_parts
from leads.logic.conditions import NUMBER, OPERATORS, Condition
from leads.logic.words import rate_words

_REFUSED = {
    "rejected": "rejected this lead",
    "returned": "returned this lead after work",
    "turned_back": "turned this lead back",
}
_UNABLE = {"inactive": "not active", "benched": "benched", "avoided": "left out"}


@dataclass(frozen=True, kw_only=True)
class TraceLine:
    """One line of a trace; `is_last` on the one that says where it went."""

    text: str
    is_last: bool = False


@dataclass(frozen=True, kw_only=True)
class RoutedPanel:
    """See templates/feedback/_routed.html."""

    lines: tuple[TraceLine, ...]
    title: str = "Why this rep"
    template: str = "feedback/_routed.html"


@dataclass(frozen=True, kw_only=True)
class PlaceRow:
    """One rep in the line of a rule; `now` is why they are passed over at the moment, or ""."""

    name: str
    weight: str
    due_share: str
    got: str
    load: str
    now: str


@dataclass(frozen=True, kw_only=True)
class RuleCard:
    """One rule of the overview. `says` is whom it takes and to which team, `note` what is unusual about it, or ""."""

    number: int
    name: str
    says: str
    note: str
    rows: tuple[PlaceRow, ...]
    taken: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of a preview: who gets it, in one sentence, and why."""

    headline: str
    lines: tuple[TraceLine, ...]


def routed_panel(trace: Trace) -> RoutedPanel:
    """How the handoff came to its owner, for its page."""
    return RoutedPanel(lines=tuple(trace_lines(trace.steps, trace.names)))


def answer(route: Route, names: Names) -> Answer:
    """What a preview found."""
    if route.owner:
        headline = f"{names.reps.get(str(route.owner.uid), _SOMEBODY)} of {route.team} would get it."
    elif route.team:
        headline = f"It would wait in the queue of {route.team}."
    else:
        headline = "It would be refused: no routing rule takes it."
    return Answer(headline=headline, lines=tuple(trace_lines(route.steps, names)))


def trace_lines(steps: Sequence[Step], names: Names) -> Iterable[TraceLine]:
    """The steps as sentences, instants in the active zone."""
    for step in steps:
        yield TraceLine(text=_sentence(step, names), is_last=step is steps[-1])


_SOMEBODY = "A rep of another team"


def _sentence(step: Step, names: Names) -> str:
    rep = names.reps.get(str(step.get("rep")), _SOMEBODY)
    what = step["what"]
    if what == "owner":
        return f"{rep} owns the account: its leads go there before any rule is asked."
    if what == "rule":
        return _rule(step, names)
    if what == "passed" and step.get("of") == "owner":
        return f"{rep} owns the account, but {_why(step, verb='is')}: the rules are asked."
    if what == "passed":
        return f"{rep} was passed over: {_why(step)}."
    if what == "turn" and step["owed"]:
        return f"{rep}: a turn is owed to them, since one went into a rejection that was upheld."
    if what == "turn":
        of = step["of"]
        return (
            f"{rep}: it was their turn, {step['weight']} of every {of}." if of > step["weight"] else f"{rep} takes it."
        )
    if what == "queue":
        team = names.teams.get(str(step.get("team")), "the team")
        if step["because"] == "only_team":
            return f"No rule takes it. {team} is the only team, so it waits in its queue."
        return f"Nobody could take it: it waits in the queue of {team}."
    return "No routing rule takes it."


def _rule(step: Step, names: Names) -> str:
    name = f"Rule “{names.rules.get(str(step['rule']), 'deleted since')}”"
    if step["held"]:
        return f"{name}: yes."
    if step.get("because") == "inactive":
        return f"{name}: no, its team takes nothing any more."
    return f"{name}: no, it asks that {condition_words(*step['condition'])}."


def condition_words(field: str, operator: str, value: object) -> str:
    """A condition as a person would say it: the account's country is one of DE, AT."""
    text = written(value)
    if field not in ROUTING.fields or operator not in OPERATORS:
        return f"{field} {operator} {text}".strip()
    is_number = ROUTING.fields[field].kind == NUMBER and text.isdecimal()
    parts = condition_parts("", Condition(field, operator, int(text) if is_number else text), ROUTING)
    return "".join(part if isinstance(part, str) else part.words for part in parts)


def _why(step: Step, *, verb: str = "") -> str:
    why = step["why"]
    to_be = f"{verb} " if verb else ""
    if why in _REFUSED:
        return f"{'' if not verb else 'they '}{_REFUSED[why]} on {_day(step['at'])}"
    if why == "away":
        return f"{to_be}away until {_instant(step['until'])}"
    if why == "at_capacity":
        return f"{to_be}at capacity, {step['load']} of {step['capacity']} open"
    if why == "not_at_work":
        until = f" until {_instant(step['opens_at'])}" if step["opens_at"] else ""
        return f"{to_be}not at work{until}"
    return f"{to_be}{_UNABLE.get(why, why)}"


def _instant(written: str) -> str:
    at = timezone.localtime(dt.datetime.fromisoformat(written))
    return f"{at:%a} {at.day} {at:%b} {at:%H:%M}"


def _day(written: str) -> str:
    at = timezone.localtime(dt.datetime.fromisoformat(written))
    return f"{at.day} {at:%b %Y}"


def rule_cards(lines: Sequence[Line]) -> tuple[RuleCard, ...]:
    """The rules in the order in which they are asked, each with its line."""
    cards, is_covered = [], False
    for number, line in enumerate(lines, start=1):
        cards.append(_card(number, line, is_covered=is_covered))
        takes_all = not line.rule.conditions and line.rule.is_active and line.rule.team.is_active
        is_covered = is_covered or takes_all
    return tuple(cards)


def _card(number: int, line: Line, *, is_covered: bool) -> RuleCard:
    rule = line.rule
    due = sum(place.weight for place in line.places)
    return RuleCard(
        number=number,
        name=rule.name,
        says=_says(rule),
        note=_note(rule, line, is_covered=is_covered),
        rows=tuple(_row(place, due=due, taken=line.taken_count) for place in line.places),
        taken=f"{line.taken_count} turn{'' if line.taken_count == 1 else 's'} in the last 30 days",
    )


def _says(rule: RoutingRule) -> str:
    asked = ", and ".join(condition_words(one["field"], one["operator"], one["value"]) for one in rule.conditions)
    hours = "It prefers who is at work." if rule.by_hours else "Hours play no part."
    return f"{f'When {asked}' if asked else 'Whatever comes'}: to {rule.team}. {hours}"


def _note(rule: RoutingRule, line: Line, *, is_covered: bool) -> str:
    if not rule.is_active:
        return "Not active: it is not asked."
    if not rule.team.is_active:
        return "Its team is not active: it takes nothing."
    if is_covered:
        return "Never asked: a rule above takes everything."
    return "" if line.places else "Nobody stands in its line: what it takes waits in the team's queue."


def _row(place: Place, *, due: int, taken: int) -> PlaceRow:
    return PlaceRow(
        name=str(place.rep),
        weight=str(place.weight),
        due_share=rate_words(place.weight / due) if due else "",
        got=f"{place.taken_count}, {rate_words(place.taken_count / taken)}" if place.taken_count else "none",
        load=f"{place.load} of {place.rep.capacity}",
        now=" · ".join(filter(None, [_now(place.member, place.load), _owed(place.owed)])),
    )


def _now(member: Member, load: int) -> str:
    if not member.is_active:
        return "not active"
    if member.is_benched:
        return "benched"
    if member.away_until:
        return f"away until {_instant(member.away_until.isoformat())}"
    if load >= member.capacity:
        return "at capacity"
    if not member.is_at_work:
        until = f" until {_instant(member.opens_at.isoformat())}" if member.opens_at else ""
        return f"not at work{until}"
    return ""


def _owed(count: int) -> str:
    return f"{count} turn{'' if count == 1 else 's'} owed" if count else ""

"""Policies and their versions in words, and what a draft would mean for a handoff offered now."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.business_time import Calendar
from sla.logic.ladder import StepRule
from sla.logic.ladder_text import Names, write_ladder, write_step
from sla.logic.rules import OF_OWNER, OF_REGION, Rules, TargetRule
from sla.logic.rules_diff import TARGET_WORDS, amount_in_words, condition_in_words
from sla.logic.rules_document import complete

_STARTS = {
    "decide": "offered now",
    "owner": "without an owner from now on",
}
_ELSEWHERE = {
    OF_OWNER: "Counted in the owner's hours where the owner or team has hours of its own; here in the policy's.",
    OF_REGION: "Counted in the hours of the account's country where it has some; here in the policy's.",
}


@dataclass(frozen=True, kw_only=True)
class PlannedLine:
    """An instant as the calendar's zone tells it, and what happens then."""

    when: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one target would mean; `problem` is there when it cannot be placed in time."""

    title: str
    lines: Sequence[PlannedLine]
    note: str
    problem: str


def meanings(rules: Rules, calendar: Calendar, names: Mapping[str, str], *, now: dt.datetime) -> list[Meaning]:
    """What each target would mean for a handoff to which its start happens at `now`, in the calendar's zone."""
    return [_meaning(target, calendar, names, now=now) for target in rules.targets.values()]


def promises_in_words(document: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What a document promises and to whom, as it is typed, a line each."""
    known = _known(names)
    document = complete(document)
    conditions = [condition_in_words(one) for one in document["conditions"]]
    said = [f"For handoffs with {' and '.join(conditions)}" if conditions else "For every handoff"]
    for key, target in document["targets"].items():
        steps = write_ladder([StepRule(**step) for step in target["steps"]], known)
        said.append(f"{TARGET_WORDS[key]} within {amount_in_words(target)}\n{steps}".strip())
    return "\n\n".join(said)


def instant_in(zone: str, at: dt.datetime) -> str:
    """The instant as a clock on the wall there tells it: "Mon 23 Nov 2026 11:30"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def _known(names: Mapping[str, str]) -> Names:
    uids = {name: uid for uid, name in names.items()}
    return Names(uids, uids)


def _meaning(target: TargetRule, calendar: Calendar, names: Mapping[str, str], *, now: dt.datetime) -> Meaning:
    known = _known(names)
    lines: list[PlannedLine] = []
    problem = ""
    try:
        plan = ladder.plan(now, target.amount_for(now, calendar), target.steps, calendar)
        for step in plan.steps:
            rule = None if step.ref == ladder.THE_BREACH else target.steps[step.ref]
            lines.append(
                PlannedLine(
                    when=instant_in(calendar.timezone, step.at),
                    what=write_step(rule, known).partition(": ")[2] if rule else "deadline",
                )
            )
    except InvalidInput as error:
        problem = error.message
    start = _STARTS.get(target.key, "accepted now")
    return Meaning(
        title=f"{TARGET_WORDS[target.key]}, {start}",
        lines=lines,
        note=_ELSEWHERE.get(target.counts_in, ""),
        problem=problem,
    )

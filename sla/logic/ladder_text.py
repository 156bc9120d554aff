"""A ladder as people type and read it: one step a line, when and what.

75 %: remind the owner
deadline: tell the owner
+1 h: tell the manager
"""

import re
from collections.abc import Sequence

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.durations import format_minutes, parse_minutes
from sla.logic.ladder import StepRule

WORDS = {
    ladder.WARN: "remind the owner",
    ladder.NOTIFY_OWNER: "tell the owner",
    ladder.NOTIFY_MANAGER: "tell the manager",
    ladder.REASSIGN: "give it to the next rep",
    ladder.EXPIRE: "expire the handoff",
}
_ACTIONS = {words: action for action, words in WORDS.items()}
_DEADLINE = "deadline"
_PERCENT = re.compile(r"([0-9]{1,2}) ?%")
_LONGEST = 2_000


def parse_ladder(text: str) -> tuple[StepRule, ...]:
    """The steps of the text, empty lines left out, as ladder.check accepts them. InvalidInput(steps) names the line."""
    if len(text) > _LONGEST:
        raise InvalidInput(f"A ladder has at most {ladder.MOST_STEPS} steps.", field="steps")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    steps = tuple(_step(line, number=number) for number, line in lines)
    try:
        ladder.check(steps)
    except InvalidInput as error:
        place = re.match(r"steps\[([0-9]+)\]", error.field)
        where = f"Line {lines[int(place[1])][0]}: " if place else ""
        raise InvalidInput(f"{where}{error.message}", field="steps") from error
    return steps


def write_ladder(steps: Sequence[StepRule]) -> str:
    """The text that parse_ladder reads back: before the deadline by share, then by time after it."""
    ordered = sorted(steps, key=lambda step: (step.percent is None, step.percent or 0, step.minutes_after or 0))
    return "\n".join(f"{_when(step)}: {WORDS[step.action]}" for step in ordered)


def _step(line: str, *, number: int) -> StepRule:
    when, colon, what = (part.strip() for part in line.partition(":"))
    action = _ACTIONS.get(what.casefold())
    if not colon or action is None:
        raise InvalidInput(f"Line {number}: write when, a colon, and one of: {', '.join(_ACTIONS)}.", field="steps")
    if when.casefold() == _DEADLINE:
        return StepRule(action, minutes_after=0)
    if percent := _PERCENT.fullmatch(when):
        return StepRule(action, percent=int(percent[1]))
    if not when.startswith("+"):
        raise InvalidInput(f"Line {number}: write 75 %, deadline or +1 h before the colon.", field="steps")
    try:
        return StepRule(action, minutes_after=parse_minutes(when[1:].strip(), field="steps"))
    except InvalidInput as error:
        raise InvalidInput(f"Line {number}: {error.message}", field="steps") from error


def _when(step: StepRule) -> str:
    if step.percent is not None:
        return f"{step.percent} %"
    return f"+{format_minutes(step.minutes_after)}" if step.minutes_after else _DEADLINE

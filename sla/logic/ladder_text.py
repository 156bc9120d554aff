"""A ladder as people type and read it: one step a line, when and what.

75 %: remind the owner
-30 min: raise the priority
deadline: tell the owner using "overdue"
+1 h: tell the channel "sales alerts"
+2 h: give it to the next rep
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.durations import format_minutes, parse_minutes
from sla.logic.ladder import StepRule
from sla.logic.rules_document import ordered

WORDS = {
    ladder.WARN: "remind the owner",
    ladder.NOTIFY_OWNER: "tell the owner",
    ladder.NOTIFY_MANAGER: "tell the manager",
    ladder.NOTIFY_CHANNEL: "tell the channel",
    ladder.RAISE_PRIORITY: "raise the priority",
    ladder.REASSIGN: "give it to the next rep",
    ladder.BENCH: "bench the rep",
    ladder.EXPIRE: "expire the handoff",
    ladder.RETURN_TO_MARKETING: "return it to marketing",
}
_ACTIONS = {words: action for action, words in WORDS.items()}
_DEADLINE = "deadline"
_PERCENT = re.compile(r"([0-9]{1,2}) ?%")
# A quote inside a name is written twice.
_NAME = '"((?:[^"]|"")*)"'
_WHAT = re.compile(rf"([^\"]*?)(?: *{_NAME})?(?: +using *{_NAME})?", re.IGNORECASE)
_LONGEST = 10_000


@dataclass(frozen=True)
class Names:
    """What ladders may name: the uid (text) of each channel and template, by its name."""

    channels: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


def parse_ladder(text: str, names: Names, *, field: str = "steps") -> tuple[StepRule, ...]:
    """The steps of the text, empty lines left out, as ladder.check accepts them. InvalidInput(field) names the line."""
    if len(text) > _LONGEST:
        raise InvalidInput(f"A ladder has at most {_LONGEST} characters.", field=field)
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > ladder.MOST_STEPS:
        raise InvalidInput(f"A ladder has at most {ladder.MOST_STEPS} steps.", field=field)
    steps = []
    for number, line in lines:
        try:
            steps.append(parse_step(line, names))
        except InvalidInput as error:
            raise InvalidInput(f"Line {number}: {error.message}", field=field) from error
    try:
        ladder.check(steps)
    except InvalidInput as error:
        place = re.match(r"steps\[([0-9]+)\]", error.field)
        where = f"Line {lines[int(place[1])][0]}: " if place else ""
        raise InvalidInput(f"{where}{error.message}", field=field) from error
    return tuple(steps)


def write_ladder(steps: Sequence[StepRule], names: Names) -> str:
    """The text that parse_ladder reads back, in the order of sla.logic.rules_document.ordered."""
    return "\n".join(write_step(StepRule(**step), names) for step in ordered([asdict(step) for step in steps]))


def parse_step(line: str, names: Names, *, field: str = "steps") -> StepRule:
    """The step of one line. InvalidInput(field) for what is not one; whether it fits its ladder is not looked at."""
    when, colon, what = (part.strip() for part in line.partition(":"))
    found = _WHAT.fullmatch(what)
    action = _ACTIONS.get(" ".join(found[1].split()).casefold()) if found else None
    if not colon or not found or action is None:
        raise InvalidInput(f"write when, a colon, and one of: {', '.join(_ACTIONS)}.", field=field)
    if (found[2] is not None) != (action == ladder.NOTIFY_CHANNEL):
        raise InvalidInput('a channel is named where one is told: tell the channel "sales alerts".', field=field)
    if found[3] is not None and action not in ladder.TELLING:
        raise InvalidInput("only a step that mails somebody uses a template.", field=field)
    percent, before, after = _read_when(when, field=field)
    return StepRule(
        action,
        percent=percent,
        minutes_before=before,
        minutes_after=after,
        channel=_named(found[2], names.channels, kind="channel", field=field),
        template=_named(found[3], names.templates, kind="template", field=field),
    )


def write_step(step: StepRule, names: Names) -> str:
    """The line that parse_step reads back. What has no name any more is written as its uid, and then refused."""
    said = f"{_when(step)}: {WORDS[step.action]}"
    if step.channel:
        said += f" {_quoted(step.channel, names.channels)}"
    if step.template:
        said += f" using {_quoted(step.template, names.templates)}"
    return said


def _read_when(when: str, *, field: str) -> tuple[int | None, int | None, int | None]:
    """Percent, minutes before and minutes after the deadline, two of them None."""
    if when.casefold() == _DEADLINE:
        return None, None, 0
    if percent := _PERCENT.fullmatch(when):
        return int(percent[1]), None, None
    sign, length = when[:1].replace("−", "-"), when[1:].strip()
    if sign not in ("+", "-"):
        raise InvalidInput("write 75 %, -30 min, deadline or +1 h before the colon.", field=field)
    minutes = parse_minutes(length, field=field)
    return (None, minutes, None) if sign == "-" else (None, None, minutes)


def _named(name: str | None, uids: Mapping[str, str], *, kind: str, field: str) -> str:
    if name is None:
        return ""
    name = name.replace('""', '"')
    if name not in uids:
        known = f"there are {', '.join(sorted(uids)[:20])}" if uids else "there are none yet"
        raise InvalidInput(f"there is no {kind} {name!r:.60}; {known}.", field=field)
    return uids[name]


def _quoted(uid: str, uids: Mapping[str, str]) -> str:
    name = next((name for name, known in uids.items() if known == uid), uid)
    return '"{}"'.format(name.replace('"', '""'))


def _when(step: StepRule) -> str:
    if step.percent is not None:
        return f"{step.percent} %"
    if step.minutes_before is not None:
        return f"-{format_minutes(step.minutes_before)}"
    return f"+{format_minutes(step.minutes_after)}" if step.minutes_after else _DEADLINE

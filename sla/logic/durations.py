"""Lengths of time as people type and read them. Stored as whole minutes."""

import re
from datetime import timedelta

from leads.logic.errors import InvalidInput

LONGEST_MINUTES = 365 * 24 * 60
# No days: a business day is as long as a calendar makes it, so "2 d" would say two things.
_TYPED = re.compile(r"(?P<hours>[0-9]{1,4}) h(?: (?P<rest>[0-5]?[0-9]) min)?|(?P<minutes>[0-9]{1,6}) min")


def parse_minutes(text: object, *, field: str = "duration") -> int:
    """Whole minutes, 1 to a year (525,600), of "4 h", "30 min" or "1 h 30 min": ASCII digits, one space between.

    Minutes beside hours are at most 59. InvalidInput(field) for anything else: "PT1H", "1:30", "2 d", "1.5 h".
    """
    found = _TYPED.fullmatch(text.strip(" ")) if isinstance(text, str) else None
    if not found:
        raise InvalidInput(f"{text!r:.40} is not a duration; write 4 h, 30 min or 1 h 30 min.", field=field)
    total = int(found["hours"] or 0) * 60 + int(found["rest"] or found["minutes"] or 0)
    if not 1 <= total <= LONGEST_MINUTES:
        raise InvalidInput("A duration is at least 1 min and at most a year (8760 h).", field=field)
    return total


def format_minutes(minutes: int) -> str:
    """The text that parse_minutes reads back: "1 h 30 min" for 90."""
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def in_words(length: timedelta) -> str:
    """The length without its sign, its two largest units, rounded down: "18 min", "2 h 10 min", "2 d 18 h" (d is 24 h).

    Anything shorter than a minute but not nothing is "under 1 min".
    """
    length = abs(length)
    minutes = length // timedelta(minutes=1)
    if minutes == 0:
        return "under 1 min" if length else "0 min"
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)

"""Lengths of time as people type and read them. Stored as whole minutes, or as open days where those are counted."""

import re
from dataclasses import dataclass
from datetime import timedelta

from leads.logic.errors import InvalidInput

LONGEST_MINUTES = 365 * 24 * 60
LONGEST_DAYS, MOST_ATTEMPTS, MOST_CHANNELS = 365, 50, 4
# No days here: a business day is as long as a calendar makes it, so "2 d" would say two things. Days in an Amount are
# counted whole, up to the close of the last.
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


_AMOUNT = re.compile(
    r"(?:(?P<days>[0-9]{1,3}) days?|(?P<length>[^,]+))"
    r"(?:, *(?P<attempts>[0-9]{1,3}) attempts?(?: on (?P<channels>[0-9]{1,3}) channels?)?)?"
)


@dataclass(frozen=True)
class Amount:
    """What a target promises: business `minutes` or open `days`; for attempts, how many on how many channels."""

    minutes: int | None = None
    days: int | None = None
    attempts: int | None = None
    channels: int | None = None


def parse_amount(text: object, *, counts_attempts: bool, field: str = "within") -> Amount:
    """What was typed: "4 h", "3 days", and where attempts are counted "3 days, 6 attempts on 2 channels".

    One channel is meant where none is named. InvalidInput(field) for anything else.
    """
    found = _AMOUNT.fullmatch(text.strip(" ")) if isinstance(text, str) and len(text) <= 60 else None
    if not found:
        raise InvalidInput(f"{text!r:.40} is not a duration; write 4 h, 30 min or 3 days.", field=field)
    if bool(found["attempts"]) != counts_attempts:
        wanted = "Write how many attempts as well, like 3 days, 6 attempts on 2 channels."
        raise InvalidInput(wanted if counts_attempts else "Only enough attempts counts attempts.", field=field)
    minutes = parse_minutes(found["length"], field=field) if found["length"] else None
    days = _within(found["days"], LONGEST_DAYS, words="days", field=field) if found["days"] else None
    if not counts_attempts:
        return Amount(minutes, days)
    return Amount(
        minutes,
        days,
        _within(found["attempts"], MOST_ATTEMPTS, words="attempts", field=field),
        _within(found["channels"] or "1", MOST_CHANNELS, words="channels", field=field),
    )


def format_amount(amount: Amount) -> str:
    """The text that parse_amount reads back."""
    length = _counted(amount.days, "day") if amount.days else format_minutes(amount.minutes or 0)
    if not amount.attempts:
        return length
    return f"{length}, {_counted(amount.attempts, 'attempt')} on {_counted(amount.channels or 1, 'channel')}"


def _within(text: str, most: int, *, words: str, field: str) -> int:
    if not 1 <= int(text) <= most:
        raise InvalidInput(f"Give 1 to {most} {words}.", field=field)
    return int(text)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


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

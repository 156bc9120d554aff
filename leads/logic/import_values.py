"""What a CSV cell may hold, and how its text becomes a value."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from leads.logic.errors import InvalidInput

_YEARS = range(1970, 2201)
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


class Holds(StrEnum):
    TEXT = "text"
    COUNT = "count"
    INSTANT = "instant"
    YES_NO = "yes_no"


@dataclass(frozen=True)
class Column:
    """A field that a row may fill. `is_required`: a row without it is refused, a file without it too."""

    name: str
    says: str
    holds: Holds = Holds.TEXT
    is_required: bool = False


@dataclass(frozen=True)
class When:
    """How the file writes instants: the zone of those without an offset, and a strptime format or "" for ISO 8601."""

    zone: ZoneInfo
    date_format: str = ""


Parser = Callable[[str], object]


def parser_of(column: Column, *, when: When) -> Parser:
    """The function that turns a trimmed, filled cell of this column into its value. It raises
    InvalidInput(<column>).
    """
    if column.holds is Holds.COUNT:
        return lambda text: _count(text, field=column.name)
    if column.holds is Holds.INSTANT:
        return lambda text: instant_of(text, when=when, field=column.name)
    if column.holds is Holds.YES_NO:
        return lambda text: _yes_no(text, field=column.name)
    return str


def instant_of(text: str, *, when: When, field: str) -> dt.datetime:
    """The aware instant in UTC. A day is its first instant in the zone, also where midnight is skipped.

    A local time that the clocks go through twice is the first of the two; one that they skip is InvalidInput(field),
    as is a day that does not exist.
    """
    local, is_day = _local(text, when=when, field=field)
    if local.year not in _YEARS:
        raise InvalidInput(f"{field}: the year {local.year} cannot be meant.", field=field)
    if local.tzinfo is not None:
        return local.astimezone(dt.UTC)
    # fold=0: the first of two, and for a skipped midnight the instant at which the clocks jump over it.
    at = local.replace(tzinfo=when.zone, fold=0).astimezone(dt.UTC)
    seen = at.astimezone(when.zone).replace(tzinfo=None)
    if seen != local and not (is_day and seen.date() == local.date()):
        what = "The day" if is_day else f"{local:%H:%M} on"
        raise InvalidInput(
            f"{field}: {what} {local.day} {local:%B %Y} does not exist in {when.zone.key}; the clocks skip it.",
            field=field,
        )
    return at


def _local(text: str, *, when: When, field: str) -> tuple[dt.datetime, bool]:
    """The instant as written, naive or aware, and whether it is a whole day."""
    if when.date_format:
        try:
            # Its zone is given by the caller: the format may not hold one.
            local = dt.datetime.strptime(text, when.date_format)  # noqa: DTZ007
        except ValueError:
            raise InvalidInput(f"{field} is not written like {when.date_format}.", field=field) from None
        return local, "%H" not in when.date_format and "%I" not in when.date_format
    try:
        return dt.datetime.fromisoformat(text), len(text) <= len("2026-11-30")
    except ValueError:
        raise InvalidInput(
            f"{field} is not an instant like 2026-11-30 or 2026-11-30 14:05; "
            "if the file writes it otherwise, set date_format in the mapping.",
            field=field,
        ) from None


def _count(text: str, *, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidInput(f"{field} must be a whole number.", field=field)
    return int(text)


def _yes_no(text: str, *, field: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise InvalidInput(f"{field} must be yes or no.", field=field)
    return word in _YES

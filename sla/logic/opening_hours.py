"""Opening hours as people type them: read, checked, and laid out per date. The rules, in one place:

- A time is "HH:MM" in ASCII digits, 00:00 to 23:59; "24:00" is allowed as an end only.
- An end before its start means overnight, at most 16 hours long; a longer one is taken for a slip ("09:00" to "08:59").
- Overnight hours are split at midnight; what lies after it belongs to the next date, and closing that date closes it.
- A date override replaces its whole date and wins over a holiday; hours it runs into the next date are added there,
  unless that date is a holiday.
- Intervals of one date may touch but not overlap. Dates lie between 1970 and 2200.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from zoneinfo import available_timezones

from leads.logic.errors import InvalidInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
LONGEST_OVERNIGHT_MINUTES = 16 * 60
FIRST_YEAR, LAST_YEAR = 1970, 2200
_MOST_INTERVALS = 24
_MOST_DATES = 10_000
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Listed by zoneinfo, yet no place on earth: one is whatever the machine is set to, the other a placeholder.
_NO_PLACES = frozenset({"localtime", "Factory", "posixrules"})

Interval = tuple[int, int]
"""Minutes of the day as typed, start and end; the end is smaller than the start when it lies on the next date."""


@dataclass(frozen=True)
class OpeningHours:
    """Hours per date after the split at midnight, in minutes of the local day, sorted and apart."""

    weekly: tuple[tuple[Interval, ...], ...]
    special: Mapping[int, tuple[Interval, ...]]

    def on(self, ordinal: int) -> tuple[Interval, ...]:
        """The hours of one date, given as its proleptic Gregorian ordinal (date.toordinal)."""
        hours = self.special.get(ordinal)
        return self.weekly[(ordinal - 1) % 7] if hours is None else hours


def read_zone(raw: object) -> str:
    """The IANA zone name itself. InvalidInput(timezone) for anything this machine's zone database does not list."""
    if not isinstance(raw, str) or raw not in _zones():
        raise InvalidInput(
            f"There is no time zone {raw!r:.40}; write an IANA name such as Europe/Paris.", field="timezone"
        )
    return raw


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_PLACES


def read_weekly(raw: object) -> tuple[tuple[Interval, ...], ...]:
    """Seven tuples of typed intervals, Monday first, each sorted. InvalidInput names the place, as in weekly.mon[1]."""
    if not isinstance(raw, Mapping):
        raise InvalidInput("Weekly hours are given per day, mon to sun.", field="weekly")
    unknown = [key for key in raw if key not in DAYS]
    if unknown:
        raise InvalidInput(f"There is no day {unknown[0]!r:.40}; the days are mon to sun.", field="weekly")
    weekly = tuple(_read_day(raw.get(day, ()), place=f"weekly.{day}") for day in DAYS)
    for index, day in enumerate(DAYS):
        _refuse_overlap((*_before_midnight(weekly[index]), *_after_midnight(weekly[index - 1])), place=f"weekly.{day}")
    return weekly


def read_holidays(raw: object) -> frozenset[date]:
    """The closed dates, repeats dropped. InvalidInput names the place, as in holidays[3]."""
    if not isinstance(raw, list | tuple) or len(raw) > _MOST_DATES:
        raise InvalidInput(f"Holidays are a list of at most {_MOST_DATES} dates.", field="holidays")
    return frozenset(_read_date(text, place=f"holidays[{index}]") for index, text in enumerate(raw))


def read_overrides(raw: object) -> tuple[tuple[date, tuple[Interval, ...]], ...]:
    """Dates with hours of their own, sorted; no hours means closed. InvalidInput names date_overrides.<date>[n]."""
    if not isinstance(raw, Mapping) or len(raw) > _MOST_DATES:
        raise InvalidInput(f"Exceptions are hours per date, for at most {_MOST_DATES} dates.", field="date_overrides")
    read = {}
    for text, hours in raw.items():
        on = _read_date(text, place="date_overrides")
        read[on] = _read_day(hours, place=f"date_overrides.{text}")
    for on, hours in read.items():
        eve = read.get(date.fromordinal(on.toordinal() - 1), ())
        _refuse_overlap((*_before_midnight(hours), *_after_midnight(eve)), place=f"date_overrides.{on}")
    return tuple(sorted(read.items()))


def lay_out(
    weekly: Sequence[Sequence[Interval]],
    *,
    holidays: Iterable[date],
    overrides: Sequence[tuple[date, Sequence[Interval]]],
) -> OpeningHours:
    """The hours of every date under the rules above, from what the read functions returned."""
    split = tuple(
        _joined((*_before_midnight(weekly[index]), *_after_midnight(weekly[index - 1]))) for index in range(len(DAYS))
    )
    special: dict[int, tuple[Interval, ...]] = {on.toordinal(): () for on in holidays}
    closed = set(special)
    for on, hours in overrides:
        special[on.toordinal()] = _joined(_before_midnight(hours))
        closed.discard(on.toordinal())
    for on, hours in overrides:
        following = on.toordinal() + 1
        spill = _after_midnight(hours)
        if spill and following not in closed:
            own = special.get(following, split[(following - 1) % 7])
            special[following] = _joined((*own, *spill))
    return OpeningHours(split, special)


def written(interval: Interval) -> list[str]:
    """The interval as it was typed: ["22:00", "06:00"]."""
    return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in interval]


def _read_day(raw: object, *, place: str) -> tuple[Interval, ...]:
    if not isinstance(raw, list | tuple) or len(raw) > _MOST_INTERVALS:
        raise InvalidInput(f"A day is a list of at most {_MOST_INTERVALS} pairs of start and end.", field=place)
    hours: list[Interval] = []
    for index, pair in enumerate(raw):
        hours.append(_read_interval(pair, place=f"{place}[{index}]"))
        _refuse_overlap(_before_midnight(hours), place=f"{place}[{index}]")
    return tuple(sorted(hours))


def _read_interval(raw: object, *, place: str) -> Interval:
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise InvalidInput("Hours are a pair of start and end, such as 09:00 and 17:00.", field=place)
    start, end = (_read_minute(text, place=place) for text in raw)
    if start == MINUTES_A_DAY:
        raise InvalidInput("24:00 can end hours, not start them; write 00:00 on the next day.", field=place)
    if start == end:
        raise InvalidInput("Hours that end when they start are empty; a whole day is 00:00 to 24:00.", field=place)
    if end < start and end + MINUTES_A_DAY - start > LONGEST_OVERNIGHT_MINUTES:
        raise InvalidInput(
            f"{raw[0]} to {raw[1]} ends before it starts; overnight hours last at most "
            f"{LONGEST_OVERNIGHT_MINUTES // 60} hours.",
            field=place,
        )
    return start, end


def _read_minute(raw: object, *, place: str) -> int:
    if not isinstance(raw, str) or not _TIME.fullmatch(raw):
        raise InvalidInput(f"{raw!r:.40} is not a time; write hours and minutes as 09:30.", field=place)
    return int(raw[:2]) * 60 + int(raw[3:])


def _read_date(raw: object, *, place: str) -> date:
    if not isinstance(raw, str) or not _DATE.fullmatch(raw):
        raise InvalidInput(f"{raw!r:.40} is not a date; write year, month and day as 2026-12-25.", field=place)
    try:
        on = date.fromisoformat(raw)
    except ValueError:
        raise InvalidInput(f"There is no day {raw} in the calendar.", field=place) from None
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise InvalidInput(f"{raw} is outside the years {FIRST_YEAR} to {LAST_YEAR}.", field=place)
    return on


def _before_midnight(hours: Iterable[Interval]) -> list[Interval]:
    return [(start, end if end > start else MINUTES_A_DAY) for start, end in hours]


def _after_midnight(hours: Iterable[Interval]) -> list[Interval]:
    return [(0, end) for start, end in hours if 0 < end < start]


def _refuse_overlap(hours: Iterable[Interval], *, place: str) -> None:
    ordered = sorted(hours)
    for (start, end), (next_start, next_end) in pairwise(ordered):
        if next_start < end:
            first, second = "-".join(written((start, end))), "-".join(written((next_start, next_end)))
            raise InvalidInput(f"{first} and {second} overlap; every minute is open once.", field=place)


def _joined(hours: Iterable[Interval]) -> tuple[Interval, ...]:
    """Sorted, with what touches or overlaps made one."""
    joined: list[Interval] = []
    for start, end in sorted(hours):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)

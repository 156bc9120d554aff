"""The windows that reports look at: half-open spans of offers, whose days and months are those of the reader's zone."""

import datetime as dt
import re
from dataclasses import dataclass

from leads.logic.errors import InvalidInput

WEEKS = {"4w": 4, "12w": 12, "26w": 26}
DEFAULT, EVERYTHING = "12w", "all"
# A day outside these is a slip of the hand, and near the ends of the calendar arithmetic overflows.
_EARLIEST, _LATEST = dt.date(1970, 1, 1), dt.date(2200, 1, 1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """start_at <= offered_at < end_at, aware UTC; None is open on that side."""

    start_at: dt.datetime | None = None
    end_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Period:
    """A window as a reader names it. `first_on` and `last_on` are days of the reader's zone, both included.

    `before` is the period just before, of the same length, None where there is no such thing.
    """

    key: str
    window: Window
    first_on: dt.date | None
    last_on: dt.date | None
    before: Window | None = None
    before_words: str = ""


@dataclass(frozen=True)
class Month:
    """A calendar month of a zone: `key` "2026-10", its first instant and the first one after it, UTC."""

    key: str
    start_at: dt.datetime
    end_at: dt.datetime


def day_start(day: dt.date, *, zone: dt.tzinfo) -> dt.datetime:
    """The first instant of `day` in `zone`, UTC: also where a change of the clocks skips or repeats midnight."""
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=zone)
    late, early = int(midnight.timestamp()), int(midnight.replace(fold=1).timestamp())
    # Midnight does not exist: the day begins at the change, which lies between the two readings (PEP 495).
    while late - early > 1:
        middle = (early + late) // 2
        if dt.datetime.fromtimestamp(middle, zone).date() >= day:
            late = middle
        else:
            early = middle
    return dt.datetime.fromtimestamp(late, dt.UTC)


def read_day(text: str, *, field: str) -> dt.date:
    """A day written 2026-11-30. InvalidInput(field) for anything else, an hour included, and outside 1970 to 2199."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise InvalidInput(f"{field} is a day, written like 2026-11-30.", field=field)
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field}: there is no day {text}.", field=field) from None
    if not _EARLIEST <= day < _LATEST:
        raise InvalidInput(f"{field} must lie between 1970 and 2199.", field=field)
    return day


def read_period(key: str, *, start: str, end: str, today: dt.date, zone: dt.tzinfo) -> Period:
    """The period named by `key`: "4w", "12w", "26w" (ending today), "2026-10", "2026-10-05..2026-10-12", or "all".

    `start` and `end` instead of a key are the two days: the first one counted and the first one no longer counted;
    either may be missing. Nothing at all is 12 weeks. `today` is a day of `zone`. InvalidInput(period, from, to).
    """
    if start or end:
        if key:
            raise InvalidInput("period goes without from and to.", field="period")
        key = f"{start}..{end}"
    key = key or DEFAULT
    if ".." in key:
        return _days(*key.split("..", 1), zone=zone)
    if key == EVERYTHING:
        return Period(key=key, window=Window(), first_on=None, last_on=None)
    if key in WEEKS:
        length, end_on = dt.timedelta(weeks=WEEKS[key]), today + _DAY
        return _of_days(key, end_on - length, end_on, zone=zone, before_words=f"the {WEEKS[key]} weeks before")
    return _month(key, zone=zone)


def previous_months(today: dt.date, count: int) -> tuple[str, ...]:
    """The month of `today` and those before it, `count` in all, latest first: "2026-11", "2026-10"."""
    keys, first = [], today.replace(day=1)
    for _ in range(count):
        keys.append(f"{first:%Y-%m}")
        first = (first - _DAY).replace(day=1)
    return tuple(keys)


def _days(start: str, end: str, *, zone: dt.tzinfo) -> Period:
    first = read_day(start, field="from") if start else None
    end_on = read_day(end, field="to") if end else None
    if not (first or end_on):
        raise InvalidInput("period needs at least one day, like 2026-10-05..2026-10-12.", field="period")
    if first and end_on:
        if first > end_on:
            raise InvalidInput("from lies after to; swap them.", field="from")
        if first == end_on:
            raise InvalidInput("to is the first day that is not counted; choose a later one than from.", field="to")
        count = (end_on - first).days
        words = f"the {count} days before" if count > 1 else "the day before"
        return _of_days(f"{start}..{end}", first, end_on, zone=zone, before_words=words)
    window = Window(
        day_start(first, zone=zone) if first else None,
        day_start(end_on, zone=zone) if end_on else None,
    )
    return Period(key=f"{start}..{end}", window=window, first_on=first, last_on=end_on - _DAY if end_on else None)


def _of_days(key: str, first: dt.date, end_on: dt.date, *, zone: dt.tzinfo, before_words: str) -> Period:
    """The days from `first` up to but not including `end_on`, and as many days before them."""
    start_at = day_start(first, zone=zone)
    return Period(
        key=key,
        window=Window(start_at, day_start(end_on, zone=zone)),
        first_on=first,
        last_on=end_on - _DAY,
        before=Window(day_start(first - (end_on - first), zone=zone), start_at),
        before_words=before_words,
    )


def _month(key: str, *, zone: dt.tzinfo) -> Period:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", key):
        known = ", ".join([*WEEKS, EVERYTHING])
        raise InvalidInput(f"period must be one of {known}, a month like 2026-10, or two days.", field="period")
    first = read_day(f"{key}-01", field="period")
    start_at, end_on = day_start(first, zone=zone), _next_month(first)
    before = (first - _DAY).replace(day=1)
    return Period(
        key=key,
        window=Window(start_at, day_start(end_on, zone=zone)),
        first_on=first,
        last_on=end_on - _DAY,
        before=Window(day_start(before, zone=zone), start_at),
        before_words="the month before",
    )


def months(start_at: dt.datetime, end_at: dt.datetime, *, zone: dt.tzinfo) -> tuple[Month, ...]:
    """The months of `zone` that hold an instant of the window from `start_at` to before `end_at`, earliest first."""
    first = start_at.astimezone(zone).date().replace(day=1)
    found = []
    while (begin := day_start(first, zone=zone)) < end_at:
        following = _next_month(first)
        found.append(Month(f"{first:%Y-%m}", begin, day_start(following, zone=zone)))
        first = following
    return tuple(found)


def month_words(key: str) -> str:
    """ "2026-10" as "Oct 2026"."""
    year, month = key.split("-")
    return f"{_MONTHS[int(month) - 1]} {year}"


def span_words(first_on: dt.date | None, last_on: dt.date | None) -> str:
    """Two days as "24 Aug to 15 Nov 2026"; "since 24 Aug 2026", "until ..." or "at any time" where one is open."""
    if first_on is None or last_on is None:
        if last_on:
            return f"until {_words(last_on)}"
        return f"since {_words(first_on)}" if first_on else "at any time"
    if first_on == last_on:
        return f"on {_words(first_on)}"
    begin = _words(first_on) if first_on.year != last_on.year else f"{first_on.day} {_MONTHS[first_on.month - 1]}"
    return f"{begin} to {_words(last_on)}"


def _words(day: dt.date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _next_month(first: dt.date) -> dt.date:
    return dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)

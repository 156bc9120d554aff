"""Numbers and instants as people say them: "61 %", "58 to 64 %", "today 13:41", "18 min left"."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_MINUTE = dt.timedelta(minutes=1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOW = dt.timedelta(minutes=30)
_SOON = dt.timedelta(hours=2)
_WEEK = 6
NOTHING = "–"


@dataclass(frozen=True)
class Due:
    """When a promise ends, in words, and how near that is: late, now, soon or later."""

    words: str
    state: str


def rate_words(share: float | None, *, digits: int = 0) -> str:
    """A share of 1 in percent: "61 %". Never "0 %" for some or "100 %" for nearly all; "–" for None."""
    if share is None:
        return NOTHING
    smallest = 10.0**-digits
    percent = round(share * 100, digits)
    if share > 0 and percent < smallest:
        return f"under {smallest:.{digits}f} %"
    if share < 1 and percent > 100 - smallest:
        return f"over {100 - smallest:.{digits}f} %"
    return f"{percent:.{digits}f} %"


def interval_words(low: float | None, high: float | None) -> str:
    """Two shares of 1 as a range in percent: "58 to 64 %"; "–" when either is unknown."""
    if low is None or high is None:
        return NOTHING
    return f"{low * 100:.0f} to {high * 100:.0f} %"


def points_words(change: float | None) -> str:
    """A difference of two shares of 1 in percentage points, always signed: "+0.4 pt", "−3.1 pt"; "–" for None."""
    if change is None:
        return NOTHING
    points = round(change * 100, 1)
    sign = "+" if points > 0 else "−" if points < 0 else "±"
    return f"{sign}{abs(points):.1f} pt"


def duration_words(amount: dt.timedelta | None) -> str:
    """The size of an amount of time in its two largest units, cut, not rounded: "1 h 48 m", "2 d 18 h", "18 min"."""
    if amount is None:
        return NOTHING
    minutes = abs(amount) // _MINUTE
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {rest} m" if rest else f"{hours} h"
    return f"{rest} min" if rest else "under a minute"


def left_words(amount: dt.timedelta | None) -> str:
    """Time until a promise ends, negative when it has: "18 min left", "40 min late"; "–" for None."""
    if amount is None:
        return NOTHING
    return f"{duration_words(amount)} {'late' if amount < dt.timedelta(0) else 'left'}"


def day_words(at: dt.datetime, *, now: dt.datetime, zone: dt.tzinfo) -> str:
    """The day of an aware instant as seen in `zone`: "today", "yesterday", "tomorrow", "Thu", "3 Nov", "3 Nov 2024"."""
    day, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    distance = (day - today).days
    if named := {0: "today", 1: "tomorrow", -1: "yesterday"}.get(distance):
        return named
    if abs(distance) <= _WEEK:
        return _DAYS[day.weekday()]
    words = f"{day.day} {_MONTHS[day.month - 1]}"
    return words if day.year == today.year else f"{words} {day.year}"


def when_words(at: dt.datetime, *, now: dt.datetime, zone: dt.tzinfo) -> str:
    """An aware instant as seen in `zone`: "today 13:41", "Thu 14:05", and beyond a week the day alone: "3 Nov"."""
    local = at.astimezone(zone)
    words = day_words(at, now=now, zone=zone)
    near = abs((local.date() - now.astimezone(zone).date()).days) <= _WEEK
    return f"{words} {local:%H:%M}" if near else words


def full_words(at: dt.datetime, *, zone: dt.tzinfo) -> str:
    """An aware instant in full as seen in `zone`: "Thu 5 November 2026, 14:05 CET"."""
    local = at.astimezone(zone)
    return f"{_DAYS[local.weekday()]} {local.day} {local:%B %Y, %H:%M} {local.tzname()}"


def due_words(due_at: dt.datetime, *, now: dt.datetime, zone: dt.tzinfo | None = None) -> Due:
    """When a promise ends, for a row: "40 min late", "18 min left", "1 h 10 m", "by 17:00", "Mon 09:30".

    Both instants are aware; distances are elapsed time; days are those of `zone` (UTC when None).
    """
    zone = zone or ZoneInfo("UTC")
    left = due_at - now
    if left < dt.timedelta(0):
        return Due(left_words(left), "late")
    if left <= _NOW:
        return Due(left_words(left), "now")
    if left <= _SOON:
        return Due(duration_words(left), "soon")
    local = due_at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return Due(f"by {local:%H:%M}", "later")
    return Due(f"{day_words(due_at, now=now, zone=zone)} {local:%H:%M}", "later")

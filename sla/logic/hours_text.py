"""Opening hours of a day on one line: "09:00-12:00, 13:00-17:30", empty when closed. opening_hours checks the times."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar
from sla.logic.durations import in_words
from sla.logic.opening_hours import DAYS

_DASHES = str.maketrans(dict.fromkeys("–—−", "-"))
_DAY = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONGEST = 400


def parse_hours(text: str, *, field: str) -> list[list[str]]:
    """The pairs of start and end, as a calendar document has them. InvalidInput(field) for what is no list of pairs."""
    if len(text) > _LONGEST:
        raise InvalidInput("These are too many hours for a day.", field=field)
    pairs = []
    for part in text.translate(_DASHES).split(",") if text.strip() else ():
        pair = [time.strip() for time in part.split("-")]
        if len(pair) != 2 or not all(pair):
            raise InvalidInput(f"{part.strip()!r:.40} is not a span of hours; write 09:00-12:30.", field=field)
        pairs.append(pair)
    return pairs


def write_hours(pairs: Sequence[Sequence[str]]) -> str:
    """The line that parse_hours reads back."""
    return ", ".join(f"{start}-{end}" for start, end in pairs)


def days_as_counted(calendar: Calendar, start: dt.datetime, *, days: int) -> Iterator[str]:
    """The local days from `start` (aware) on, with the hours that count: "Mon 23 Nov: 09:00–17:30, 8 h 30 min"."""
    zone = ZoneInfo(calendar.timezone)
    first = start.astimezone(zone).date()
    for offset in range(days):
        on = first + dt.timedelta(days=offset)
        opens = dt.datetime.combine(on, dt.time(), zone)
        closes = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), zone)
        spans = calendar.open_intervals(opens, closes)
        said = ", ".join(f"{a.astimezone(zone):%H:%M}–{_end(b.astimezone(zone), on)}" for a, b in spans)
        counted = sum((b - a for a, b in spans), dt.timedelta())
        day = f"{_DAY[on.weekday()]} {on.day} {on:%b}"
        yield f"{day}: {said}, {in_words(counted)}" if spans else f"{day}: closed"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What a calendar's document says otherwise than an older one, a sentence each; empty when nothing differs.

    "Monday: 09:00-17:00 becomes 09:00-12:00." Days are named as 2026-12-24.
    """
    said = []
    if old["timezone"] != new["timezone"]:
        said.append(f"Time zone: {old['timezone']} becomes {new['timezone']}.")
    for day, name in zip(DAYS, _DAY_NAMES, strict=True):
        before, after = (one["weekly"].get(day, []) for one in (old, new))
        if before != after:
            said.append(f"{name}: {write_hours(before) or 'closed'} becomes {write_hours(after) or 'closed'}.")
    earlier, later = _special(old), _special(new)
    for on in sorted({**earlier, **later}):
        was, becomes = (days.get(on, "as every week") for days in (earlier, later))
        if was != becomes:
            said.append(f"{on}: {was} becomes {becomes}.")
    return said


def _special(document: Mapping[str, Any]) -> dict[str, str]:
    days = dict.fromkeys(document.get("holidays", ()), "closed")
    overrides = document.get("date_overrides", {})
    return days | {on: write_hours(pairs) or "closed" for on, pairs in overrides.items()}


def _end(at: dt.datetime, on: dt.date) -> str:
    return f"{at:%H:%M}" if at.date() == on else "24:00"

"""Company days out of an iCalendar file (RFC 5545): days, spans of days, and days that come back every year.

A file is somebody else's: only the lines that matter here reach the parser, and every number in it has a limit.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import icalendar

from leads.logic.errors import InvalidInput
from sla.logic.opening_hours import FIRST_YEAR, LAST_YEAR

MOST_BYTES = 1_000_000
MOST_EVENTS = 2_000
MOST_DAYS = 2_000
LONGEST_EVENT_DAYS = 366
_MOST_A_YEAR = 12
_LABEL = 100
_READ = frozenset(
    {"BEGIN", "END", "UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
    | {"STATUS"}
)
_RULE_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"})
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class CompanyDays:
    """The days in order, each with its name, and sentences on the events that were left out."""

    days: dict[date, str]
    left_out: tuple[str, ...]


def read_days(raw: bytes, *, first: date, last: date, field: str = "company_days") -> CompanyDays:
    """The days from `first` to `last` that the file closes.

    Events with times of day, cancelled ones, and rules that are not yearly are left out, and said so. InvalidInput
    (field) for what is no calendar, is too large, or has a day outside 1970 to 2200.
    """
    try:
        return _days(_events(_text(raw)), first=first, last=last)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=field) from error


def _text(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        raise InvalidInput("The file is larger than 1 MB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("The file is not text in UTF-8; export it as iCalendar (.ics) once more.") from None
    if "\x00" in text:
        raise InvalidInput("The file holds characters that no calendar has.")
    return text


def _events(text: str) -> list[Any]:
    """The file's VEVENTs as the library reads them, given only the lines that matter."""
    unfolded = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    lines = [line for line in unfolded.split("\n") if line.strip()]
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR" or lines[-1].strip().upper() != "END:VCALENDAR":
        raise InvalidInput("This is no iCalendar file: it has to begin and end with VCALENDAR.")
    kept = list(_event_lines(lines))
    if sum(line == "BEGIN:VEVENT" for line in kept) > MOST_EVENTS:
        raise InvalidInput(f"The file has more than {MOST_EVENTS:,} events.")
    try:
        parsed = icalendar.Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *kept, "END:VCALENDAR", ""]))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise InvalidInput("The file cannot be read as iCalendar; export it once more.") from error
    return list(parsed.walk("VEVENT"))


def _event_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines of events; what else a calendar holds (time zones, alarms, tasks) is passed over."""
    inside: list[str] = []
    for line in lines:
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            inside.append(line.partition(":")[2].strip().upper())
            if len(inside) > 4:
                raise InvalidInput("The file's parts lie in each other too deeply.")
        in_event = inside[-1:] == ["VEVENT"] and inside[:-1] == ["VCALENDAR"]
        if name == "END" and (not inside or inside.pop() != line.partition(":")[2].strip().upper()):
            raise InvalidInput("The file's parts begin and end out of order.")
        if in_event and name in _READ:
            yield line.strip().upper() if name in ("BEGIN", "END") else line.rstrip()
    if inside:
        raise InvalidInput("The file breaks off in the middle.")


def _days(events: list[Any], *, first: date, last: date) -> CompanyDays:
    moved: dict[str, set[date]] = defaultdict(set)
    for event in events:
        if replaced := _value(event, "RECURRENCE-ID"):
            moved[str(event.get("UID", ""))].add(_day(replaced))
    days: dict[date, str] = {}
    left_out: dict[str, None] = {}
    for event in events:
        name = " ".join(str(event.get("SUMMARY", "")).split())[:_LABEL] or "Company day"
        if why := _why_not(event):
            left_out[f"{name}: {why}"] = None
            continue
        dropped = {_day(at) for at in _many(event, "EXDATE")}
        if "RECURRENCE-ID" not in event:
            dropped |= moved[str(event.get("UID", ""))]
        length = _length(event, name=name)
        for start in _starts(event, first=first - timedelta(days=length), last=last):
            if start not in dropped:
                for offset in range(length):
                    days.setdefault(start + timedelta(days=offset), name)
        if len(days) > 3 * MOST_DAYS:
            break
    kept = {on: days[on] for on in sorted(days) if first <= on <= last}
    if len(kept) > MOST_DAYS or len(days) > 3 * MOST_DAYS:
        raise InvalidInput(f"The file closes more than {MOST_DAYS:,} days.")
    return CompanyDays(kept, tuple(left_out))


def _why_not(event: Any) -> str:
    """Why an event is left out, empty when it is not."""
    if event.errors:
        raise InvalidInput(f"An event has a {event.errors[0][0]!s:.20} that cannot be read.")
    start = _value(event, "DTSTART")
    if start is None:
        raise InvalidInput("An event has no day on which it begins, or one that cannot be read.")
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return "it is cancelled."
    if isinstance(start, datetime):
        return "it has times of day; only whole days are taken."
    rule = event.get("RRULE")
    if isinstance(rule, list) or (rule and not _is_yearly(rule)):
        return "it repeats in another way than on a day of every year."
    return "it names further days (RDATE)." if "RDATE" in event else ""


def _is_yearly(rule: Any) -> bool:
    parts = {str(key).upper() for key in rule}
    days = len(rule.get("BYMONTH", "x")) * len(rule.get("BYDAY") or rule.get("BYMONTHDAY") or "x")
    # Days of the week without a month are weekdays of the whole year.
    return (
        days <= _MOST_A_YEAR
        and [str(one).upper() for one in rule.get("FREQ", ())] == ["YEARLY"]
        and parts <= _RULE_PARTS
        and not ("BYDAY" in parts and ("BYMONTH" not in parts or "BYMONTHDAY" in parts))
    )


def _length(event: Any, *, name: str) -> int:
    """How many days the event lasts."""
    start, end, duration = (_value(event, key) for key in ("DTSTART", "DTEND", "DURATION"))
    if isinstance(end, date):
        days = (_day(end) - _day(start)).days
    else:
        days = duration.days if isinstance(duration, timedelta) else 1
    if days < 0:
        raise InvalidInput(f"{name} ends before it begins.")
    if days > LONGEST_EVENT_DAYS:
        raise InvalidInput(f"{name} is longer than a year.")
    return max(days, 1)


def _starts(event: Any, *, first: date, last: date) -> Iterator[date]:
    """The days on which the event begins, between the two."""
    start = _day(_value(event, "DTSTART"))
    rule = event.get("RRULE")
    if not rule:
        yield from (one for one in (start,) if first <= one <= last)
        return
    every, most = (int((rule.get(key) or (usual,))[0]) for key, usual in (("INTERVAL", 1), ("COUNT", 0)))
    if every < 1:
        raise InvalidInput("An event repeats every 0 years.")
    until = min(last, _day((rule.get("UNTIL") or (last,))[0], bounded=False))
    count = 0
    for year in range(start.year, until.year + 1, min(every, LAST_YEAR)):
        for on in _in_year(rule, start, year):
            if on < start or on > until or (most and count >= most):
                continue
            count += 1
            if on >= first:
                yield on


def _in_year(rule: Any, start: date, year: int) -> list[date]:
    """The days of one year that the rule names, in order."""
    found = set()
    for month in {int(one) for one in rule.get("BYMONTH") or (start.month,)} & set(range(1, 13)):
        length = calendar.monthrange(year, month)[1]
        if weekdays := rule.get("BYDAY"):
            for text in {str(one).upper() for one in weekdays}:
                found |= _weekdays(text, date(year, month, 1), length=length)
            continue
        for day in {int(one) for one in rule.get("BYMONTHDAY") or (start.day,)}:
            number = day if day > 0 else length + 1 + day
            if 1 <= number <= length:
                found.add(date(year, month, number))
    return sorted(found)


def _weekdays(text: str, first: date, *, length: int) -> set[date]:
    """What 4TH, -1MO or FR means in the month of `length` days that begins with `first`."""
    if text[-2:] not in _WEEKDAYS:
        return set()
    earliest = 1 + (_WEEKDAYS.index(text[-2:]) - first.weekday()) % 7
    every = [first.replace(day=day) for day in range(earliest, length + 1, 7)]
    if not text[:-2]:
        return set(every)
    place = int(text[:-2])
    return {every[place - 1 if place > 0 else place]} if 0 < abs(place) <= len(every) else set()


def _value(event: Any, key: str) -> Any:
    """The property as Python has it; None when absent, doubled or unreadable."""
    return getattr(event.get(key), "dt", None)


def _many(event: Any, key: str) -> Iterator[date]:
    """Every value of a property that may stand several times, with several values each."""
    found = event.get(key)
    for one in found if isinstance(found, list) else [found]:
        yield from (value.dt for value in getattr(one, "dts", ()))


def _day(at: Any, *, bounded: bool = True) -> date:
    if not isinstance(at, date):
        raise InvalidInput("An event has a day that cannot be read.")
    on = at.date() if isinstance(at, datetime) else at
    if bounded and not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise InvalidInput(f"{on.isoformat()} is outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return on

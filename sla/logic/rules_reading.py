"""Reading a rules file: every refusal names the place, policies[2].targets.decide.steps[1]."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from leads.logic.errors import InvalidInput
from leads.logic.tables import Table
from sla.logic import templates
from sla.logic.business_time import Calendar
from sla.logic.durations import parse_amount
from sla.logic.events import DEPTH
from sla.logic.holiday_days import countries, subdivisions
from sla.logic.hours_text import parse_hours
from sla.logic.ladder import MOST_STEPS
from sla.logic.ladder_text import Names, parse_step
from sla.logic.opening_hours import DAYS, LAST_YEAR
from sla.logic.rules import OF_OWNER, OF_REGION, POLICY, Rules
from sla.logic.rules_document import AMOUNT_KEYS, EVENT_KEYS, KEYS, complete
from sla.logic.rules_file import FORMAT, RuleSet

_MOST = 1_000
_MOST_DAYS = 10_000
_LONGEST_LINE = 300
_SOURCES = ("typed", "holidays", "ics")
# The time that tomllib takes for a dotted key grows with the square of its parts: a hundred kilobytes take minutes.
_TOO_DEEP = re.compile(r"""(?:(?:[\w-]{1,200}+|"[^"\n]{0,200}+"|'[^'\n]{0,200}+')[ \t]*+\.[ \t]*+){30}""")
T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """What a file may name without holding it: what is here already. Reps by user name."""

    calendars: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    reps: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


def read(text: str, known: Known) -> RuleSet:
    """The rules of the file. InvalidInput names the place of what is unknown, of a wrong kind or cannot be run."""
    if found := _TOO_DEEP.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidInput(f"This is no rules file: what line {line} names lies too deep.", field="file")
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"This is not TOML: {error!s:.200}", field="file") from None
    file = Table(raw)
    if file.number("format", most=1_000_000) != FORMAT:
        raise file.refuse("format", f"must be {FORMAT}.")
    channels = file.texts("channels", longest=50, most=_MOST)
    for index, name in enumerate(channels):
        if name not in known.channels:
            there_is_none = f"there is no chat channel {name!r:.60}; make it first, with its address."
            raise file.refuse(f"channels[{index}]", there_is_none)
    calendars = _named(file.tables("calendars", most=_MOST), 100, lambda one: _calendar(one, known))
    _refuse_two_calendars(calendars)
    words = _named(file.tables("templates", most=_MOST), 50, _template)
    names = Names({name: name for name in known.channels}, {name: name for name in known.templates | words.keys()})
    hours = known.calendars | calendars.keys()
    policies = _named(file.tables("policies", most=_MOST), 100, lambda one: _policy(one, names, hours))
    file.done()
    return RuleSet(calendars, tuple(channels), words, policies)


def _named(tables: Sequence[Table], longest: int, read_one: Callable[[Table], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for table in tables:
        name = table.text("name", longest=longest)
        if name in found:
            raise table.refuse("name", f"{name!r:.60} is there twice.")
        found[name] = read_one(table)
        table.done()
    return found


def _calendar(table: Table, known: Known) -> dict[str, Any]:
    weekly_table = table.table("weekly", required=False)
    weekly = {day: _hours(weekly_table, day) for day in DAYS if weekly_table.has(day)}
    weekly_table.done()
    exceptions: dict[str, tuple[str, list[list[str]], str]] = {}
    for day in table.tables("exceptions", most=_MOST_DAYS):
        on = day.day("on").isoformat()
        if on in exceptions:
            raise day.refuse("on", f"{on} is there twice.")
        label = day.text("label", longest=100, default="")
        exceptions[on] = (label, _hours(day, "hours"), day.choice("source", _SOURCES, default="typed"))
        day.done()
    document = {
        "timezone": table.text("timezone", longest=64),
        "weekly": weekly,
        "country": table.text("country", longest=2, default=""),
        "subdivision": table.text("subdivision", longest=20, default=""),
        "holidays_until": table.number("holidays_until", most=LAST_YEAR) if table.has("holidays_until") else None,
        "exceptions": exceptions,
        "reps": _among(table, "reps", known.reps, "rep"),
        "teams": _among(table, "teams", known.teams, "team"),
        "countries": sorted(table.texts("countries", longest=2, most=_MOST)),
    }
    _check_calendar(document, table)
    return document


def _check_calendar(document: Mapping[str, Any], table: Table) -> None:
    country, subdivision = document["country"], document["subdivision"]
    if country and country not in dict(countries()):
        raise table.refuse("country", f"the holidays of {country!r} are not known.")
    if subdivision and subdivision not in dict(subdivisions(country)):
        raise table.refuse("subdivision", f"there is no region {subdivision!r} with holidays of its own.")
    for index, code in enumerate(document["countries"]):
        if not (len(code) == 2 and code.isascii() and code.isupper()):
            raise table.refuse(f"countries[{index}]", "must be a two-letter code of ISO 3166, like DE.")
    days = {on: intervals for on, (_, intervals, _) in document["exceptions"].items()}
    try:
        Calendar.from_dict(
            {
                "timezone": document["timezone"],
                "weekly": document["weekly"],
                "holidays": [on for on, intervals in days.items() if not intervals],
                "date_overrides": {on: intervals for on, intervals in days.items() if intervals},
            }
        )
    except InvalidInput as error:
        raise table.refuse(error.field, error.message) from error


def _hours(table: Table, key: str) -> list[list[str]]:
    try:
        return parse_hours(table.text(key, longest=400, default=""), field=table.at(key))
    except InvalidInput as error:
        if error.message.startswith(table.at(key)):
            raise
        raise table.refuse(key, error.message) from error


def _among(table: Table, key: str, known: frozenset[str], kind: str) -> list[str]:
    names = table.texts(key, longest=150, most=_MOST_DAYS)
    for index, name in enumerate(names):
        if name not in known:
            raise table.refuse(f"{key}[{index}]", f"there is no {kind} {name!r:.60} here.")
    return sorted(names)


def _refuse_two_calendars(calendars: Mapping[str, Mapping[str, Any]]) -> None:
    for key in ("reps", "teams", "countries"):
        used: set[str] = set()
        for index, calendar in enumerate(calendars.values()):
            for name in calendar[key]:
                if name in used:
                    place = f"calendars[{index}].{key}"
                    raise InvalidInput(f"{place}: {name!r:.60} has a calendar already.", field=place)
                used.add(name)


def _template(table: Table) -> tuple[str, str]:
    subject = table.text("subject", longest=150)
    body = table.text("body", longest=4_000, lines=True).replace("\r\n", "\n")
    for key, text in (("subject", subject), ("body", body)):
        try:
            templates.check(text, field=table.at(key))
        except InvalidInput as error:
            raise table.refuse(key, error.message) from error
    return subject, body


def _policy(table: Table, names: Names, calendars: frozenset[str] | set[str]) -> dict[str, Any]:
    calendar = table.text("calendar", longest=100)
    if calendar not in calendars:
        raise table.refuse("calendar", f"there is no calendar {calendar!r:.60}, neither in this file nor here.")
    targets_table = table.table("targets")
    targets = {key: _target(targets_table.table(key), key, names) for key in KEYS if targets_table.has(key)}
    targets_table.done()
    document: dict[str, Any] = {
        "name": table.text("name", longest=100),
        "position": table.number("position", most=32_767, default=0),
        "is_active": table.flag("is_active", default=True),
        "hop_limit": table.number("hop_limit", most=20, default=3),
        "valid_from": table.instant("valid_from"),
        "valid_until": table.instant("valid_until") if table.has("valid_until") else None,
        "calendar": calendar,
        "conditions": [_condition(one) for one in table.tables("conditions", most=_MOST)],
        "targets": targets,
    }
    if document["valid_until"] and document["valid_until"] <= document["valid_from"]:
        raise table.refuse("valid_until", "must lie after valid_from.")
    try:
        Rules.from_dict(document)
    except InvalidInput as error:
        raise table.refuse(error.field, error.message) from error
    return complete(document)


def _condition(table: Table) -> dict[str, Any]:
    found = {
        "field": table.text("field", longest=30),
        "operator": table.text("operator", longest=15),
        "value": table.text("value", longest=1_000, default=""),
    }
    table.done()
    return found


def _target(table: Table, key: str, names: Names) -> dict[str, Any]:
    try:
        amount = parse_amount(table.text("within", longest=60), counts_attempts=key == DEPTH)
    except InvalidInput as error:
        if error.field == table.at("within"):
            raise
        raise table.refuse("within", error.message) from error
    steps = []
    for index, line in enumerate(table.texts("steps", longest=_LONGEST_LINE, most=MOST_STEPS)):
        try:
            steps.append(vars(parse_step(line, names)))
        except InvalidInput as error:
            raise table.refuse(f"steps[{index}]", error.message) from error
    found = {
        **{name: getattr(amount, name) for name in AMOUNT_KEYS},
        "counts_in": table.choice("counts_in", (POLICY, OF_OWNER, OF_REGION), default=POLICY),
        **{name: table.texts(name, longest=15, most=50) for name in EVENT_KEYS},
        "steps": steps,
    }
    table.done()
    return found

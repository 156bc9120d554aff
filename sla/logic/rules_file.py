"""All rules as one file: TOML in which everything is called by its name, and that is the same however often it is read.

Secrets are not in it: a chat channel is only its name. rules_reading reads what is written here.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli_w

from sla.logic.durations import Amount, format_amount
from sla.logic.hours_text import write_hours
from sla.logic.ladder import StepRule
from sla.logic.ladder_text import Names, write_step
from sla.logic.opening_hours import DAYS
from sla.logic.rules_diff import differences, promise_in_words
from sla.logic.rules_document import AMOUNT_KEYS, EVENT_KEYS, POLICY, TARGET

FORMAT = 1
_HEAD = "# The rules of LeadLoop: docs/rules.md tells the format.\n\n"


@dataclass(frozen=True)
class RuleSet:
    """Everything by its name: calendars and policies as documents, subject and body of templates.

    A policy's document is that of sla.logic.rules_document with names in place of uids. A calendar's has timezone,
    weekly, country, subdivision, holidays_until, exceptions {day: (label, intervals, source)}, reps, teams, countries.
    """

    calendars: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    templates: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    policies: Mapping[str, dict[str, Any]] = field(default_factory=dict)


def write(rules: RuleSet) -> str:
    """The file that rules_reading.read reads back, in one order: by name, policies by position first."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "channels": sorted(rules.channels),
        "calendars": [_calendar(name, one) for name, one in sorted(rules.calendars.items())],
        "templates": [
            {"name": name, "subject": subject, "body": body}
            for name, (subject, body) in sorted(rules.templates.items())
        ],
        "policies": [
            _policy(one) for one in sorted(rules.policies.values(), key=lambda one: (one["position"], one["name"]))
        ],
    }
    return _HEAD + tomli_w.dumps(_filled(document), multiline_strings=True)


def changes(old: RuleSet, new: RuleSet, *, only_these: bool = False) -> list[str]:
    """What reading `new` in where `old` is would change, a line each; nothing that `new` does not hold is taken away.

    With `only_these`, policies that `new` does not hold are withdrawn.
    """
    found: list[str] = []
    for name, calendar in new.calendars.items():
        found += [f"calendar “{name}”: {line}" for line in _calendar_changes(old.calendars.get(name), calendar)]
    for name, words in new.templates.items():
        if name not in old.templates:
            found.append(f"template “{name}”: new")
        elif old.templates[name] != words:
            found.append(f"template “{name}”: other words")
    for name, policy in new.policies.items():
        was = old.policies.get(name)
        lines = differences(was, policy, {}) if was else [f"new, {promise_in_words(policy)}"]
        found += [f"policy “{name}”: {line}" for line in lines]
    if only_these:
        gone = [name for name, one in old.policies.items() if name not in new.policies and one["is_active"]]
        found += [f"policy “{name}”: withdrawn" for name in gone]
    return found


def _calendar_changes(was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    if was is None:
        return [f"new, in {now['timezone']}"]
    found = [
        f"{key.replace('_', ' ')}: {was[key] or 'none'} → {now[key] or 'none'}"
        for key in ("timezone", "country", "subdivision", "holidays_until")
        if was[key] != now[key]
    ]
    for day in DAYS:
        before, after = write_hours(was["weekly"].get(day, [])), write_hours(now["weekly"].get(day, []))
        if before != after:
            found.append(f"{day}: {before or 'closed'} → {after or 'closed'}")
    for on in sorted(was["exceptions"].keys() | now["exceptions"].keys()):
        before_day, after_day = was["exceptions"].get(on), now["exceptions"].get(on)
        if before_day != after_day:
            found.append(f"{on}: {_day(before_day)} → {_day(after_day)}")
    for key in ("reps", "teams", "countries"):
        if was[key] != now[key]:
            found.append(f"hours of {key}: {', '.join(was[key]) or 'none'} → {', '.join(now[key]) or 'none'}")
    return found


def _day(found: tuple[str, list[list[str]], str] | None) -> str:
    if found is None:
        return "as every week"
    label, intervals, _ = found
    return f"{write_hours(intervals) or 'closed'}{f' ({label})' if label else ''}"


def _calendar(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    days = [
        {
            "on": dt.date.fromisoformat(on),
            "label": label,
            "hours": write_hours(intervals),
            "source": "" if source == "typed" else source,
        }
        for on, (label, intervals, source) in sorted(one["exceptions"].items())
    ]
    return _filled(
        {
            "name": name,
            "timezone": one["timezone"],
            "country": one["country"],
            "subdivision": one["subdivision"],
            "holidays_until": one["holidays_until"],
            "reps": one["reps"],
            "teams": one["teams"],
            "countries": one["countries"],
            "weekly": _filled({day: write_hours(one["weekly"].get(day, [])) for day in DAYS}),
            "exceptions": [_filled(day) for day in days],
        }
    )


def _policy(one: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is not as it would be anyway."""
    said = {key: one[key] for key in ("position", "is_active", "hop_limit") if one[key] != POLICY[key]}
    until = one["valid_until"]
    return _filled(
        {
            "name": one["name"],
            **said,
            "calendar": one["calendar"],
            "valid_from": dt.datetime.fromisoformat(one["valid_from"]),
            "valid_until": dt.datetime.fromisoformat(until) if until else None,
            "conditions": [
                {
                    "field": each["field"],
                    "operator": each["operator"],
                    **({"value": each["value"]} if each["value"] else {}),
                }
                for each in one["conditions"]
            ],
            "targets": {key: _target(target) for key, target in one["targets"].items()},
        }
    )


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    events = {key: list(target[key]) for key in EVENT_KEYS}
    counts_in = target["counts_in"]
    return _filled(
        {
            "within": format_amount(Amount(*(target[key] for key in AMOUNT_KEYS))),
            "counts_in": counts_in if counts_in != TARGET["counts_in"] else "",
            **events,
            "steps": [write_step(StepRule(**step), Names()) for step in target["steps"]],
        }
    )


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty; false and zero are said."""
    return {key: value for key, value in table.items() if value not in ("", None, [], {})}

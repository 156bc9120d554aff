"""What differs between two versions of a policy, in words: "decide: 4 h → 2 h"."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from leads.logic.conditions import OPERATORS
from sla.logic.conditions import FIELDS
from sla.logic.durations import Amount, format_amount
from sla.logic.events import USUAL, Event
from sla.logic.ladder import StepRule
from sla.logic.ladder_text import Names, write_step
from sla.logic.rules_document import AMOUNT_KEYS, KEYS, complete

TARGET_WORDS = {
    "decide": "decide",
    "first_attempt": "first attempt",
    "depth": "enough attempts",
    "qualify": "qualify or return",
    "owner": "find an owner",
}
COUNTS_IN_WORDS = {
    "policy": "the policy's calendar",
    "owner": "the owner's calendar",
    "region": "the calendar of the account's country",
}
EVENT_WORDS = {event.value: event.value.replace("_", " ") for event in Event} | {
    Event.UNOWNED.value: "nobody has it",
    Event.OWNED.value: "somebody has it",
    Event.TALKED.value: "talked to",
    Event.TRIED_ENOUGH.value: "tried often enough",
}
_BOUNDS = {"starts": "starts when", "stops": "is kept when", "cancels": "is dropped when"}
_PLAIN = {"name": "name", "position": "position", "hop_limit": "passed on at most, times"}
_DATES = {"valid_from": "valid from", "valid_until": "valid until"}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """What has to be done to `old` to make it `new`, a line each; none when they promise the same.

    `names` tells what the calendars, channels and templates of both are called, by uid.
    """
    before, after = complete(old), complete(new)
    found = list(_head(before, after, names))
    dropped = Counter(map(condition_in_words, before["conditions"]))
    added = Counter(map(condition_in_words, after["conditions"]))
    found += [f"condition removed: {said}" for said in (dropped - added).elements()]
    found += [f"condition added: {said}" for said in (added - dropped).elements()]
    for key in KEYS:
        was, now = before["targets"].get(key), after["targets"].get(key)
        if was and now:
            found += _target(TARGET_WORDS[key], was, now, names, key=key)
        elif was or now:
            found.append(f"{TARGET_WORDS[key]}: no longer promised" if was else f"{TARGET_WORDS[key]}: now promised,")
            if now:
                found[-1] += f" {amount_in_words(now)}"
                found += _added(TARGET_WORDS[key], now["steps"], names)
    if not found and before != after:
        found.append("the order of what it says")
    return found


def condition_in_words(condition: Mapping[str, Any]) -> str:
    """One condition: "channel is one of demo, trial"."""
    field = FIELDS.get(condition["field"])
    said = field.words if field else condition["field"]
    return f"{said} {OPERATORS.get(condition['operator'], condition['operator'])} {condition['value']}".strip()


def amount_in_words(target: Mapping[str, Any]) -> str:
    """The length of a target's document, as it is typed."""
    return format_amount(Amount(*(target[key] for key in AMOUNT_KEYS)))


def promise_in_words(document: Mapping[str, Any]) -> str:
    """Every target with its length: "decide within 4 h, first attempt within 1 h"."""
    targets = document["targets"]
    return ", ".join(f"{TARGET_WORDS[key]} within {amount_in_words(targets[key])}" for key in KEYS if key in targets)


def usual_in_words(key: str) -> dict[str, str]:
    """What starts, stops and cancels a clock of this target when nothing else is said."""
    bounds = USUAL[key]
    events = {"starts": bounds.starts, "stops": bounds.stops, "cancels": bounds.cancels}
    return {name: _events(sorted(one)) for name, one in events.items()}


def step_in_words(step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One step: "at +1 h: tell the manager"."""
    known = {name: uid for uid, name in names.items()}
    return f"at {write_step(StepRule(**step), Names(channels=known, templates=known))}"


def _head(before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    for key, words in _PLAIN.items():
        if before[key] != after[key]:
            yield f"{words}: {before[key]} → {after[key]}"
    if before["is_active"] != after["is_active"]:
        yield "taken up again" if after["is_active"] else "withdrawn: applies to nothing from now on"
    for key, words in _DATES.items():
        if before[key] != after[key]:
            yield f"{words}: {_instant(before[key])} → {_instant(after[key])}"
    if before["calendar"] != after["calendar"]:
        yield f"calendar: {_called(before['calendar'], names)} → {_called(after['calendar'], names)}"


def _target(
    title: str, was: Mapping[str, Any], now: Mapping[str, Any], names: Mapping[str, str], *, key: str
) -> Iterator[str]:
    if amount_in_words(was) != amount_in_words(now):
        yield f"{title}: {amount_in_words(was)} → {amount_in_words(now)}"
    if was["counts_in"] != now["counts_in"]:
        yield f"{title}: counts in {COUNTS_IN_WORDS[was['counts_in']]} → {COUNTS_IN_WORDS[now['counts_in']]}"
    for name, words in _BOUNDS.items():
        if was[name] != now[name]:
            yield f"{title}: {words} {_events(was[name])} → {_events(now[name])}"
    if was["runs_through"] != now["runs_through"]:
        yield f"{title}: runs through {_holds(was['runs_through'])} → {_holds(now['runs_through'])}"
    dropped, added = _counted(was["steps"], names), _counted(now["steps"], names)
    yield from (f"{title}: step removed {said}" for said in (dropped - added).elements())
    yield from (f"{title}: step added {said}" for said in (added - dropped).elements())


def _added(title: str, steps: list[dict[str, Any]], names: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{title}: step added {step_in_words(step, names)}" for step in steps)


def _counted(steps: list[dict[str, Any]], names: Mapping[str, str]) -> Counter[str]:
    return Counter(step_in_words(step, names) for step in steps)


def _events(events: list[Any]) -> str:
    return ", ".join(EVENT_WORDS.get(str(one), str(one)) for one in events) or "the usual"


def _holds(owed_by: list[str]) -> str:
    return f"waiting for {' and '.join(owed_by)}" if owed_by else "no hold"


def _called(uid: str, names: Mapping[str, str]) -> str:
    return names.get(uid, uid)


def _instant(text: str | None) -> str:
    return text[:16].replace("T", " ") + " UTC" if text else "always"

"""A published policy as the clocks read it: pure, frozen, built once per version."""

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from leads.logic.conditions import MOST_CONDITIONS, Condition, Facts
from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.business_time import HORIZON, Calendar
from sla.logic.conditions import POLICY_FIELDS
from sla.logic.events import CAN_START, DECIDE, DEPTH, OWNER, USUAL, Bounds, Event, Pause

POLICY, OF_OWNER, OF_REGION = "policy", "owner", "region"
"""Whose calendar a target counts in."""

_DAY = dt.timedelta(days=1)
_CAN_EXPIRE = frozenset({DECIDE, OWNER})


@dataclass(frozen=True, kw_only=True)
class TargetRule:
    """One promise: `minutes` of business time, or `days` whole business days; what begins and ends it; its ladder."""

    key: str
    minutes: int | None
    days: int | None
    attempts: int
    channels: int
    counts_in: str
    bounds: Bounds
    steps: tuple[ladder.StepRule, ...]

    def amount_for(self, started_at: dt.datetime, calendar: Calendar) -> dt.timedelta:
        """The business time promised to a clock that starts then: fixed from that moment on.

        Days run to the close of the last of them, the day of the start not counted.
        """
        if self.days is None:
            return dt.timedelta(minutes=self.minutes or 0)
        return _to_close_of_day(calendar, started_at, self.days)

    def enough_at(self, tries: Iterable[tuple[dt.datetime, Hashable]]) -> dt.datetime | None:
        """When these attempts (instant, kind; in any order) became enough, on enough channels; None until then."""
        kinds: set[Hashable] = set()
        for count, (at, kind) in enumerate(sorted(tries, key=lambda one: one[0]), start=1):
            kinds.add(kind)
            if count >= self.attempts and len(kinds) >= self.channels:
                return at
        return None

    @classmethod
    def from_dict(cls, key: str, raw: Mapping[str, Any]) -> "TargetRule":
        """The target that `raw` describes. InvalidInput names the place below targets.<key>."""
        place = f"targets.{key}"
        if key not in USUAL:
            raise InvalidInput(f"There is no target {key!r:.40}; there are {', '.join(USUAL)}.", field=place)
        steps = tuple(ladder.StepRule(**step) for step in raw.get("steps", ()))
        try:
            ladder.check(steps)
        except InvalidInput as error:
            raise InvalidInput(error.message, field=f"{place}.{error.field}") from error
        if key not in _CAN_EXPIRE and any(step.action in ladder.ENDING for step in steps):
            raise InvalidInput("Only an undecided handoff can end by itself.", field=f"{place}.steps")
        rule = cls(
            key=key,
            minutes=raw.get("minutes"),
            days=raw.get("days"),
            attempts=raw.get("attempts") or 0,
            channels=raw.get("channels") or 0,
            counts_in=raw.get("counts_in") or POLICY,
            bounds=_bounds(key, raw, place=place),
            steps=steps,
        )
        _check_amounts(rule, place=place)
        return rule


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What one policy version promises, to whom, counted in which calendar (its uid)."""

    name: str
    position: int
    is_active: bool
    hop_limit: int
    valid_from: dt.datetime
    valid_until: dt.datetime | None
    calendar: str
    conditions: tuple[Condition, ...]
    targets: Mapping[str, TargetRule]

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Rules":
        """The rules that `raw` describes. InvalidInput(<place>) for conditions, amounts or ladders that cannot run."""
        conditions = raw.get("conditions", ())
        if len(conditions) > MOST_CONDITIONS:
            raise InvalidInput(f"A policy has at most {MOST_CONDITIONS} conditions.", field="conditions")
        if not raw["targets"]:
            raise InvalidInput("A policy needs at least one target.", field="targets")
        until = raw.get("valid_until")
        return cls(
            name=raw["name"],
            position=raw.get("position", 0),
            is_active=raw.get("is_active", True),
            hop_limit=raw.get("hop_limit", 3),
            valid_from=dt.datetime.fromisoformat(raw["valid_from"]),
            valid_until=dt.datetime.fromisoformat(until) if until else None,
            calendar=raw["calendar"],
            conditions=tuple(
                POLICY_FIELDS.read(one["field"], one["operator"], one["value"], place=f"conditions[{index}]")
                for index, one in enumerate(conditions)
            ),
            targets={key: TargetRule.from_dict(key, target) for key, target in raw["targets"].items()},
        )

    @property
    def needs(self) -> frozenset[str]:
        """The fields that its conditions ask for."""
        return frozenset(condition.field for condition in self.conditions)

    def apply_to(self, facts: Facts, *, at: dt.datetime) -> bool:
        """Whether a handoff of which these facts are known, offered at `at`, comes under these rules."""
        return (
            self.valid_from <= at
            and (self.valid_until is None or at < self.valid_until)
            and all(condition.holds(facts) for condition in self.conditions)
        )


def _bounds(key: str, raw: Mapping[str, Any], *, place: str) -> Bounds:
    usual = USUAL[key]

    def given(name: str, otherwise: frozenset[Event]) -> frozenset[Event]:
        try:
            return frozenset(Event(one) for one in raw.get(name) or ()) or otherwise
        except ValueError as error:
            raise InvalidInput(f"{error}; there are {', '.join(Event)}.", field=f"{place}.{name}") from error

    try:
        pauses = usual.pauses - {Pause(one) for one in raw.get("runs_through") or ()}
    except ValueError as error:
        raise InvalidInput(f"{error}; there are {', '.join(Pause)}.", field=f"{place}.runs_through") from error
    stops = given("stops", usual.stops)
    bounds = Bounds(given("starts", usual.starts), stops, given("cancels", usual.cancels) - stops, pauses)
    if never := bounds.starts - CAN_START:
        raise InvalidInput(f"A clock cannot begin with {', '.join(sorted(never))}.", field=f"{place}.starts")
    if both := bounds.starts & (bounds.stops | bounds.cancels):
        raise InvalidInput(f"{', '.join(sorted(both))} cannot both start and end it.", field=f"{place}.starts")
    return bounds


def _check_amounts(rule: TargetRule, *, place: str) -> None:
    if (rule.minutes is None) == (rule.days is None):
        raise InvalidInput("A target has a length in minutes or in business days.", field=place)
    if not 1 <= (rule.minutes or rule.days or 0) <= (525_600 if rule.days is None else 365):
        raise InvalidInput("A target is at least a minute and at most a year long.", field=place)
    if (rule.key == DEPTH) != bool(rule.attempts and rule.channels):
        raise InvalidInput("Enough attempts says how many, on how many channels; nothing else does.", field=place)
    if rule.counts_in not in {POLICY, OF_OWNER, OF_REGION}:
        raise InvalidInput("A target counts in policy, owner or region hours.", field=f"{place}.counts_in")
    for index, step in enumerate(rule.steps):
        if rule.minutes and step.minutes_before and step.minutes_before >= rule.minutes:
            raise InvalidInput(
                "A step cannot come before the clock starts.", field=f"{place}.steps[{index}].minutes_before"
            )


def _to_close_of_day(calendar: Calendar, started_at: dt.datetime, days: int) -> dt.timedelta:
    zone = ZoneInfo(calendar.timezone)
    on = started_at.astimezone(zone).date()
    horizon = on + HORIZON
    left = days
    while left:
        on += _DAY
        if on > horizon:
            raise InvalidInput("This calendar does not open on that many days within twenty years.", field="days")
        midnight, next_midnight = (dt.datetime.combine(day, dt.time(), tzinfo=zone) for day in (on, on + _DAY))
        if calendar.between(midnight, next_midnight):
            left -= 1
    return calendar.between(started_at, next_midnight)


def first_matching(rules: Sequence[tuple[int, Rules]], facts: Facts, *, at: dt.datetime) -> tuple[int, Rules] | None:
    """The first of the rules, in their order, that apply; None when nothing is promised."""
    return next(((key, one) for key, one in rules if one.apply_to(facts, at=at)), None)

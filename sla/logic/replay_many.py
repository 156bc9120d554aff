"""Judging many handoffs at once: what replay.judge_one says of each, as columns.

Handoffs that were held, whose decision was undone, that changed hands late or between people of different hours go
through judge_one itself; the others take a few array operations for each target and step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from sla.logic.business_time import Calendar
from sla.logic.events import DEPTH, FIRST_ATTEMPT, Event
from sla.logic.ladder import RULE_ACTIONS
from sla.logic.replay import How, JudgedClock, judge_one
from sla.logic.replay_facts import BIT, TALKED, Fact, Judge, Past, instant, micros
from sla.logic.rules import OF_OWNER, OF_REGION, TargetRule
from sla.logic.rules_document import KEYS

if TYPE_CHECKING:
    from sla.logic.replay_facts import Bools, Ints

_MINUTE = 60_000_000
_SLOT = 15 * _MINUTE
_KINDS = 8


@dataclass(frozen=True)
class Clocks:
    """Clocks in columns: `who` (place of the handoff), `target` (place in KEYS), instants in microseconds since 1970
    UTC, `how` (replay.How); and the steps that fired: `step_who`, `step_action` (place in RULE_ACTIONS), `step_at`.
    """

    who: "Ints"
    target: "Ints"
    started: "Ints"
    due: "Ints"
    ended: "Ints"
    how: "Ints"
    step_who: "Ints"
    step_action: "Ints"
    step_at: "Ints"


@dataclass(frozen=True)
class _Runs:
    """One round of one target: the clocks of handoffs `who`, from the fact at place `start` to that at `end`."""

    who: "Ints"
    start: "Ints"
    end: "Ints"
    how: "Ints"


def judge_many(past: Past, judge: Judge, *, until: datetime) -> Clocks:
    """The clocks that the judged rules would have run over this past, which holds no fact later than `until`.

    InvalidInput for a deadline that is not reached within twenty years.
    """
    is_odd = past.is_odd.copy()
    parts = []
    for place, rules in enumerate(judge.rules):
        if bool((past.rule == place).any()):
            parts += [_target(past, judge, place, target, until=until, odd=is_odd) for target in rules.targets.values()]
    kept = [_without(part, is_odd) for part in parts]
    return _joined([*kept, _one_by_one(past, judge, np.flatnonzero(is_odd & (past.rule >= 0)), until=until)])


def _target(past: Past, judge: Judge, place: int, target: TargetRule, *, until: datetime, odd: "Bools") -> Clocks:
    """The clocks of one target under one rule; marks handoffs that have to be looked at one by one in `odd`."""
    found = []
    for runs in _rounds(past, target, (past.rule == place) & ~odd):
        found.append(_clocks(past, judge, place, target, runs, until=micros(until)))
        _mark_odd(past, target, runs, due=found[-1].due, odd=odd, has_hours=bool(judge.of_reps))
    return _joined(found)


def _rounds(past: Past, target: TargetRule, ours: "Bools") -> Iterator[_Runs]:
    """First every first clock of a handoff, then every second one, and so on."""
    none = len(past.who)
    bounds = target.bounds
    starts = np.flatnonzero(((past.bits & _bits(bounds.starts)) != 0) & ours[past.who])
    ends = np.flatnonzero((past.bits & _bits(bounds.stops | bounds.cancels)) != 0)
    tried = _first(past, np.flatnonzero(past.fact == Fact.ATTEMPTED), np.zeros(past.count, np.int64))
    since = np.zeros(past.count, np.int64)
    while True:
        start = _first(past, starts, since)
        if target.key == FIRST_ATTEMPT:
            start[tried < start] = none
        who = np.flatnonzero(start < none)
        if not who.size:
            return
        end = _first(past, ends, start + 1)
        enough = _enough(past, target, start) if target.key == DEPTH else np.full(past.count, none)
        end = np.minimum(end, enough)
        how = np.full(past.count, int(How.OPEN), np.int64)
        ended = end < none
        is_stop = np.zeros(past.count, np.bool_)
        is_stop[ended] = (past.bits[end[ended]] & _bits(bounds.stops)) != 0
        is_stop |= (enough == end) & (Event.TRIED_ENOUGH in bounds.stops)
        how[ended] = np.where(is_stop[ended], int(How.STOPPED), int(How.CANCELLED))
        yield _Runs(who, start[who], end[who], how[who])
        since = np.full(past.count, none)
        since[who] = end[who]


def _first(past: Past, places: "Ints", since: "Ints") -> "Ints":
    """For each handoff the first of these places (ascending) at or after its own in `since`; the end of all if none."""
    of = past.who[places]
    here = places[places >= since[of]]
    of = past.who[here]
    is_first = np.ones(len(of), np.bool_)
    is_first[1:] = of[1:] != of[:-1]
    found = np.full(past.count, len(past.who))
    found[of[is_first]] = here[is_first]
    return found


def _enough(past: Past, target: TargetRule, start: "Ints") -> "Ints":
    """Where the attempts since the start became enough; the end of all where they did not, or it does not matter."""
    none = len(past.who)
    bounds = target.bounds
    if Event.TRIED_ENOUGH not in bounds.stops | bounds.cancels:
        return np.full(past.count, none)
    tries = np.flatnonzero(past.fact == Fact.ATTEMPTED)
    tries = tries[start[past.who[tries]] < none]
    tries = tries[past.at[tries] >= past.at[start[past.who[tries]]]]
    of = past.who[tries]
    number = np.arange(len(tries)) - np.searchsorted(of, of) + 1
    kinds = np.zeros(len(tries), np.int64)
    for kind in range(_KINDS):
        first = _first(past, tries[past.to[tries] % TALKED == kind], np.zeros(past.count, np.int64))
        kinds += first[of] <= tries
    done = tries[(number >= target.attempts) & (kinds >= target.channels)]
    return _first(past, done, np.where(start < none, start + 1, none))


def _clocks(past: Past, judge: Judge, place: int, target: TargetRule, runs: _Runs, *, until: int) -> Clocks:
    started = past.at[runs.start]
    is_open = runs.how == How.OPEN
    ended = np.maximum(np.where(is_open, until, past.at[np.minimum(runs.end, len(past.at) - 1)]), started)
    due = np.empty_like(started)
    steps = []
    for calendar, here in _by_calendar(past, judge, place, target, runs):
        begun, amount = started[here], _amounts(target, calendar, started[here])
        due[here] = calendar.add_many(begun, amount)
        for action, at, known in _steps(target, calendar, begun, amount, due[here]):
            fired = known & ((at < ended[here]) | (is_open[here] & (at == ended[here])))
            steps.append((runs.who[here][fired], np.full(int(fired.sum()), action), at[fired]))
    return Clocks(
        runs.who,
        np.full(len(runs.who), KEYS.index(target.key)),
        started,
        due,
        ended,
        runs.how,
        *(_column([part[index] for part in steps]) for index in range(3)),
    )


def _by_calendar(
    past: Past, judge: Judge, place: int, target: TargetRule, runs: _Runs
) -> "Iterator[tuple[Calendar, Ints]]":
    """Each calendar that the clocks count in, and the places of those that do."""
    if target.counts_in == OF_OWNER:
        is_owning = (past.fact == Fact.OFFERED) | (past.fact == Fact.GIVEN) | (past.fact == Fact.RELEASED)
        last = np.maximum.accumulate(np.where(is_owning, np.arange(len(past.fact)), 0))
        keys = past.to[last[runs.start]]
    elif target.counts_in == OF_REGION:
        keys = past.country[runs.who]
    else:
        yield judge.calendars[place], np.arange(len(runs.who))
        return
    groups: dict[Calendar, list[int]] = {}
    for key in np.unique(keys).tolist():
        country = past.countries[key] if target.counts_in == OF_REGION and key >= 0 else ""
        owner = key if target.counts_in == OF_OWNER else 0
        calendar = judge.calendar_for(place, target, owner=owner, country=country)
        groups.setdefault(calendar, []).append(key)
    for calendar, members in groups.items():
        yield calendar, np.flatnonzero(np.isin(keys, members))


def _amounts(target: TargetRule, calendar: Calendar, started: "Ints") -> "Ints":
    if target.days is None:
        return np.full(len(started), (target.minutes or 0) * _MINUTE)
    # No zone's day begins within a quarter of an hour of UTC, so what starts in one has its last day in common.
    slots, which = np.unique(started // _SLOT, return_inverse=True)
    lasts = []
    for slot in slots.tolist():
        at = instant(slot * _SLOT)
        lasts.append(micros(calendar.add(at, target.amount_for(at, calendar))))
    return calendar.between_many(started, np.array(lasts, np.int64)[which])


def _steps(
    target: TargetRule, calendar: Calendar, started: "Ints", amount: "Ints", due: "Ints"
) -> "Iterator[tuple[int, Ints, Bools]]":
    """The action of each step, when it is due for each clock, and for which clocks it has a place at all."""
    for step in target.steps:
        action = RULE_ACTIONS.index(step.action)
        if step.minutes_after is not None:
            yield action, calendar.add_many(due, np.full(len(due), step.minutes_after * _MINUTE)), due >= 0
            continue
        if step.percent is not None:
            share = amount * step.percent // 100
        else:
            share = amount - (step.minutes_before or 0) * _MINUTE
        yield action, calendar.add_many(started, np.maximum(share, 0)), share > 0


def _mark_odd(past: Past, target: TargetRule, runs: _Runs, *, due: "Ints", odd: "Bools", has_hours: bool) -> None:
    """Handoffs that changed hands while the clock ran and was late, or between people of different hours."""
    place = np.full(past.count, -1)
    place[runs.who] = np.arange(len(runs.who))
    given = np.flatnonzero(past.fact == Fact.GIVEN)
    given = given[place[past.who[given]] >= 0]
    run = place[past.who[given]]
    while_running = (given > runs.start[run]) & (given < runs.end[run])
    matters = while_running & (past.at[given] > due[run])
    if has_hours and target.counts_in == OF_OWNER:
        matters |= while_running
    odd[past.who[given[matters]]] = True


def _one_by_one(past: Past, judge: Judge, who: "Ints", *, until: datetime) -> Clocks:
    found = []
    for place in who.tolist():
        country = past.countries[past.country[place]] if past.country[place] >= 0 else ""
        rule = int(past.rule[place])
        found += [
            (place, clock) for clock in judge_one(past.history(place), judge, rule=rule, until=until, country=country)
        ]
    return columns_of(found)


def columns_of(clocks: Sequence[tuple[int, JudgedClock]]) -> Clocks:
    """The columns of clocks, each with the place of its handoff."""
    fired = [(who, RULE_ACTIONS.index(action), micros(at)) for who, one in clocks for action, at in one.fired]

    def column(values: Sequence[int]) -> "Ints":
        return np.array(values, np.int64)

    return Clocks(
        who=column([who for who, _ in clocks]),
        target=column([KEYS.index(one.target) for _, one in clocks]),
        started=column([micros(one.started_at) for _, one in clocks]),
        due=column([micros(one.due_at) for _, one in clocks]),
        ended=column([micros(one.ended_at) for _, one in clocks]),
        how=column([one.how for _, one in clocks]),
        step_who=column([row[0] for row in fired]),
        step_action=column([row[1] for row in fired]),
        step_at=column([row[2] for row in fired]),
    )


def _without(clocks: Clocks, odd: "Bools") -> Clocks:
    kept, kept_steps = ~odd[clocks.who], ~odd[clocks.step_who]
    names = ("who", "target", "started", "due", "ended", "how")
    return Clocks(
        **{name: getattr(clocks, name)[kept] for name in names},
        **{name: getattr(clocks, name)[kept_steps] for name in ("step_who", "step_action", "step_at")},
    )


def _joined(parts: Sequence[Clocks]) -> Clocks:
    names = Clocks.__dataclass_fields__
    return Clocks(**{name: _column([getattr(part, name) for part in parts]) for name in names})


def _column(parts: "Sequence[Ints]") -> "Ints":
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _bits(events: frozenset[Event]) -> int:
    return sum(BIT[event] for event in events)

"""Judging one handoff's past by other rules: who did what and when stands, only the promise differs.

This is the definition, one handoff at a time. replay_many does the same for whole columns; a test holds the two
together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from sla.logic.business_time import Calendar
from sla.logic.events import DEPTH, FIRST_ATTEMPT, Event, Pause
from sla.logic.ladder import before
from sla.logic.replay_facts import OWED_BY, PLAIN, TALKED, Fact, Happening, Judge
from sla.logic.rules import OF_OWNER, TargetRule
from sla.logic.tracks import Span, Track

_OWNING = frozenset({Fact.OFFERED, Fact.GIVEN, Fact.RELEASED})


class How(IntEnum):
    """How a clock ended."""

    STOPPED = 0
    CANCELLED = 1
    OPEN = 2


@dataclass(frozen=True)
class JudgedClock:
    """A clock as it would have run. `ended_at` is where the story ends for one that is still open.

    `fired` are the steps that came before that, the breach left out: action and instant (UTC).
    """

    target: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime
    how: How
    fired: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True)
class _Case:
    """One target over one history."""

    judge: Judge
    rule: int
    target: TargetRule
    facts: Sequence[Happening]
    pauses: tuple[Span, ...]
    country: str
    until: datetime

    def track(self, started_at: datetime, ended_at: datetime, owner: int, since: int) -> Track:
        """What a clock started then, for this owner, by the fact at place `since`, counts in as it changes hands."""
        track = Track.of(self._hours(owner), since=started_at).without(self.pauses)
        if self.target.counts_in != OF_OWNER:
            return track
        for fact in self.facts[since + 1 :]:
            if fact.fact is Fact.GIVEN and fact.at < ended_at:
                track = track.then(fact.at, self._hours(fact.to))
        return track

    def _hours(self, owner: int) -> Calendar:
        return self.judge.calendar_for(self.rule, self.target, owner=owner, country=self.country)


def judge_one(
    history: Sequence[Happening], judge: Judge, *, rule: int, until: datetime, country: str = ""
) -> list[JudgedClock]:
    """The clocks that `judge.rules[rule]` would have run over these facts, in order of time, followed up to `until`.

    InvalidInput for a deadline that is not reached within twenty years.
    """
    facts = as_it_stood([fact for fact in history if fact.at <= until])
    found: list[JudgedClock] = []
    for target in judge.rules[rule].targets.values():
        pauses = tuple(_holds(facts, target.bounds.pauses, until=until))
        found += _clocks(_Case(judge, rule, target, facts, pauses, country, until))
    return found


def as_it_stood(facts: Sequence[Happening]) -> list[Happening]:
    """The facts without decisions that were undone: an undone decision is as if it had not been."""
    kept: list[Happening] = []
    for fact in facts:
        if fact.fact is not Fact.UNDONE:
            kept.append(fact)
            continue
        last = next((place for place in range(len(kept) - 1, -1, -1) if kept[place].fact == fact.to), None)
        if last is not None:
            del kept[last]
    return kept


def _holds(facts: Sequence[Happening], pauses: frozenset[Pause], *, until: datetime) -> Iterator[Span]:
    """When the handoff waited for somebody for whom the clock waits."""
    began_at = None
    for fact in facts:
        if fact.fact is Fact.HELD and OWED_BY[fact.to] in pauses:
            began_at = began_at or fact.at
        elif fact.fact is Fact.RESUMED and began_at:
            yield began_at, fact.at
            began_at = None
    if began_at:
        yield began_at, until


def _clocks(case: _Case) -> Iterator[JudgedClock]:
    bounds = case.target.bounds
    started_at, owner, started_for, since, was_tried = None, 0, 0, 0, False
    for place, fact in enumerate(case.facts):
        events = _events(case, place, since=started_at)
        if fact.fact in _OWNING:
            owner = fact.to
        if started_at is not None:
            how = How.STOPPED if events & bounds.stops else How.CANCELLED if events & bounds.cancels else None
            if how is not None:
                yield _judged(case, started_at, max(fact.at, started_at), how, owner=started_for, since=since)
                started_at = None
            elif fact.fact is Fact.GIVEN:
                # Who is given what is late already gets time of their own.
                late = _judged(
                    case, started_at, max(fact.at, started_at), How.CANCELLED, owner=started_for, since=since
                )
                if late.due_at < fact.at:
                    yield late
                    started_at, started_for, since = fact.at, owner, place
        was_tried = was_tried or fact.fact is Fact.ATTEMPTED
        can_start = not (case.target.key == FIRST_ATTEMPT and was_tried)
        if started_at is None and can_start and events & bounds.starts:
            started_at, started_for, since = fact.at, owner, place
    if started_at is not None:
        yield _judged(case, started_at, max(case.until, started_at), How.OPEN, owner=started_for, since=since)


def _events(case: _Case, place: int, *, since: datetime | None) -> frozenset[Event]:
    """What the fact at `place` is to a clock that runs since then."""
    fact = case.facts[place]
    found = {PLAIN[fact.fact]} if fact.fact in PLAIN else set()
    if fact.fact is Fact.OFFERED and not fact.to:
        found.add(Event.UNOWNED)
    if fact.fact is Fact.ATTEMPTED:
        if fact.to >= TALKED:
            found.add(Event.TALKED)
        if since and case.target.key == DEPTH and _is_enough(case.target, case.facts[: place + 1], since=since):
            found.add(Event.TRIED_ENOUGH)
    return frozenset(found)


def _is_enough(target: TargetRule, facts: Sequence[Happening], *, since: datetime) -> bool:
    tries = [(fact.at, fact.to % TALKED) for fact in facts if fact.fact is Fact.ATTEMPTED and fact.at >= since]
    return target.enough_at(tries) is not None


def _judged(case: _Case, started_at: datetime, ended_at: datetime, how: How, *, owner: int, since: int) -> JudgedClock:
    track = case.track(started_at, ended_at, owner, since)
    amount = case.target.amount_for(started_at, track.hours[0][1])
    due_at = track.add(started_at, amount)
    clock = JudgedClock(case.target.key, started_at, due_at, ended_at, how, ())
    steps = []
    for step in case.target.steps:
        if step.minutes_after is not None:
            at = track.add(due_at, timedelta(minutes=step.minutes_after))
        elif (share := before(step, amount)) > timedelta():
            at = track.add(started_at, share)
        else:
            continue
        if at < ended_at or (how is How.OPEN and at == ended_at):
            steps.append((step.action, at))
    return replace(clock, fired=tuple(steps))

"""What happened to handoffs, as a replay reads it from the journal: numbers in columns, one row for each fact.

A fact is what the journal holds; the events that rules are written in (sla.logic.events) are made of facts. They are
judged one handoff at a time (replay) or many at once (replay_many).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sla.logic.business_time import Calendar
from sla.logic.events import Event, Pause
from sla.logic.rules import OF_OWNER, OF_REGION, Rules, TargetRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

TALKED = 8
"""Added to the kind of an attempt when the lead answered."""


class Fact(IntEnum):
    """A kind of journal entry. The numbers are those that the reading statement writes."""

    OFFERED = 1
    ACCEPTED = 2
    REJECTED = 3
    TURNED_BACK = 4
    RETURNED = 5
    QUALIFIED = 6
    WON = 7
    LOST = 8
    EXPIRED = 9
    RECALLED = 10
    ATTEMPTED = 11
    GIVEN = 12
    RELEASED = 13
    HELD = 14
    RESUMED = 15
    UNDONE = 16


EVENTS = tuple(Event)
BIT: Mapping[Event, int] = {event: 1 << place for place, event in enumerate(EVENTS)}
PLAIN: Mapping[Fact, Event] = {
    fact: Event(fact.name.lower()) for fact in Fact if Fact.ACCEPTED <= fact <= Fact.ATTEMPTED
} | {Fact.OFFERED: Event.OFFERED, Fact.GIVEN: Event.OWNED, Fact.RELEASED: Event.UNOWNED}
OWED_BY = (Pause.MARKETING, Pause.PROSPECT)
"""Who owes the answer of a hold, by the number that stands in `to`."""


@dataclass(frozen=True)
class Happening:
    """One fact of one handoff. `to` is the owner after it (0: nobody) for offers, gifts and releases; the kind of an
    attempt, TALKED added when it was answered; who owes the answer of a hold; the fact that was undone.
    """

    fact: Fact
    at: datetime
    to: int = 0


@dataclass(frozen=True)
class Judge:
    """The rules in the order in which they are tried, the calendar of each policy, and the hours of owners (by primary
    key) and countries (upper case) that have some of their own.
    """

    rules: tuple[Rules, ...]
    calendars: tuple[Calendar, ...]
    of_reps: Mapping[int, Calendar] = field(default_factory=dict)
    of_countries: Mapping[str, Calendar] = field(default_factory=dict)

    def calendar_for(self, rule: int, target: TargetRule, *, owner: int, country: str) -> Calendar:
        """What a clock of `target` counts in for this owner (0: nobody) and country."""
        own = None
        if target.counts_in == OF_OWNER:
            own = self.of_reps.get(owner)
        elif target.counts_in == OF_REGION:
            own = self.of_countries.get(country.upper())
        return own or self.calendars[rule]


@dataclass(frozen=True)
class Past:
    """Handoffs in columns, and their facts in columns: those of a handoff together, in order of time, the offer first.

    Per handoff: `offered` (microseconds since 1970 UTC), `team`, `rule` (place in Judge.rules, -1 where none applies),
    `country` (place in `countries`, -1 unknown). Per fact: `who` (place of the handoff, ascending), `fact`, `at`, `to`.
    """

    offered: "Ints"
    team: "Ints"
    rule: "Ints"
    country: "Ints"
    who: "Ints"
    fact: "Ints"
    at: "Ints"
    to: "Ints"
    countries: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many handoffs there are."""
        return len(self.offered)

    @cached_property
    def bits(self) -> "Ints":
        """The events that each fact is, one bit each (BIT); enough attempts apart, which depends on the rule."""
        of_fact = np.zeros(32, np.int64)
        for fact, event in PLAIN.items():
            of_fact[fact] = BIT[event]
        found: Ints = of_fact[self.fact]
        found[(self.fact == Fact.OFFERED) & (self.to == 0)] |= BIT[Event.UNOWNED]
        found[(self.fact == Fact.ATTEMPTED) & (self.to >= TALKED)] |= BIT[Event.TALKED]
        return found

    @cached_property
    def is_odd(self) -> "Bools":
        """Per handoff, whether it was held or a decision undone: judged one at a time."""
        odd = np.zeros(self.count, np.bool_)
        odd[self.who[(self.fact == Fact.HELD) | (self.fact == Fact.UNDONE)]] = True
        return odd

    def history(self, place: int) -> tuple[Happening, ...]:
        """The facts of one handoff, in order of time."""
        first, last = np.searchsorted(self.who, [place, place + 1])
        return tuple(
            Happening(Fact(int(fact)), instant(int(at)), int(to))
            for fact, at, to in zip(self.fact[first:last], self.at[first:last], self.to[first:last], strict=True)
        )


def past_of(histories: Sequence[Sequence[Happening]], *, rule: int = 0) -> Past:
    """The columns of these histories, each beginning with its offer, all under one rule and of team 1."""
    rows = [(who, one) for who, facts in enumerate(histories) for one in facts]

    def column(values: Sequence[int]) -> "Ints":
        return np.array(values, np.int64)

    size = len(histories)
    return Past(
        offered=column([micros(facts[0].at) for facts in histories]),
        team=np.ones(size, np.int64),
        rule=np.full(size, rule, np.int64),
        country=np.full(size, -1, np.int64),
        who=column([who for who, _ in rows]),
        fact=column([one.fact for _, one in rows]),
        at=column([micros(one.at) for _, one in rows]),
        to=column([one.to for _, one in rows]),
    )


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The aware instant (UTC) of microseconds since 1970."""
    return _EPOCH + at * _MICROSECOND

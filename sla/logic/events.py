"""What can start, pause, stop and cancel a clock: the closed list that rules are written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """Something that happened to a handoff, as clocks see it."""

    OFFERED = "offered"
    UNOWNED = "unowned"
    OWNED = "owned"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TURNED_BACK = "turned_back"
    RETURNED = "returned"
    QUALIFIED = "qualified"
    WON = "won"
    LOST = "lost"
    EXPIRED = "expired"
    RECALLED = "recalled"
    ATTEMPTED = "attempted"
    TALKED = "talked"
    TRIED_ENOUGH = "tried_enough"


CAN_START = frozenset(Event) - {Event.OWNED, Event.ATTEMPTED, Event.TALKED, Event.TRIED_ENOUGH}
"""What a clock can begin with; the others only end one."""


class Pause(StrEnum):
    """What a clock may wait for: a hold, by who owes the answer."""

    MARKETING = "marketing"
    PROSPECT = "prospect"


@dataclass(frozen=True)
class Bounds:
    """What starts, stops (keeps the promise, in time or not) and cancels (ends it unanswered) a clock."""

    starts: frozenset[Event]
    stops: frozenset[Event]
    cancels: frozenset[Event]
    pauses: frozenset[Pause]


DECIDE, FIRST_ATTEMPT, DEPTH, QUALIFY, OWNER = "decide", "first_attempt", "depth", "qualify", "owner"

_E = Event
_ENDS = frozenset({_E.REJECTED, _E.TURNED_BACK, _E.RETURNED, _E.WON, _E.LOST, _E.EXPIRED, _E.RECALLED})
_ALL = frozenset(Pause)

USUAL: Mapping[str, Bounds] = {
    DECIDE: Bounds(
        frozenset({_E.OFFERED}),
        frozenset({_E.ACCEPTED, _E.REJECTED, _E.TURNED_BACK, _E.EXPIRED, _E.QUALIFIED, _E.WON, _E.LOST}),
        frozenset({_E.RECALLED}),
        _ALL,
    ),
    FIRST_ATTEMPT: Bounds(frozenset({_E.ACCEPTED}), frozenset({_E.ATTEMPTED}), _ENDS | {_E.QUALIFIED}, _ALL),
    DEPTH: Bounds(frozenset({_E.ACCEPTED}), frozenset({_E.TALKED, _E.TRIED_ENOUGH}), _ENDS | {_E.QUALIFIED}, _ALL),
    QUALIFY: Bounds(
        frozenset({_E.ACCEPTED}),
        frozenset({_E.QUALIFIED, _E.RETURNED, _E.WON, _E.LOST}),
        frozenset({_E.RECALLED, _E.EXPIRED, _E.REJECTED, _E.TURNED_BACK}),
        _ALL,
    ),
    OWNER: Bounds(
        frozenset({_E.UNOWNED}),
        frozenset({_E.OWNED, _E.ACCEPTED}),
        _ENDS | {_E.QUALIFIED},
        frozenset(),
    ),
}
"""What each target means unless a policy says otherwise."""

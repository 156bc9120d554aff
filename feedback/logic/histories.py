"""A past told by events: what the rows of one case make of a handoff."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from feedback.logic.holds import REASONS, HoldEnd
from feedback.logic.states import Outcome, State


class What(StrEnum):
    """What a row says, besides the keys of the hold reasons."""

    QUEUED = "queued"
    TAKEN = "taken"
    WON = "won"
    LOST = "lost"
    NOTED = "noted"


ENDS = frozenset({What.WON, What.LOST})
WORDS: Mapping[str, str] = {
    What.QUEUED: "offered to the team, nobody's yet",
    What.TAKEN: "the person has it and works on it",
    **{reason.key: f"the person has it, and it is on hold: {reason.words}" for reason in REASONS.values()},
    What.WON: "ended well",
    What.LOST: "ended, and nothing came of it",
    What.NOTED: "nothing but the team may have changed",
}
QUEUED, MOVED = "queued", "moved"
"""Why it changed hands: it was put into a team's queue, or went to another person or team."""


@dataclass(frozen=True)
class Step:
    """One row: at an instant (aware), in a team, `person` did or queued it. `what` is a key of WORDS."""

    at: dt.datetime
    what: str
    team: str
    person: str


@dataclass(frozen=True)
class Keys:
    """The uids of reps and teams by what the file calls them, and where new uids come from."""

    reps: Mapping[str, UUID]
    teams: Mapping[str, UUID]
    new: Callable[[], UUID]


@dataclass(kw_only=True)
class HoldFact:
    """A hold that began, and what ended it; `ended_because` is "" while it lasts. Persons as the file calls them."""

    uid: UUID
    reason: str
    by: str
    began_at: dt.datetime
    ended_at: dt.datetime | None = None
    ended_by: str = ""
    ended_because: str = ""

    @property
    def limit_at(self) -> dt.datetime:
        """The longest that may be asked for; later only where it lasted longer."""
        longest = self.began_at + REASONS[self.reason].longest
        return max(longest, self.ended_at) if self.ended_at else longest


@dataclass(frozen=True)
class EntryFact:
    """One entry of the journal: its kind, when it happened, whose row says so, and its data."""

    kind: str
    at: dt.datetime
    person: str
    data: dict[str, Any]


@dataclass(kw_only=True)
class History:
    """A handoff as its last row leaves it, with everything that happened on the way, in order."""

    team: str
    offered_at: dt.datetime
    owner: str = ""
    state: State = State.PENDING
    decided_at: dt.datetime | None = None
    decided_by: str = ""
    closed_at: dt.datetime | None = None
    outcome: Outcome | None = None
    outcome_uid: UUID | None = None
    holds: list[HoldFact] = field(default_factory=list)
    entries: list[EntryFact] = field(default_factory=list)


def history_of(steps: Sequence[Step], keys: Keys) -> History:
    """What the rows of one case, in order, tell; at least one.

    It ends with the first of the closing rows after which nothing else happens. A close that something follows was
    none: the work went on. Acceptance is the first time somebody took it, or implied by a win.
    """
    end = _end_of(steps)
    teller = _Teller(steps[0], keys)
    for step in steps[:end] if end is not None else steps:
        teller.tell(step)
    if end is not None:
        teller.close(steps[end])
    return teller.history


def _end_of(steps: Sequence[Step]) -> int | None:
    """The place of the row with which the case ended, None when it is open."""
    if steps[-1].what not in ENDS:
        return None
    end = len(steps) - 1
    # Resolved by a person and closed by the system days later: the first of the two is the end.
    while end and (steps[end - 1].what, steps[end - 1].team) == (steps[-1].what, steps[-1].team):
        end -= 1
    return end


class _Teller:
    """Walks through the rows and keeps what they change. At one instant: resumed, reassigned, released, accepted,
    held.
    """

    def __init__(self, first: Step, keys: Keys) -> None:
        self._keys = keys
        owner = "" if first.what in {What.QUEUED, What.NOTED} else first.person
        self.history = History(team=first.team, owner=owner, offered_at=first.at)
        data = {"previous": None, "owner": self._rep(owner), "team": str(keys.teams[first.team])}
        self._write("offered", first, data)
        self._is_first = True

    def tell(self, step: Step) -> None:
        """Take in one row."""
        self._resume(step)
        self._move(step)
        if step.what == What.TAKEN or step.what in REASONS:
            self._accept(step)
        if step.what in REASONS and self._open is None:
            self._hold(step)
        self._is_first = False

    def close(self, step: Step) -> None:
        """Take in the row with which it ends. Lost before anybody took it: it was taken back."""
        self._resume(step)
        self._move(step)
        now, decided = self.history, self.history.decided_at is not None
        now.closed_at = step.at
        if step.what == What.LOST and not decided:
            now.state, now.closed_at = State.RECALLED, None
            self._write("recalled", step, {})
            return
        now.outcome, now.outcome_uid = Outcome(step.what), self._keys.new()
        outcome = {"outcome": str(now.outcome_uid), "kind": step.what, "amount": None}
        now.entries.append(EntryFact("outcome.recorded", step.at, step.person, outcome))
        if not decided:
            now.decided_at = step.at
            self._write("accepted", step, {"implied_by": str(step.what)})
        now.state = State(step.what)
        self._write(str(step.what), step, {"outcome": str(step.what)})

    @property
    def _open(self) -> HoldFact | None:
        last = self.history.holds[-1] if self.history.holds else None
        return last if last and last.ended_at is None else None

    def _resume(self, step: Step) -> None:
        """End the hold, unless the row says that it goes on in the same team."""
        hold = self._open
        moves = step.team != self.history.team
        if hold is None or (step.what in {hold.reason, What.NOTED} and not moves):
            return
        stays = not moves and (step.what == What.TAKEN or step.what in REASONS)
        hold.ended_at, hold.ended_by = step.at, step.person
        hold.ended_because = HoldEnd.RELEASED if stays else HoldEnd.DECIDED
        data = {
            "hold": str(hold.uid),
            "because": str(hold.ended_because),
            "owed_by": str(REASONS[hold.reason].owed_by),
            "began_at": hold.began_at.isoformat(),
        }
        self._write("resumed", step, data)

    def _move(self, step: Step) -> None:
        """Another team, another owner, or back into the team's queue."""
        now = self.history
        was, owner = now.owner, now.owner
        is_queued = step.what == What.QUEUED
        if is_queued:
            owner = ""
        elif step.what == What.TAKEN or step.what in REASONS:
            owner = step.person
        moves = step.team != now.team
        data = {"from": self._rep(was), "team": str(self._keys.teams[step.team])}
        if owner and (moves or owner != was):
            cause = MOVED if was or moves else "taken"
            self._write("reassigned", step, {**data, "to": self._rep(owner), "cause": cause})
        elif not owner and (moves or is_queued) and not self._is_first:
            self._write("released", step, {**data, "cause": QUEUED if is_queued else MOVED})
        now.team, now.owner = step.team, owner

    def _accept(self, step: Step) -> None:
        now = self.history
        if now.decided_at is None:
            now.state, now.decided_at, now.decided_by = State.ACCEPTED, step.at, step.person
            self._write("accepted", step, {})

    def _hold(self, step: Step) -> None:
        hold = HoldFact(uid=self._keys.new(), reason=step.what, by=step.person, began_at=step.at)
        self.history.holds.append(hold)
        data = {
            "hold": str(hold.uid),
            "reason": hold.reason,
            "owed_by": str(REASONS[hold.reason].owed_by),
            "limit_at": (hold.began_at + REASONS[hold.reason].longest).isoformat(),
        }
        self._write("held", step, data)

    def _rep(self, name: str) -> str | None:
        return str(self._keys.reps[name]) if name else None

    def _write(self, change: str, step: Step, data: dict[str, Any]) -> None:
        self.history.entries.append(EntryFact(f"handoff.{change}", step.at, step.person, data))

"""The clocks of one handoff as its journal tells them, without looking at what the clocks themselves say.

Entries are heard in the order in which they were written down. Rules and hours come from published versions, which
never change. Holds, owners and excused time are remembered on the way: they are what a proof shows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sla.logic import ladder
from sla.logic.business_time import Calendar
from sla.logic.events import USUAL, Bounds, Pause
from sla.logic.proof import Excused, Held, Owned
from sla.logic.rules import Rules, TargetRule
from sla.logic.tracks import Span, Track

RUNNING, HELD, STOPPED, CANCELLED = "running", "held", "stopped", "cancelled"

_NOTHING = timedelta()


@dataclass(frozen=True, kw_only=True)
class Said:
    """One journal entry: `who` did it, `note` are their words or ""."""

    kind: str
    at: datetime
    data: Mapping[str, Any]
    who: str = ""
    note: str = ""


@dataclass(frozen=True)
class Books:
    """Published versions by uid: rules; and hours, each with the uid of the calendar it is a version of."""

    rules: Mapping[str, Rules]
    hours: Mapping[str, tuple[str, Calendar]]

    def rule(self, version: str, target: str) -> TargetRule | None:
        """What a version promises for a target; None when it does not."""
        return self.rules[version].targets.get(target)

    def bounds(self, version: str, target: str) -> Bounds:
        """What ends and pauses a clock under a version."""
        rule = self.rule(version, target)
        return rule.bounds if rule else USUAL[target]


@dataclass(frozen=True, kw_only=True)
class Term:
    """From `since` on the clock ran under these versions (uids). `because`: started, policy, owner or calendar."""

    since: datetime
    version: str
    calendar: str
    because: str


@dataclass(kw_only=True)
class ClockTold:
    """One clock. `held_since` while a hold pauses it; `track` knows the pauses that have ended.

    `used` had counted when the rules last changed, and `not_before` is when that was: a deadline never lies before it.
    """

    target: str
    cycle: int
    started_at: datetime
    amount: timedelta
    terms: list[Term]
    track: Track
    state: str = RUNNING
    used: timedelta = _NOTHING
    not_before: datetime | None = None
    held_since: datetime | None = None
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    told_breached_at: datetime | None = None
    acknowledged_at: datetime | None = None
    last_step: int = -1
    cancelled: frozenset[int] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether it runs or is on hold."""
        return self.state in (RUNNING, HELD)

    @property
    def due_at(self) -> datetime:
        """The deadline; on hold, as it stood when the hold began."""
        return self._due(self.track)

    def adjusted_due_at(self, excuses: Iterable[Span]) -> datetime | None:
        """The deadline with approved excused time taken out; None when that makes no difference."""
        track = self.track.without(list(excuses))
        due_at = self._due(track)
        return due_at if due_at != self.due_at else None

    def steps(self, rule: TargetRule | None) -> list[ladder.PlannedStep]:
        """Every step of the rule as it is placed now, those that its last change left no time for left out."""
        due_at, add = self.due_at, self.track.add
        planned = [ladder.PlannedStep(ladder.BREACH, due_at, ladder.THE_BREACH)]
        for ref, step in enumerate(rule.steps if rule else ()):
            if step.minutes_after is not None:
                at = add(due_at, timedelta(minutes=step.minutes_after))
            elif (share := ladder.before(step, self.amount)) > self.used:
                at = add(self.started_at, share)
            else:
                continue
            planned.append(ladder.PlannedStep(step.action, at, ref))
        return sorted(planned, key=ladder.in_order)

    def pivot(self, at: datetime) -> datetime:
        """From when on a change made at `at` counts: on hold, nothing has counted since the hold began."""
        return max(self.started_at, self.held_since or at)

    def end(self, state: str, at: datetime) -> None:
        """Answered, or asked no more. A hold that still ran ends with it; a late end is a breach."""
        if self.held_since:
            self.resume(self.held_since, at)
        self.state, self.stopped_at = state, at
        if self.due_at < at:
            self.breached_at = self.due_at

    def resume(self, began_at: datetime, at: datetime) -> None:
        """The time from `began_at` to `at` did not count."""
        self.track = self.track.without([(began_at, at)])
        self.state, self.held_since = RUNNING, None

    def _due(self, track: Track) -> datetime:
        due_at = track.add(self.started_at, self.amount)
        return max(due_at, self.not_before) if self.not_before else due_at


@dataclass
class Retelling:
    """What is known of a handoff's clocks after the entries heard so far; `clocks` by (target, cycle)."""

    books: Books
    clocks: dict[tuple[str, int], ClockTold] = field(default_factory=dict)
    holds: list[Held] = field(default_factory=list)
    owners: list[Owned] = field(default_factory=list)
    excuses: list[Excused] = field(default_factory=list)

    def hear(self, said: Said) -> None:
        """Take in the next entry; kinds that do not concern clocks pass by."""
        hearer = _HEARERS.get(said.kind)
        if hearer:
            hearer(self, said)
        if "step" in said.data and (clock := self._clock(said)):
            clock.last_step = max(clock.last_step, said.data["step"])

    @property
    def excused_spans(self) -> list[Span]:
        """The approved excused time."""
        return [(one.begins_at, one.ends_at) for one in self.excuses]

    def _clock(self, said: Said) -> ClockTold | None:
        return self.clocks.get((said.data.get("target", ""), said.data.get("cycle", -1)))

    def _open(self) -> Iterator[ClockTold]:
        return (clock for clock in self.clocks.values() if clock.is_open)

    def _pauses(self, clock: ClockTold, owed_by: str) -> bool:
        return Pause(owed_by) in self.books.bounds(clock.terms[-1].version, clock.target).pauses

    def _started(self, said: Said) -> None:
        data = said.data
        _, hours = self.books.hours[data["calendar"]]
        clock = ClockTold(
            target=data["target"],
            cycle=data["cycle"],
            started_at=said.at,
            amount=_micros(data["amount_us"]),
            terms=[Term(since=said.at, version=data["version"], calendar=data["calendar"], because="started")],
            track=Track.of(hours, since=said.at),
        )
        self.clocks[clock.target, clock.cycle] = clock
        waiting = self.holds[-1] if self.holds and self.holds[-1].ends_at is None else None
        if waiting and self._pauses(clock, waiting.owed_by):
            clock.state, clock.held_since = HELD, waiting.begins_at

    def _recounted(self, said: Said) -> None:
        clock, data = self._clock(said), said.data
        if clock is None:
            return
        pivot = clock.pivot(said.at)
        _, hours = self.books.hours[data["calendar"]]
        if data["because"] == "policy":
            clock.used, clock.not_before = clock.track.between(clock.started_at, pivot), pivot
            clock.amount = _micros(data["amount_us"])
        clock.track = clock.track.then(pivot, hours)
        clock.terms.append(
            Term(since=pivot, version=data["version"], calendar=data["calendar"], because=data["because"])
        )

    def _calendar_published(self, said: Said) -> None:
        """Clocks that are not past their deadline count in the new hours from now on; on hold none is past it."""
        if not said.data["moves_running"]:
            return
        new, (calendar, hours) = said.data["version"], self.books.hours[said.data["version"]]
        for clock in self._open():
            last, pivot = clock.terms[-1], clock.pivot(said.at)
            if self.books.hours[last.calendar][0] == calendar and clock.due_at >= pivot:
                clock.track = clock.track.then(pivot, hours)
                clock.terms.append(Term(since=pivot, version=last.version, calendar=new, because="calendar"))

    def _ended(self, said: Said) -> None:
        if clock := self._clock(said):
            clock.end(STOPPED if said.kind == "clock.stopped" else CANCELLED, said.at)

    def _reopened(self, said: Said) -> None:
        if clock := self._clock(said):
            clock.state, clock.stopped_at, clock.breached_at = RUNNING, None, clock.told_breached_at

    def _breached(self, said: Said) -> None:
        if clock := self._clock(said):
            clock.breached_at = clock.told_breached_at = datetime.fromisoformat(said.data["due_at"])

    def _held(self, said: Said) -> None:
        self.holds.append(
            Held(
                begins_at=said.at,
                ends_at=None,
                reason=said.data["reason"],
                owed_by=said.data["owed_by"],
                by=said.who,
                pauses=True,
            )
        )
        for clock in self._open():
            if clock.state == RUNNING and self._pauses(clock, said.data["owed_by"]):
                clock.state, clock.held_since = HELD, said.at

    def _resumed(self, said: Said) -> None:
        if self.holds and self.holds[-1].ends_at is None:
            last = self.holds[-1]
            self.holds[-1] = Held(**{**vars(last), "ends_at": max(said.at, last.begins_at)})
        for clock in self._open():
            if clock.held_since:
                clock.resume(clock.held_since, said.at)

    def _moved(self, said: Said) -> None:
        was, now = said.data.get("from"), said.data.get("to")
        if not self.owners:
            self.owners.append(Owned(datetime.min.replace(tzinfo=said.at.tzinfo), was or ""))
        self.owners.append(Owned(said.at, now or ""))

    def _excused(self, said: Said) -> None:
        begins_at, ends_at = (datetime.fromisoformat(said.data[key]) for key in ("begins_at", "ends_at"))
        self.excuses.append(Excused(begins_at=begins_at, ends_at=ends_at, why=said.note, approved_by=said.who))

    def _acknowledged(self, said: Said) -> None:
        for clock in self._open():
            clock.acknowledged_at = said.at

    def _step_cancelled(self, said: Said) -> None:
        if clock := self._clock(said):
            clock.cancelled |= frozenset(said.data["steps"])


def _micros(count: int) -> timedelta:
    return timedelta(microseconds=count)


_HEARERS: Mapping[str, Callable[[Retelling, Said], None]] = {
    "clock.started": Retelling._started,
    "clock.recounted": Retelling._recounted,
    "clock.stopped": Retelling._ended,
    "clock.cancelled": Retelling._ended,
    "clock.reopened": Retelling._reopened,
    "clock.breached": Retelling._breached,
    "calendar.published": Retelling._calendar_published,
    "handoff.held": Retelling._held,
    "handoff.resumed": Retelling._resumed,
    "handoff.reassigned": Retelling._moved,
    "handoff.released": Retelling._moved,
    "handoff.acknowledged": Retelling._acknowledged,
    "excuse.approved": Retelling._excused,
    "step.cancelled": Retelling._step_cancelled,
}
HEARD = frozenset(_HEARERS)
"""The kinds of entries that say something about a clock."""

"""The clocks of one handoff as its journal tells them, without looking at what the clocks themselves say.

Entries are heard in the order in which they were written down. Rules and hours come from published versions, which
never change. Holds, owners and excused time are remembered on the way: they are what a proof shows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sla.logic.events import Pause
from sla.logic.proof import Excused, Held, Owned
from sla.logic.told import CANCELLED, HELD, RUNNING, STOPPED, Books, ClockTold, Said, Term
from sla.logic.tracks import Span, Track


@dataclass
class Retelling:
    """What is known of a handoff's clocks after the entries heard so far.

    `clocks` by (target, cycle); `reasons` are the words of those who asked for excused time, by its uid.
    """

    books: Books
    clocks: dict[tuple[str, int], ClockTold] = field(default_factory=dict)
    holds: list[Held] = field(default_factory=list)
    owners: list[Owned] = field(default_factory=list)
    excuses: list[Excused] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

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
            self._hours_at_the_end(clock, said.data.get("calendar", clock.terms[-1].calendar))
            clock.end(STOPPED if said.kind == "clock.stopped" else CANCELLED, said.at)

    def _hours_at_the_end(self, clock: ClockTold, calendar: str) -> None:
        """A clock that began unseen while its calendar was being published can end before anything moves it."""
        moved = len(clock.terms)
        while clock.terms[-1].because == "calendar" and clock.terms[-1].calendar != calendar:
            clock.terms.pop()
        if len(clock.terms) == moved:
            return
        first, *later = ((term.since, self.books.hours[term.calendar][1]) for term in clock.terms)
        track = Track.of(first[1], since=first[0]).without(clock.track.pauses)
        for since, hours in later:
            track = track.then(since, hours)
        clock.track = track

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
                if clock.due_at < said.at:
                    clock.breached_at = clock.due_at

    def _resumed(self, said: Said) -> None:
        if self.holds and self.holds[-1].ends_at is None:
            self.holds[-1] = replace(self.holds[-1], ends_at=max(said.at, self.holds[-1].begins_at))
        for clock in self._open():
            if clock.held_since:
                clock.resume(clock.held_since, said.at)

    def _moved(self, said: Said) -> None:
        was, now = said.data.get("from"), said.data.get("to")
        if not self.owners:
            self.owners.append(Owned(datetime.min.replace(tzinfo=said.at.tzinfo), was or ""))
        self.owners.append(Owned(said.at, now or ""))

    def _asked(self, said: Said) -> None:
        self.reasons[said.data["excuse"]] = said.note

    def _excused(self, said: Said) -> None:
        begins_at, ends_at = (datetime.fromisoformat(said.data[key]) for key in ("begins_at", "ends_at"))
        why = self.reasons.get(said.data["excuse"], "")
        self.excuses.append(Excused(begins_at=begins_at, ends_at=ends_at, why=why, approved_by=said.who))

    def _acknowledged(self, said: Said) -> None:
        for clock in self._open():
            clock.acknowledged_at = clock.acknowledged_at or said.at


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
    "excuse.requested": Retelling._asked,
    "excuse.approved": Retelling._excused,
}
HEARD = frozenset(_HEARERS)
"""The kinds of entries that say something about a clock."""

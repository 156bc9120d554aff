"""How a clock counted: in which calendars, one after the other, and what did not count in between.

A clock is moved step by step while it runs: when its hours change at t, every later instant becomes
new.add(t, old.between(t, instant)); when a hold from b to e ends, hours.add(e, hours.between(b, instant)). A track
tells the same at once, from the whole story; the two agree to the microsecond.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from sla.logic.business_time import Calendar

Span = tuple[datetime, datetime]
"""Two aware instants, from and to."""

_NOTHING = timedelta()


@dataclass(frozen=True)
class Track:
    """`hours`: from when on which calendar counts, in order; before the first instant the first one does.

    `pauses` never count; they may overlap and come in any order. All instants aware.
    """

    hours: tuple[tuple[datetime, Calendar], ...]
    pauses: tuple[Span, ...] = ()

    @classmethod
    def of(cls, calendar: Calendar, *, since: datetime) -> "Track":
        """The track that has only ever counted in `calendar`."""
        return cls(((since, calendar),))

    @property
    def calendar(self) -> Calendar:
        """The hours it counts in at its end."""
        return self.hours[-1][1]

    def then(self, at: datetime, calendar: Calendar) -> "Track":
        """The track that counts in `calendar` from `at` on; what was to count from there on before is forgotten."""
        kept = tuple((since, hours) for since, hours in self.hours if since < at)
        return replace(self, hours=(*kept, (at, calendar)))

    def without(self, spans: Sequence[Span]) -> "Track":
        """The track in which these spans do not count either."""
        return replace(self, pauses=(*self.pauses, *spans))

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The earliest instant (UTC) by which `amount` has counted since `start`; zero is reached at `start`.

        InvalidInput as Calendar.add: a negative amount, an amount that is not reached within twenty years.
        """
        left = amount
        for since, until, calendar in self._legs(start):
            if until is None:
                return calendar.add(since, left, self.pauses)
            counted = calendar.between(since, until, self.pauses)
            if left <= counted:
                return calendar.add(since, left, self.pauses)
            left -= counted
        raise AssertionError("a track has hours without end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """What counted from `start` to `end`; nothing when `end` is not after `start`."""
        counted = _NOTHING
        for since, until, calendar in self._legs(start):
            if since >= end:
                break
            counted += calendar.between(since, min(until, end) if until else end, self.pauses)
        return counted

    def signed_between(self, start: datetime, end: datetime) -> timedelta:
        """As between, and negative when `end` lies before `start`."""
        return -self.between(end, start) if end < start else self.between(start, end)

    def open_intervals(self, start: datetime, end: datetime) -> list[Span]:
        """The open intervals from `start` to `end`, pauses or not, in order, UTC, touching ones joined."""
        found: list[Span] = []
        for since, until, calendar in self._legs(start):
            if since >= end:
                break
            for opened, closed in calendar.open_intervals(since, min(until, end) if until else end):
                if found and found[-1][1] == opened:
                    found[-1] = (found[-1][0], closed)
                else:
                    found.append((opened, closed))
        return found

    def _legs(self, start: datetime) -> Iterator[tuple[datetime, datetime | None, Calendar]]:
        """(from, to, hours) from `start` on, without gaps; the last has no end."""
        for (_, calendar), (until, _) in pairwise(self.hours):
            if until > start:
                yield start, until, calendar
                start = until
        yield start, None, self.calendar

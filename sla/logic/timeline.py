"""The open intervals of a calendar on the UTC axis, with the open time that lies before each, found by bisection.

An instant is open when the local clock, read at that instant, shows an open time of its date. So an hour that the clock
skips has no time in it, and an hour that it shows twice has it twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sla.logic.opening_hours import OpeningHours

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Micros = NDArray[np.int64]

SECOND = 1_000_000
_DAY_SECONDS = 86_400
_DAY = _DAY_SECONDS * SECOND
_WINDOW = 430 * _DAY
_LEAD = 30 * _DAY
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# One lock for all timelines: extending is rare, and a lock in each would keep calendars from being copied or pickled.
_EXTENDING = Lock()


@dataclass(frozen=True)
class Stretch:
    """What is known of a timeline from `begins` to `ends` (microseconds since 1970 UTC); replaced whole, never changed.

    `before[i]` is the open time from a fixed origin up to `opens[i]`; it stays the same when the stretch grows.
    """

    begins: int
    ends: int
    opens: list[int]
    closes: list[int]
    before: list[int]

    @property
    def reach(self) -> int:
        """Open time from the origin to the end of the stretch."""
        return self.before[-1] + self.closes[-1] - self.opens[-1]

    @cached_property
    def arrays(self) -> "tuple[Micros, Micros, Micros, Micros]":
        """As int64 arrays: opens, closes, open time before, and what takes an open instant to its open time."""
        import numpy as np

        opens, before = np.array(self.opens, np.int64), np.array(self.before, np.int64)
        return opens, np.array(self.closes, np.int64), before, before - opens


_NOTHING = Stretch(0, 0, [], [], [])


class Timeline:
    """Open time as integers of microseconds since 1970 UTC, built window by window as it is asked for. Thread-safe."""

    __slots__ = ("_hours", "_stretch", "_zone")

    def __init__(self, zone: ZoneInfo, hours: OpeningHours) -> None:
        self._zone = zone
        self._hours = hours
        self._stretch = _NOTHING

    def covering(self, first: int, last: int) -> Stretch:
        """A stretch that holds both instants (0 <= first <= last)."""
        known = self._stretch
        if known.begins <= first and last < known.ends:
            return known
        with _EXTENDING:
            return self._extend(first, last)

    def opened_before(self, at: int) -> int:
        """Open time from the origin to `at`; only differences mean something."""
        known = self._stretch
        if not known.begins <= at < known.ends:
            known = self.covering(at, at)
        index = bisect_right(known.opens, at) - 1
        close = known.closes[index]
        return known.before[index] + (at if at < close else close) - known.opens[index]

    def advance(self, at: int, amount: int, latest: int) -> int | None:
        """The earliest instant with `amount` (above zero) of open time since `at`; None when later than `latest`."""
        known = self._stretch
        if not known.begins <= at < known.ends:
            known = self.covering(at, at)
        index = bisect_right(known.opens, at) - 1
        close = known.closes[index]
        counted = known.before[index] + (at if at < close else close) - known.opens[index]
        return self.reached_at(counted + amount, latest)

    def reached_at(self, total: int, latest: int) -> int | None:
        """The earliest instant by which `total` has been open since the origin; None when that is later than `latest`.

        `total` lies above what opened_before has answered for some instant.
        """
        known = self._stretch
        while True:
            index = bisect_left(known.before, total) - 1
            found = known.opens[index] + total - known.before[index]
            if found <= known.closes[index]:
                return found if found <= latest else None
            if known.ends > latest:
                return None
            known = self.covering(known.begins, known.ends)

    def next_open(self, at: int, *, latest: int) -> int | None:
        """The first open instant at or after `at`, None when there is none up to `latest`."""
        known = self.covering(at, at)
        while True:
            index = bisect_right(known.opens, at) - 1
            if at < known.closes[index]:
                return at
            if index + 1 < len(known.opens):
                found = known.opens[index + 1]
                return found if found <= latest else None
            if known.ends > latest:
                return None
            known = self.covering(known.begins, known.ends)

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The open intervals between the two instants, cut to them, in order; each is [open, close)."""
        known = self.covering(first, last)
        for index in range(bisect_right(known.opens, first) - 1, bisect_left(known.opens, last)):
            opens, closes = max(known.opens[index], first), min(known.closes[index], last)
            if opens < closes:
                yield opens, closes

    def opened_before_many(self, at: "Micros") -> "Micros":
        """opened_before for every element."""
        import numpy as np

        opens, closes, _, to_open_time = self.covering(int(at.min()), int(at.max())).arrays
        index = np.searchsorted(opens, at, side="right") - 1
        counted: Micros = np.minimum(at, closes[index]) + to_open_time[index]
        return counted

    def reached_at_many(self, totals: "Micros", *, latest: int) -> "Micros":
        """reached_at for every element; what is not reached by `latest` comes out as an instant after it."""
        import numpy as np

        known = self._stretch
        most = int(totals.max())
        while known.reach < most and known.ends <= latest:
            known = self.covering(known.begins, known.ends)
        _, _, before, to_open_time = known.arrays
        found: Micros = totals - to_open_time[np.searchsorted(before, totals, side="left") - 1]
        if most > known.reach:
            found[totals > known.reach] = np.iinfo(np.int64).max
        return found

    def _extend(self, first: int, last: int) -> Stretch:
        known = self._stretch
        if known is _NOTHING:
            begins = max(0, first - first % _DAY - _LEAD)
            known = Stretch(begins, begins, [begins], [begins], [0])
        begins, ends = known.begins, known.ends
        while begins > first:
            begins = max(0, begins - _WINDOW)
        while ends <= last:
            ends += _WINDOW
        earlier = list(self._build(begins, known.begins))
        now_known = list(zip(known.opens, known.closes, strict=True))
        later = self._build(known.ends, ends)
        origin = known.before[0] - sum(close - opened for opened, close in earlier)
        self._stretch = _stretch_of(begins, ends, origin, [*earlier, *now_known, *later])
        return self._stretch

    def _build(self, begins: int, ends: int) -> Iterator[tuple[int, int]]:
        """Open intervals between two UTC midnights, in microseconds, cut at midnights and at clock changes."""
        for start, end, offset in self._same_offset(begins // SECOND, ends // SECOND):
            for day in range((start + offset) // _DAY_SECONDS, (end - 1 + offset) // _DAY_SECONDS + 1):
                midnight = day * _DAY_SECONDS - offset
                for opening, closing in self._hours.on(day + _EPOCH_ORDINAL):
                    opens, closes = max(midnight + opening * 60, start), min(midnight + closing * 60, end)
                    if opens < closes:
                        yield opens * SECOND, closes * SECOND

    def _same_offset(self, begins: int, ends: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, UTC offset) in seconds. Since 1970 no zone has changed its offset twice within three days."""
        start, offset = begins, self._offset(begins)
        for midnight in range(begins + _DAY_SECONDS, ends + 1, _DAY_SECONDS):
            if self._offset(midnight) == offset:
                continue
            change = self._change_in(range(midnight - _DAY_SECONDS, midnight + 1), offset)
            yield start, change, offset
            start, offset = change, self._offset(midnight)
        if start < ends:
            yield start, ends, offset

    def _change_in(self, seconds: range, offset: int) -> int:
        """The first of these seconds at which the zone has left `offset`."""
        return seconds[bisect_left(seconds, True, key=lambda second: self._offset(second) != offset)]

    def _offset(self, second: int) -> int:
        offset = datetime.fromtimestamp(second, self._zone).utcoffset()
        assert offset is not None
        return offset.days * _DAY_SECONDS + offset.seconds


def _stretch_of(begins: int, ends: int, origin: int, pieces: Iterable[tuple[int, int]]) -> Stretch:
    """The stretch of these intervals, touching ones joined. Its first entry, perhaps empty, stands at `begins`."""
    opens, closes, before = [begins], [begins], [origin]
    for opened, close in pieces:
        if opened == closes[-1]:
            closes[-1] = close
        elif opened < close:
            before.append(before[-1] + closes[-1] - opens[-1])
            opens.append(opened)
            closes.append(close)
    return Stretch(begins, ends, opens, closes, before)

"""Moving the instants of a running clock: after a hold, into other hours, under other rules.

One rule serves all three. What was still to count at the pivot is counted again from where the clock goes on; what lay
before the pivot has happened and stays.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sla.logic.business_time import Calendar

if TYPE_CHECKING:
    from sla.logic.timeline import Micros


@dataclass(frozen=True)
class Shift:
    """From `pivot` counting in `old`, on from `to` counting in `new`. A hold has to > pivot; an edit has to = pivot."""

    pivot: dt.datetime
    to: dt.datetime
    old: Calendar
    new: Calendar

    def __call__(self, at: dt.datetime) -> dt.datetime:
        """Where `at` moves to (UTC)."""
        return self.new.add(self.to, self.old.between(self.pivot, at)) if at > self.pivot else at

    def all(self, ats: Sequence[dt.datetime]) -> list[dt.datetime]:
        """Where each moves to."""
        return [self(at) for at in ats]


def shift_many(ats: "Micros", *, pivots: "Micros", old: Calendar, new: Calendar) -> "Micros":
    """Where an edit moves each of `ats`, with a pivot for each: int64 microseconds since 1970 UTC; all or nothing."""
    moved = ats.copy()
    ahead = ats > pivots
    since = pivots[ahead]
    moved[ahead] = new.add_many(since, old.between_many(since, ats[ahead]))
    return moved

"""What becomes of an instant when the hours it was counted in change: old hours up to a pivot, new ones after it.

So nobody is late by a change: what lies before the pivot stays, and what is left of the promise keeps its length.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from sla.logic.business_time import Calendar

if TYPE_CHECKING:
    from sla.logic.timeline import Micros


def shift(at: datetime, *, pivot: datetime, old: Calendar, new: Calendar) -> datetime:
    """The instant (UTC) for `at`, which was counted in `old`, when `new` counts from `pivot` on; `at` itself if past.

    InvalidInput when `new` does not open for that long within twenty years.
    """
    return new.add(pivot, old.between(pivot, at)) if at > pivot else at


def shift_many(ats: "Micros", *, pivots: "Micros", old: Calendar, new: Calendar) -> "Micros":
    """shift for arrays of one shape, int64 microseconds since 1970 UTC; all or nothing."""
    moved = ats.copy()
    ahead = ats > pivots
    since = pivots[ahead]
    moved[ahead] = new.add_many(since, old.between_many(since, ats[ahead]))
    return moved

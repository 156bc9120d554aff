"""Placing the demo's past so that its present looks right at whatever time of day it is loaded."""

import datetime as dt

from sla.logic.business_time import Calendar

_MOST_DAYS = 60


def back(calendar: Calendar, now: dt.datetime, minutes: float) -> dt.datetime:
    """The latest instant (UTC) from which `minutes` of open time passed until `now`. ValueError beyond sixty days."""
    left = dt.timedelta(minutes=minutes)
    for opened, closed in reversed(calendar.open_intervals(now - dt.timedelta(days=_MOST_DAYS), now)):
        if closed - opened >= left:
            return closed - left
        left -= closed - opened
    raise ValueError(f"The calendar was not open for {minutes} minutes in the last {_MOST_DAYS} days.")


def on(calendar: Calendar, at: dt.datetime, *, minutes: float) -> dt.datetime:
    """The instant (UTC) `minutes` of open time after `at`, to the second."""
    return calendar.add(at, dt.timedelta(seconds=round(minutes * 60)))

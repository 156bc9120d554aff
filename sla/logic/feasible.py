"""Whether somebody can answer before a deadline at all."""

import datetime as dt
from collections.abc import Iterable

from sla.logic.business_time import Calendar

Spans = Iterable[tuple[dt.datetime, dt.datetime | None]]
"""Absences: from, and to (None: without end)."""


def can_answer(calendar: Calendar | None, absences: Spans, *, since: dt.datetime, due_at: dt.datetime) -> bool:
    """Whether any moment from `since` up to `due_at` lies in the calendar's open time and in no absence.

    Without a calendar every hour is a working hour. A deadline that has passed can be met by nobody.
    """
    if due_at <= since:
        return False
    away = [(begins, min(ends or due_at, due_at)) for begins, ends in absences if begins < due_at]
    away = [(begins, ends) for begins, ends in away if ends > max(begins, since)]
    if calendar is not None:
        return calendar.between(since, due_at, away) > dt.timedelta()
    reached = since
    for begins, ends in sorted(away):
        if begins > reached:
            break
        reached = max(reached, ends)
    return reached < due_at

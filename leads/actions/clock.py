"""The one clock that decides: the database's."""

import datetime as dt

from django.db import connection

from leads.logic.errors import InvalidInput

# Before it lies no lead, and near the beginning of the calendar a change of zone overflows.
_FIRST_YEAR = 1970


def database_now() -> dt.datetime:
    """The database's clock as this statement runs, aware UTC.

    Asked after the locks are held, so that no wait is hidden in it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now.astimezone(dt.UTC)


def instant(at: dt.datetime | None, *, earliest: dt.datetime | None = None, field: str = "at") -> dt.datetime:
    """`at`, or the database's now when None.

    InvalidInput(field) for a naive, future, or too early instant (before `earliest`, and before 1970 in any case).
    """
    now = database_now()
    if at is None:
        return now
    if at.tzinfo is None:
        raise InvalidInput(f"{field} needs an offset from UTC, like 2026-11-30T09:00:00+01:00.", field=field)
    if at.year < _FIRST_YEAR:
        raise InvalidInput(f"{field} lies before {_FIRST_YEAR}.", field=field)
    if at > now:
        raise InvalidInput(f"{field} lies in the future.", field=field)
    if earliest is not None and at < earliest:
        raise InvalidInput(f"{field} lies before the handoff was offered ({earliest:%Y-%m-%d %H:%M} UTC).", field=field)
    return at.astimezone(dt.UTC)

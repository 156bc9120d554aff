"""A calendar published anew over a million running clocks, against the UPDATE of the same rows and columns alone."""

import datetime as dt
from collections.abc import Callable, Iterator
from time import perf_counter

from django.db import connection, transaction

from benchmarks.company import SIZE, make_handoffs, make_people
from feedback.logic.rights import LEADLOOP
from sla.actions.calendars import publish_calendar
from sla.models import CalendarException, Clock, WorkCalendar

ROUNDS = 4
Line = tuple[str, float, str]

_BARE = (
    """
    UPDATE sla_clock SET due_at = due_at + interval '1 hour', calendar_version_id = calendar_version_id,
        adjusted_due_at = adjusted_due_at + interval '1 hour', next_action_at = next_action_at + interval '1 hour',
        step_ats = ARRAY[step_ats[1] + interval '1 hour', step_ats[2] + interval '1 hour']
    """,
    "UPDATE feedback_handoff SET due_at = due_at + interval '1 hour'",
)


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    make_handoffs(1, SIZE, version=make_people())
    calendar = WorkCalendar.objects.get(name="Always")
    ours, bare = [], []
    for number in range(ROUNDS):
        tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
        CalendarException.objects.create(calendar=calendar, on=tomorrow + dt.timedelta(days=number))
        ours.append(_seconds(lambda: publish_calendar(calendar.pk, by=LEADLOOP)))
        left = Clock.objects.exclude(calendar_version__number=number + 2).count()
        if left:
            raise RuntimeError(f"{left} clocks were not moved")
        bare.append(_seconds(_bare))
    yield f"calendar edit, {SIZE:,} running clocks, best of {ROUNDS}", min(ours), "s"
    yield f"UPDATE of the same rows and columns alone, best of {ROUNDS}", min(bare), "s"
    yield "calendar edit : bare UPDATE", min(ours) / min(bare), "times, goal at most 1.3"


def _bare() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for statement in _BARE:
            cursor.execute(statement)


def _seconds(work: Callable[[], object]) -> float:
    """How long it takes on tables without dead rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM (FULL, ANALYZE) feedback_handoff")
        cursor.execute("VACUUM (FULL, ANALYZE) sla_clock")
        cursor.execute("CHECKPOINT")
        cursor.execute("RESET statement_timeout")
    start = perf_counter()
    work()
    return perf_counter() - start

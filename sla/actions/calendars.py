"""Publishing calendars: from what admins edit to what clocks count in."""

from typing import Any

from django.db import transaction

from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.errors import NotFound
from sla.actions.clocks import OPEN, entry, terms
from sla.actions.excuses import readjust
from sla.actions.feasibility import flag_calendar
from sla.actions.recount import Taken, move, take
from sla.logic.business_time import Calendar
from sla.models import CalendarVersion, Clock, WorkCalendar
from sla.reports.rules import ruling


@transaction.atomic
def publish_calendar(calendar_id: int, *, by: Actor, moves_running: bool = True) -> CalendarVersion:
    """The version now in force: a new one, or the latest when nothing differs.

    With `moves_running`, open clocks that count in an earlier version and are not past their deadline count the old
    hours up to published_at and the new ones after it. NotFound; InvalidInput(<place>) for a calendar that never opens,
    or not for as long as a clock needs, and then nothing is published. Locks the calendar, the handoffs, the clocks.
    Journals calendar.published. Whoever works by these hours is asked anew whether they can answer in time.
    """
    calendar = WorkCalendar.objects.select_for_update(no_key=True).filter(pk=calendar_id).first()
    if calendar is None:
        raise NotFound("There is no such calendar.")
    hours: dict[str, Any] = calendar.as_dict()
    Calendar.from_dict(hours)
    latest = calendar.versions.order_by("-number").first()
    if latest and latest.hours == hours:
        return latest
    taken = take(list(calendar.versions.values_list("pk", flat=True))) if moves_running else Taken()
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=latest.number + 1 if latest else 1,
        hours=hours,
        moves_running=moves_running,
        published_at=database_now(),
    )
    data = {
        "calendar": str(calendar.uid),
        "version": str(version.uid),
        "number": version.number,
        "moves_running": moves_running,
    }
    journal.record(journal.Entry(kind="calendar.published", by=by, at=version.published_at, data=data))
    if move(taken, to=version):
        readjust()
    flag_calendar(calendar.pk)
    return version


def catch_up() -> int:
    """How many open clocks were moved to the hours in force: those that began, or ran on, in an older version while
    the latest was being published. Each calendar in its own transaction; locks as publish_calendar.
    """
    latest = (
        CalendarVersion.objects.order_by("calendar_id", "-number").distinct("calendar_id").select_related("calendar")
    )
    return sum(_catch_up(version) for version in latest if version.moves_running)


@transaction.atomic
def _catch_up(version: CalendarVersion) -> int:
    """A clock that began unseen is not in what calendar.published tells, so it gets an entry of its own."""
    earlier = list(version.calendar.versions.filter(number__lt=version.number).values_list("pk", flat=True))
    taken = take(earlier, since=version.published_at)
    ids = list(Clock.objects.filter(calendar_version__in=earlier, state__in=OPEN).values_list("pk", flat=True))
    moved = move(taken, to=version)
    if moved:
        late = Clock.objects.filter(pk__in=ids, calendar_version=version).select_related("handoff__lead", "version")
        rules_now = ruling()
        journal.record_many(
            entry(
                "clock.recounted",
                clock,
                clock.handoff,
                at=version.published_at,
                data={**terms(clock, rules_now), "because": "calendar"},
            )
            for clock in late
        )
        readjust([clock.handoff_id for clock in late])
    return moved

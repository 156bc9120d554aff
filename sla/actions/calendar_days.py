"""The days that differ and were not typed: public holidays, and company days out of a file.

A day has one exception. What was typed wins over the file, the file over the public holidays; each is replaced only by
a fresh reading of its own source.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import Q

from feedback.logic.rights import LEADLOOP
from leads.actions.clock import database_now
from leads.logic.errors import NotFound
from sla.actions.calendars import publish_calendar
from sla.logic.holiday_days import YEARS_AHEAD, first_and_last, public_holidays, runs_out
from sla.models import CalendarException, CalendarVersion, ExceptionSource, WorkCalendar

Days = Mapping[dt.date, str]
Intervals = Sequence[Sequence[str]]


def holidays_of(calendar: WorkCalendar, *, today: dt.date) -> dict[dt.date, str]:
    """The public holidays that stand in this calendar, from this year on; none without a country.

    InvalidInput(country | subdivision) for what is not known.
    """
    if not calendar.country:
        return {}
    years = first_and_last(calendar.holidays_until, today=today)
    return public_holidays(calendar.country, calendar.subdivision, years=years)


def days_together(
    calendar: WorkCalendar, typed: Mapping[dt.date, Intervals], *, today: dt.date, company_days: Days | None = None
) -> dict[dt.date, Intervals]:
    """Every day that differs once `typed` (all of them) is saved and refresh_days ran: what a preview counts in.

    InvalidInput(country | subdivision) as holidays_of.
    """
    stands = CalendarException.objects.filter(calendar=calendar.pk)
    together: dict[dt.date, Intervals] = {}
    past = stands.filter(source=ExceptionSource.HOLIDAYS, on__lt=dt.date(today.year, 1, 1))
    if company_days is None:
        past = past | stands.filter(source=ExceptionSource.ICS)
    for layer in (past.values_list("on", flat=True), holidays_of(calendar, today=today), company_days or ()):
        together |= dict.fromkeys(layer, ())
    return together | dict(typed)


@transaction.atomic
def refresh_days(calendar_id: int, *, company_days: Days | None = None) -> None:
    """Write down the public holidays anew, from this year on, and the company days when a file was read.

    None keeps the company days there are. Publishes nothing. NotFound; InvalidInput(country | subdivision). Locks the
    calendar.
    """
    calendar = WorkCalendar.objects.select_for_update(no_key=True).filter(pk=calendar_id).first()
    if calendar is None:
        raise NotFound("There is no such calendar.")
    today = database_now().date()
    days = CalendarException.objects.filter(calendar=calendar)
    if company_days is not None:
        days.filter(source=ExceptionSource.ICS).delete()
        days.filter(source=ExceptionSource.HOLIDAYS, on__in=company_days).delete()
        _write(calendar, company_days, source=ExceptionSource.ICS)
    days.filter(source=ExceptionSource.HOLIDAYS, on__gte=dt.date(today.year, 1, 1)).delete()
    _write(calendar, holidays_of(calendar, today=today), source=ExceptionSource.HOLIDAYS)


def make_way(calendar_id: int, days: Collection[dt.date]) -> None:
    """Let go of what stands on these days and was not typed: somebody types it."""
    sourced = CalendarException.objects.filter(calendar=calendar_id, on__in=days)
    sourced.exclude(source=ExceptionSource.TYPED).delete()


def extend_holidays() -> list[CalendarVersion]:
    """The calendars published anew because their public holidays ended within twelve months.

    Each in its own transaction; clocks that run follow. Nobody has to remember it: the schedule calls this.
    """
    today = database_now().date()
    ending = Q(holidays_until__isnull=True) | Q(holidays_until__lte=today.year + 1)
    calendars = WorkCalendar.objects.exclude(country="").filter(ending).order_by("pk")
    return [
        _extend(calendar.pk, today=today) for calendar in calendars if runs_out(calendar.holidays_until, today=today)
    ]


@transaction.atomic
def _extend(calendar_id: int, *, today: dt.date) -> CalendarVersion:
    WorkCalendar.objects.filter(pk=calendar_id).update(holidays_until=today.year + YEARS_AHEAD)
    refresh_days(calendar_id)
    return publish_calendar(calendar_id, by=LEADLOOP)


def _write(calendar: WorkCalendar, days: Days, *, source: ExceptionSource) -> None:
    """Closed days; one that has an exception already keeps it."""
    rows = [CalendarException(calendar=calendar, on=on, label=label, source=source) for on, label in days.items()]
    CalendarException.objects.bulk_create(rows, ignore_conflicts=True)

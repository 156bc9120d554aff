"""Publishing a calendar, and the days in it that nobody typed."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from feedback.logic.rights import LEADLOOP
from leads.logic.errors import InvalidInput, NotFound
from leads.models import JournalEntry
from sla.actions.calendar_days import extend_holidays, make_way, refresh_days
from sla.actions.calendars import publish_calendar
from sla.logic.business_time import Calendar
from sla.models import CalendarException, CalendarUse, CalendarVersion, Clock, ExceptionSource, WorkCalendar
from sla.tasks import keep_calendars
from tests.factories import RepFactory, offered, policy
from tests.sla.clock_rows import OFFICE, calendar_row, clock_row, policy_version_row, version_row

pytestmark = pytest.mark.django_db

YEAR = dt.datetime.now(dt.UTC).year
CHRISTMAS = dt.date(YEAR + 1, 12, 25)


def publish(calendar, **more):
    return publish_calendar(calendar.pk, by=LEADLOOP, **more)


def days(calendar, source=None):
    found = CalendarException.objects.filter(calendar=calendar)
    return set((found.filter(source=source) if source else found).values_list("on", flat=True))


def german(**more):
    return WorkCalendar.objects.create(name="Office", weekly=OFFICE, country="DE", **more)


def test_versions_rise_and_say_what_was_published():
    calendar = calendar_row()
    first = publish(calendar)
    CalendarException.objects.create(calendar=calendar, on=CHRISTMAS)
    CalendarException.objects.create(calendar=calendar, on=dt.date(YEAR + 1, 12, 24), intervals=[["09:00", "12:00"]])
    second = publish(calendar, moves_running=False)
    assert (first.number, second.number, second.moves_running) == (1, 2, False)
    assert second.hours["holidays"] == [CHRISTMAS.isoformat()]
    assert second.hours["date_overrides"] == {f"{YEAR + 1}-12-24": [["09:00", "12:00"]]}
    assert Calendar.from_dict(first.hours).weekly == Calendar.from_dict(second.hours).weekly
    entry = JournalEntry.objects.filter(kind="calendar.published").latest("id")
    assert entry.data == {
        "calendar": str(calendar.uid),
        "version": str(second.uid),
        "number": 2,
        "moves_running": False,
    }
    assert entry.occurred_at == second.published_at


def test_publishing_what_did_not_change_makes_no_version():
    calendar = calendar_row()
    first = publish(calendar)
    assert publish(calendar) == first
    assert JournalEntry.objects.filter(kind="calendar.published").count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weekly": {}}, "never open"),
        ({"weekly": {"mon": [["09:00", "09:00"]]}}, "end when they start"),
        ({"timezone": "Mars/Olympus"}, "no time zone"),
    ],
)
def test_what_cannot_count_is_not_published(change, says):
    calendar = calendar_row()
    publish(calendar)
    WorkCalendar.objects.filter(pk=calendar.pk).update(**change)
    with pytest.raises(InvalidInput, match=says):
        publish(calendar)
    assert calendar.versions.count() == 1
    assert JournalEntry.objects.filter(kind="calendar.published").count() == 1


def test_a_calendar_that_is_not_there():
    with pytest.raises(NotFound):
        publish_calendar(10**9, by=LEADLOOP)
    with pytest.raises(NotFound):
        refresh_days(10**9)


@pytest.mark.parametrize("statement", ["UPDATE sla_calendarversion SET number = 9", "DELETE FROM sla_calendarversion"])
def test_a_version_cannot_be_rewritten(statement):
    publish(calendar_row())
    before = list(CalendarVersion.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(CalendarVersion.objects.values()) == before


def test_who_works_by_these_hours_is_asked_whether_they_can_still_answer():
    policy()
    rep, other = RepFactory(), RepFactory()
    calendar = calendar_row()
    CalendarUse.objects.create(calendar=calendar, rep=rep)
    concerned, unconcerned = offered(rep), offered(other)
    Clock.objects.update(check_owner=False)
    publish(calendar)
    assert Clock.objects.get(handoff=concerned).check_owner
    assert not Clock.objects.get(handoff=unconcerned).check_owner


# --- public holidays -------------------------------------------------------------------------------------------------


def test_public_holidays_are_written_down_for_this_year_and_the_next_two():
    calendar = german()
    refresh_days(calendar.pk)
    found = days(calendar, ExceptionSource.HOLIDAYS)
    assert {on.year for on in found} == {YEAR, YEAR + 1, YEAR + 2}
    assert {dt.date(year, 10, 3) for year in (YEAR, YEAR + 1, YEAR + 2)} <= found
    assert CHRISTMAS.isoformat() in publish(calendar).hours["holidays"]


def test_a_region_has_its_own():
    calendar = german(subdivision="BY", holidays_until=YEAR)
    refresh_days(calendar.pk)
    assert dt.date(YEAR, 1, 6) in days(calendar)
    WorkCalendar.objects.update(subdivision="BE")
    refresh_days(calendar.pk)
    assert dt.date(YEAR, 1, 6) not in days(calendar)
    assert dt.date(YEAR, 3, 8) in days(calendar)


def test_a_refresh_never_replaces_what_was_typed():
    calendar = german()
    typed = CalendarException.objects.create(calendar=calendar, on=CHRISTMAS, intervals=[["09:00", "12:00"]])
    moving = CalendarException.objects.create(calendar=calendar, on=dt.date(YEAR + 1, 7, 7), label="Moving")
    refresh_days(calendar.pk)
    refresh_days(calendar.pk)
    assert {typed.pk, moving.pk} == set(
        CalendarException.objects.filter(source=ExceptionSource.TYPED).values_list("pk", flat=True)
    )
    assert publish(calendar).hours["date_overrides"] == {CHRISTMAS.isoformat(): [["09:00", "12:00"]]}


def test_holidays_of_years_gone_by_stay():
    calendar = german()
    past = CalendarException.objects.create(calendar=calendar, on=dt.date(YEAR - 1, 10, 3), source="holidays")
    refresh_days(calendar.pk)
    assert CalendarException.objects.filter(pk=past.pk).exists()


def test_without_a_country_they_go():
    calendar = german()
    refresh_days(calendar.pk)
    WorkCalendar.objects.update(country="")
    refresh_days(calendar.pk)
    assert not days(calendar)


@pytest.mark.parametrize(("change", "field"), [({"country": "XX"}, "country"), ({"subdivision": "ZZ"}, "subdivision")])
def test_what_is_not_known_leaves_everything_as_it_was(change, field):
    calendar = german()
    refresh_days(calendar.pk, company_days={CHRISTMAS: "Party"})
    before = list(CalendarException.objects.order_by("pk").values())
    WorkCalendar.objects.update(**change)
    with pytest.raises(InvalidInput) as refusal:
        refresh_days(calendar.pk, company_days={})
    assert refusal.value.field == field
    assert list(CalendarException.objects.order_by("pk").values()) == before


# --- company days ----------------------------------------------------------------------------------------------------


def test_a_new_file_replaces_only_what_came_from_a_file():
    calendar = german()
    first, second = dt.date(YEAR + 1, 7, 1), dt.date(YEAR + 1, 7, 2)
    typed = CalendarException.objects.create(calendar=calendar, on=dt.date(YEAR + 1, 7, 3), label="Moving")
    refresh_days(calendar.pk, company_days={first: "Outing", typed.on: "Outing"})
    assert days(calendar, "ics") == {first}
    refresh_days(calendar.pk, company_days={second: "Outing"})
    assert days(calendar, "ics") == {second}
    assert CalendarException.objects.get(on=typed.on).label == "Moving"
    refresh_days(calendar.pk)
    assert days(calendar, "ics") == {second}


def test_a_holiday_outlives_the_company_day_that_stood_on_it():
    calendar = german()
    refresh_days(calendar.pk, company_days={CHRISTMAS: "Closed week"})
    assert CalendarException.objects.get(on=CHRISTMAS).source == "ics"
    refresh_days(calendar.pk, company_days={})
    assert CalendarException.objects.get(on=CHRISTMAS).source == "holidays"


def test_what_is_typed_takes_the_place_of_the_rest():
    calendar = german()
    refresh_days(calendar.pk)
    typed = CalendarException.objects.create(calendar=calendar, on=dt.date(YEAR + 1, 7, 3))
    make_way(calendar.pk, [CHRISTMAS, typed.on])
    assert CHRISTMAS not in days(calendar)
    assert typed.on in days(calendar)


# --- what nobody has to remember -------------------------------------------------------------------------------------


def test_holidays_that_end_within_a_year_are_extended_published_and_move_clocks():
    calendar = german(holidays_until=YEAR)
    far, none = german_like(calendar, until=YEAR + 2), calendar_row()
    first = publish(calendar)
    due = dt.datetime(YEAR + 1, 12, 31, 12, tzinfo=dt.UTC)
    clock = clock_row(first, policy_version_row(calendar), due_at=due)
    (version,) = extend_holidays()
    calendar.refresh_from_db()
    assert (version.calendar, version.number, calendar.holidays_until) == (calendar, 2, YEAR + 2)
    assert {on.year for on in days(calendar)} == {YEAR, YEAR + 1, YEAR + 2}
    assert Clock.objects.get(pk=clock.pk).due_at > due
    assert not days(far)
    assert not days(none)
    assert extend_holidays() == []


def german_like(calendar, *, until):
    return WorkCalendar.objects.create(name="Far", weekly=OFFICE, country="DE", holidays_until=until)


def test_the_schedule_and_the_command_do_it(capsys):
    calendar = german(holidays_until=YEAR)
    keep_calendars()
    assert calendar.versions.count() == 1
    WorkCalendar.objects.update(holidays_until=YEAR)
    old = version_row(calendar, number=0)
    clock = clock_row(old, policy_version_row(calendar), due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=400))
    call_command("keep_calendars")
    assert "1 clocks brought to the hours in force" in capsys.readouterr().out
    assert Clock.objects.get(pk=clock.pk).calendar_version.number == 1

"""Operations edit calendars and policies; what cannot work is refused at its field, and what is saved is published."""

import datetime as dt

import pytest

from leads.models import JournalEntry
from sla.models import CalendarException, Clock, LadderStep, Policy, PolicyVersion, Target, WorkCalendar
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.factories import RepFactory, offered, policy

pytestmark = pytest.mark.django_db

WEEK = {"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "tue": [["09:00", "17:00"]]}


@pytest.fixture
def client():
    return entered(staff("operations", username="olga"))


@pytest.fixture
def calendar():
    return WorkCalendar.objects.create(name="Office", timezone="Europe/Berlin", weekly=WEEK)


def opened(client, row):
    model = f"sla_{row._meta.model_name}"
    return page(model, "change", row.pk), filled(client.get(page(model, "change", row.pk)))


def refused(client, url, posted, *, says):
    before = (list(WorkCalendar.objects.values()), list(Target.objects.values()), list(LadderStep.objects.values()))
    versions = PolicyVersion.objects.count()
    response = client.post(url, posted)
    assert response.status_code == 200
    assert says in errors_of(response)
    after = (list(WorkCalendar.objects.values()), list(Target.objects.values()), list(LadderStep.objects.values()))
    assert (after, PolicyVersion.objects.count()) == (before, versions)
    return response


# --- calendars -------------------------------------------------------------------------------------------------------


def test_hours_are_edited_a_day_a_line(client, calendar):
    url, posted = opened(client, calendar)
    assert posted["mon"] == "09:00-12:00, 13:00-17:30"
    assert "wed" not in posted or posted["wed"] == ""
    response = client.post(url, posted | {"wed": "10:00-14:00", "tue": ""}, follow=True)
    calendar.refresh_from_db()
    assert calendar.weekly == {"mon": WEEK["mon"], "wed": [["10:00", "14:00"]]}
    assert response.redirect_chain == [(url, 302)], errors_of(response)


def test_the_page_shows_the_next_fortnight_as_it_counts(client, calendar):
    CalendarException.objects.create(
        calendar=calendar, on=dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1), label="Moving house"
    )
    shown = client.get(page("sla_workcalendar", "change", calendar.pk)).content.decode()
    assert shown.count(": closed") >= 10
    assert "09:00–12:00, 13:00–17:30, 7 h 30 min" in shown


def test_a_new_calendar_with_a_day_that_differs(client):
    posted = {
        "name": "Shop",
        "timezone": "Europe/Paris",
        "sat": "10:00-18:00",
        "exceptions-TOTAL_FORMS": "2",
        "exceptions-INITIAL_FORMS": "0",
        "exceptions-0-on": "2026-12-26",
        "exceptions-0-label": "Boxing day",
        "exceptions-1-on": "2026-12-24",
        "exceptions-1-hours": "09:00-12:00",
    }
    client.post(page("sla_workcalendar", "add"), posted)
    calendar = WorkCalendar.objects.get(name="Shop")
    assert calendar.as_dict() == {
        "timezone": "Europe/Paris",
        "weekly": {"sat": [["10:00", "18:00"]]},
        "holidays": ["2026-12-26"],
        "date_overrides": {"2026-12-24": [["09:00", "12:00"]]},
    }


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("mon", "09:00-09:00", "end when they start"),
        ("mon", "24:00-25:00", "is not a time"),
        ("mon", "25:61-26:00", "is not a time"),
        ("mon", "09:00-08:59", "overnight hours last at most"),
        ("mon", "09:00-12:00, 11:00-13:00", "overlap"),
        ("mon", "０９:00-12:00", "is not a time"),
        ("mon", "nine to five", "is not a span of hours"),
        ("timezone", "EST5", "Select a valid choice"),
        ("timezone", "UTC+25", "Select a valid choice"),
        ("timezone", "../../etc/passwd", "Select a valid choice"),
        ("timezone", "", "required"),
        ("name", "   ", "required"),
        ("name", "x" * 5000, "at most 100 characters"),
        ("name", "a\x00b", "Null characters"),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_field(client, calendar, field, value, says):
    url, posted = opened(client, calendar)
    response = refused(client, url, posted | {field: value}, says=says)
    assert field in response.context["adminform"].form.errors


def test_a_calendar_that_never_opens_is_refused(client, calendar):
    url, posted = opened(client, calendar)
    refused(client, url, posted | {"mon": "", "tue": ""}, says="never open")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"on": "2026-02-29"}, "valid date"),
        ({"on": "9999-12-31"}, "outside the years"),
        ({"on": "0001-01-01"}, "outside the years"),
        ({"on": "2026-12-24", "hours": "12:00-12:00"}, "end when they start"),
        ({"on": "2026-12-24", "hours": "noon"}, "is not a span of hours"),
    ],
)
def test_days_that_make_no_sense_are_refused(client, calendar, values, says):
    url, posted = opened(client, calendar)
    added = {f"exceptions-0-{name}": value for name, value in values.items()} | {"exceptions-TOTAL_FORMS": "1"}
    refused(client, url, posted | added, says=says)
    assert not CalendarException.objects.exists()


def test_a_day_named_twice_is_refused(client, calendar):
    url, posted = opened(client, calendar)
    twice = {"exceptions-TOTAL_FORMS": "2", "exceptions-0-on": "2026-12-24", "exceptions-1-on": "2026-12-24"}
    refused(client, url, posted | twice, says="duplicate")


def test_saving_a_calendar_publishes_what_counts_in_it(client):
    made = policy(weekly=WEEK)
    url, posted = opened(client, made.calendar)
    client.post(url, posted | {"tue": "08:00-12:00"})
    assert made.versions.latest("number").rules["calendar"]["weekly"]["tue"] == [["08:00", "12:00"]]
    assert made.versions.count() == 2


def test_two_who_edit_at_once_are_told(client, calendar):
    url, posted = opened(client, calendar)
    client.post(url, posted | {"mon": "08:00-12:00"})
    refused(client, url, posted | {"mon": "10:00-12:00"}, says="Somebody else saved this")

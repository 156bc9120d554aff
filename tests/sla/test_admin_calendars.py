"""Operations edit calendars; what cannot work is refused at its field, and what is saved is published."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from sla.models import CalendarException, CalendarUse, CalendarVersion, Clock, WorkCalendar
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.factories import RepFactory, policy
from tests.sla.clock_rows import clock_row

pytestmark = pytest.mark.django_db

YEAR = dt.datetime.now(dt.UTC).year

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


def stands():
    rows = (WorkCalendar, CalendarException, CalendarUse, CalendarVersion, Clock)
    return [list(row.objects.order_by("pk").values()) for row in rows]


def refused(client, url, posted, *, says):
    before = stands()
    response = client.post(url, posted)
    assert response.status_code == 200
    assert says in errors_of(response)
    assert stands() == before
    return response


# --- hours and days --------------------------------------------------------------------------------------------------


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
        "uses-TOTAL_FORMS": "0",
        "uses-INITIAL_FORMS": "0",
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


@pytest.mark.parametrize(("choice", "moves"), [(None, True), ("follow", True), ("keep", False)])
def test_saving_publishes_and_running_clocks_follow_unless_told_otherwise(client, choice, moves):
    made = policy(weekly=WEEK | {"sun": [["00:00", "24:00"]]})
    first = made.calendar.versions.get()
    clock = clock_row(first, made.versions.get(), due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=20))
    url, posted = opened(client, made.calendar)
    assert posted.pop("clocks") == "follow"
    response = client.post(url, posted | {"sun": ""} | ({"clocks": choice} if choice else {}), follow=True)
    version = made.calendar.versions.latest("number")
    assert (version.number, version.moves_running) == (2, moves)
    after = Clock.objects.get(pk=clock.pk)
    assert (after.calendar_version, after.due_at > clock.due_at) == ((version, True) if moves else (first, False))
    said = [str(message) for message in response.context["messages"]]
    assert ("count these hours from now on" in said[0]) is moves
    assert made.versions.count() == 1, "a policy names a calendar, not a version of it"


def test_saving_without_a_change_publishes_nothing(client, calendar):
    url, posted = opened(client, calendar)
    client.post(url, posted)
    again = client.post(url, opened(client, calendar)[1], follow=True)
    assert calendar.versions.count() == 1
    assert "stays in force" in str(next(iter(again.context["messages"])))


def test_hours_in_which_a_running_clock_never_ends_are_refused_whole(client):
    made = policy(weekly=WEEK)
    clock_row(made.calendar.versions.get(), made.versions.get(), due_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=90))
    url, posted = opened(client, made.calendar)
    once = {"exceptions-TOTAL_FORMS": "1", "exceptions-0-on": f"{YEAR + 1}-12-24", "exceptions-0-hours": "09:00-09:01"}
    before = stands()
    response = client.post(url, posted | once | {"mon": "", "tue": ""}, follow=True)
    assert "Nothing was saved" in str(next(iter(response.context["messages"])))
    assert stands() == before


def test_two_who_edit_at_once_are_told(client, calendar):
    url, posted = opened(client, calendar)
    client.post(url, posted | {"mon": "08:00-12:00"})
    refused(client, url, posted | {"mon": "10:00-12:00"}, says="Somebody else saved this")


# --- preview ---------------------------------------------------------------------------------------------------------


def previewed(client, url, posted):
    """The page after Preview; nothing may have been written."""
    before = stands()
    response = client.post(url, posted | {"_preview": "Preview"})
    assert response.status_code == 200
    assert stands() == before
    return response


def test_a_preview_shows_the_fortnight_and_writes_nothing(client, calendar):
    url, posted = opened(client, calendar)
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    every = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "07:00-07:30")
    closed = {"exceptions-TOTAL_FORMS": "1", "exceptions-0-on": tomorrow.isoformat()}
    response = previewed(client, url, posted | every | closed)
    shown = response.context["preview"]["days"]
    assert len(shown) == 14
    assert [line.endswith(": 07:00–07:30, 30 min") for line in shown].count(True) == 13
    assert shown[1].endswith(": closed")
    assert not response.context["errors"]
    assert filled(response)["wed"] == "07:00-07:30", "what was typed stands in the page still"
    saved = client.post(url, filled(response) | closed)
    assert saved.status_code == 302
    assert calendar.versions.get().hours["weekly"]["wed"] == [["07:00", "07:30"]]


def test_a_preview_of_a_new_calendar(client):
    posted = {
        **dict.fromkeys(("exceptions-TOTAL_FORMS", "exceptions-INITIAL_FORMS"), "0"),
        **dict.fromkeys(("uses-TOTAL_FORMS", "uses-INITIAL_FORMS"), "0"),
    }
    hours = {"name": "New", "timezone": "UTC", "sun": "09:00-10:00", "country": "DE", "subdivision": "BY"}
    response = previewed(client, page("sla_workcalendar", "add"), posted | hours)
    assert any("Epiphany" in line for line in response.context["preview"]["holidays"])


def test_a_preview_says_what_is_refused_as_saving_would(client, calendar):
    url, posted = opened(client, calendar)
    response = previewed(client, url, posted | {"mon": "", "tue": ""})
    assert "never open" in errors_of(response)
    assert response.context["preview"] is None


# --- whose hours, and versions ---------------------------------------------------------------------------------------


def test_whose_hours_these_are(client, calendar):
    rep = RepFactory()
    url, posted = opened(client, calendar)
    uses = {"uses-TOTAL_FORMS": "3", "uses-0-rep": rep.pk, "uses-1-team": rep.team.pk, "uses-2-country": "FR"}
    response = client.post(url, posted | uses)
    assert response.status_code == 302, errors_of(response)
    assert set(CalendarUse.objects.values_list("calendar", "rep", "team", "country")) == {
        (calendar.pk, rep.pk, None, None),
        (calendar.pk, None, rep.team.pk, None),
        (calendar.pk, None, None, "FR"),
    }


def test_a_use_is_of_one_thing_and_a_rep_has_one_calendar(client, calendar):
    rep = RepFactory()
    url, posted = opened(client, calendar)
    both = {"uses-TOTAL_FORMS": "1", "uses-0-rep": rep.pk, "uses-0-country": "FR"}
    refused(client, url, posted | both, says="one of them")
    refused(client, url, posted | {"uses-TOTAL_FORMS": "1", "uses-0-country": "XX"}, says="Select a valid choice")
    other = WorkCalendar.objects.create(name="Other", weekly=WEEK)
    CalendarUse.objects.create(calendar=other, rep=rep)
    refused(client, url, posted | {"uses-TOTAL_FORMS": "1", "uses-0-rep": rep.pk}, says="already exists")


def test_versions_are_listed_and_compared_in_words(client, calendar):
    url = reverse("admin:sla_workcalendar_versions", args=[calendar.pk])
    assert "never published" in client.get(url).content.decode()
    change, posted = opened(client, calendar)
    client.post(change, posted)
    closed = {"exceptions-TOTAL_FORMS": "1", "exceptions-0-on": f"{YEAR + 1}-12-24"}
    client.post(change, opened(client, calendar)[1] | closed | {"tue": "09:00-12:00", "timezone": "UTC"})
    response = client.get(url)
    assert response.context["differences"] == [
        "Time zone: Europe/Berlin becomes UTC.",
        "Tuesday: 09:00-17:00 becomes 09:00-12:00.",
        f"{YEAR + 1}-12-24: as every week becomes closed.",
    ]
    first, second = calendar.versions.order_by("number")
    back = client.get(url, {"old": second.pk, "new": first.pk})
    assert back.context["differences"][1] == "Tuesday: 09:00-12:00 becomes 09:00-17:00."
    for wrong in ({"old": "x"}, {"old": 10**30}, {"new": "a\x00b"}):
        assert client.get(url, wrong).status_code == 200
    assert client.get(reverse("admin:sla_workcalendar_versions", args=[10**9])).status_code == 404


def test_versions_are_for_those_who_may_see_calendars(client, calendar):
    url = reverse("admin:sla_workcalendar_versions", args=[calendar.pk])
    assert entered(staff("marketer", username="mara")).get(url).status_code == 403
    assert Client().get(url).status_code == 302


def test_the_page_asks_a_number_of_questions_that_does_not_follow_the_days(
    client, calendar, django_assert_max_num_queries
):
    days = [
        CalendarException(calendar=calendar, on=dt.date(YEAR, 1, 1) + dt.timedelta(days=day), source="ics")
        for day in range(600)
    ]
    CalendarException.objects.bulk_create(days)
    client.get(page("sla_workcalendar", "change", calendar.pk))
    with django_assert_max_num_queries(30):
        client.get(page("sla_workcalendar", "change", calendar.pk))


# --- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["exceptions", "uses"])
@pytest.mark.parametrize("count", ["201", "99999"])
def test_more_rows_than_a_page_has_are_refused_without_being_built(client, calendar, rows, count):
    url, posted = opened(client, calendar)
    more = {f"{rows}-TOTAL_FORMS": count, "wed": "10:00-14:00"}
    response = refused(client, url, posted | more, says="at most 200 forms")
    built = {one.formset.prefix: len(one.formset.forms) for one in response.context["inline_admin_formsets"]}
    assert built[rows] == 0

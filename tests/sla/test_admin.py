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


# --- policies --------------------------------------------------------------------------------------------------------


def test_a_policy_is_typed_saved_and_published(client, calendar):
    posted = {
        "name": "Standard",
        "position": "1",
        "is_active": "on",
        "calendar": calendar.pk,
        "valid_from": "2026-01-01T00:00:00",
        "targets-TOTAL_FORMS": "1",
        "targets-INITIAL_FORMS": "0",
        "targets-0-key": "decide",
        "targets-0-within": "4 h",
        "targets-0-ladder": "75 %: remind the owner\r\ndeadline: tell the owner\r\n+90 min: give it to the next rep",
    }
    response = client.post(page("sla_policy", "add"), posted)
    assert response.status_code == 302, errors_of(response)
    made = Policy.objects.get(name="Standard")
    assert [step["action"] for step in made.versions.get().rules["targets"]["decide"]["steps"]] == [
        "warn",
        "notify_owner",
        "reassign",
    ]
    assert made.targets.get().minutes == 240
    assert JournalEntry.objects.get(kind="policy.published").via == "admin"


def test_editing_publishes_a_new_version_and_running_clocks_keep_theirs(client):
    made = policy()
    rep = RepFactory()
    handoff = offered(rep)
    url, posted = opened(client, made)
    assert posted["targets-0-within"] == "1 h"
    client.post(url, posted | {"targets-0-within": "30 min"})
    assert made.versions.count() == 2
    assert Clock.objects.get(handoff=handoff).version.number == 1
    assert offered(rep).clocks.get().version.number == 2


def test_saving_without_a_change_publishes_nothing(client):
    made = policy()
    url, posted = opened(client, made)
    response = client.post(url, posted)
    assert response.status_code == 302, errors_of(response)
    assert made.versions.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("within", "PT1H", "is not a duration"),
        ("within", "1:30", "is not a duration"),
        ("within", "１５ min", "is not a duration"),
        ("within", "0 min", "at least 1 min"),
        ("within", "99999 h", "is not a duration"),
        ("within", "8761 h", "at most a year"),
        ("within", "", "required"),
        ("ladder", "50 %: expire the handoff", "Line 1: Nobody loses"),
        ("ladder", "+1 h: expire the handoff\n+2 h: tell the owner", "Line 2: Nothing can follow"),
        ("ladder", "deadline: tell the owner\n" * 11, "at most 10 steps"),
        ("ladder", "deadline: {lead.__class__}", "Line 1"),
        ("key", "owner__password", "Select a valid choice"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused(client, field, value, says):
    url, posted = opened(client, policy())
    refused(client, url, posted | {f"targets-0-{field}": value}, says=says)


def test_only_an_undecided_handoff_expires(client):
    made = policy(targets=("first_attempt",))
    url, posted = opened(client, made)
    ladder = {"targets-0-ladder": "+1 h: expire the handoff"}
    refused(client, url, posted | ladder, says="Only an undecided handoff can expire")


def test_a_policy_promises_something(client):
    url, posted = opened(client, policy())
    refused(client, url, posted | {"targets-0-DELETE": "on"}, says="at least 1 form")


def test_a_policy_ends_after_it_begins(client):
    url, posted = opened(client, policy())
    refused(client, url, posted | {"valid_until": "2019-01-01T00:00"}, says="violated")


def test_a_name_is_only_text(client):
    url, posted = opened(client, policy())
    client.post(url, posted | {"name": "<script>alert(1)</script>"})
    listed = client.get(page("sla_policy")).content.decode()
    assert "<script>alert(1)" not in listed
    assert "&lt;script&gt;alert(1)" in listed


def test_versions_clocks_and_steps_are_only_looked_at(client):
    policy()
    offered(RepFactory())
    for model, row in (("policyversion", PolicyVersion), ("clock", Clock)):
        pk = row.objects.get().pk
        shown = client.get(page(f"sla_{model}", "change", pk))
        assert shown.status_code == 200
        assert 'name="_save"' not in shown.content.decode()
        assert client.post(page(f"sla_{model}", "change", pk), {"number": 9, "state": "stopped"}).status_code == 403
        assert client.get(page(f"sla_{model}", "add")).status_code == 403
        assert client.post(page(f"sla_{model}", "delete", pk), {"post": "yes"}).status_code == 403
    assert client.get(page("sla_escalation")).status_code == 200
    assert "75 %: remind the owner" in client.get(
        page("sla_policyversion", "change", PolicyVersion.objects.get().pk)
    ).content.decode().replace("<br>", "\n")

"""Public holidays and company days in the admin: previewed, written down, replaced only by their own kind."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sla.models import CalendarException, WorkCalendar
from tests.admin_pages import entered, errors_of, filled, staff
from tests.sla.test_admin_calendars import WEEK, YEAR, opened, previewed, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return entered(staff("operations", username="olga"))


@pytest.fixture
def calendar():
    return WorkCalendar.objects.create(name="Office", timezone="Europe/Berlin", weekly=WEEK)


ICS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:Summer party
DTSTART;VALUE=DATE:{year}0701
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Lunch
DTSTART:{year}0702T120000Z
END:VEVENT
END:VCALENDAR
"""


def ics(text=ICS):
    return SimpleUploadedFile("days.ics", text.format(year=YEAR + 1).encode(), content_type="text/calendar")


def test_holidays_of_a_region_are_written_down_listed_and_refreshed(client, calendar):
    url, posted = opened(client, calendar)
    client.post(url, posted | {"country": "DE", "subdivision": "BY"})
    calendar.refresh_from_db()
    assert (calendar.country, calendar.subdivision, calendar.holidays_until) == ("DE", "BY", YEAR + 2)
    assert f"{YEAR + 1}-01-06" in calendar.versions.latest("number").hours["holidays"]
    shown = client.get(url).content.decode()
    assert f"{YEAR + 1}: Epiphany" in shown
    assert '<option value="BY" selected>Bayern</option>' in shown
    posted = opened(client, calendar)[1]
    assert posted["exceptions-INITIAL_FORMS"] == 0, "only what was typed is edited here"
    client.post(url, posted | {"subdivision": ""})
    assert f"{YEAR + 1}-01-06" not in calendar.versions.latest("number").hours["holidays"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"country": "DE", "subdivision": "ZZ"}, "subdivision"),
        ({"country": "DE", "holidays_until": "2199"}, "holidays_until"),
        ({"country": "DE", "holidays_until": "soon"}, "holidays_until"),
    ],
)
def test_holidays_that_are_not_known_are_refused_at_their_field(client, calendar, values, field):
    url, posted = opened(client, calendar)
    response = refused(client, url, posted | values, says="")
    assert list(response.context["adminform"].form.errors) == [field]


def test_a_typed_day_takes_the_place_of_a_holiday(client, calendar):
    url, posted = opened(client, calendar)
    client.post(url, posted | {"country": "DE"})
    typed = {"exceptions-TOTAL_FORMS": "1", "exceptions-0-on": f"{YEAR + 1}-10-03", "exceptions-0-hours": "09:00-12:00"}
    response = client.post(url, opened(client, calendar)[1] | typed)
    assert response.status_code == 302, errors_of(response)
    hours = calendar.versions.latest("number").hours
    assert hours["date_overrides"] == {f"{YEAR + 1}-10-03": [["09:00", "12:00"]]}
    client.post(url, opened(client, calendar)[1] | {"exceptions-0-DELETE": "on"})
    assert f"{YEAR + 1}-10-03" in calendar.versions.latest("number").hours["holidays"]


def test_company_days_are_previewed_taken_without_the_file_and_replaced(client, calendar):
    url, posted = opened(client, calendar)
    response = previewed(client, url, posted | {"company_days": ics()})
    shown = response.context["preview"]
    assert [line.partition(": ")[2] for line in shown["company_days"]] == ["Summer party"] * 2
    assert shown["left_out"] == ("Lunch: it has times of day; only whole days are taken.",)
    client.post(url, filled(response))
    days = CalendarException.objects.filter(calendar=calendar, source="ics")
    assert list(days.values_list("on", flat=True)) == [dt.date(YEAR + 1, 7, 1), dt.date(YEAR + 2, 7, 1)]
    client.post(url, opened(client, calendar)[1])
    assert days.count() == 2, "without a file they stay"
    client.post(url, opened(client, calendar)[1] | {"company_days": ics(ICS.replace("0701", "0801"))})
    assert list(days.values_list("on", flat=True)) == [dt.date(YEAR + 1, 8, 1), dt.date(YEAR + 2, 8, 1)]
    client.post(url, opened(client, calendar)[1] | {"forget_company_days": "on"})
    assert not days.exists()


@pytest.mark.parametrize(
    ("posted", "says"),
    [
        ({"company_days": ("x.ics", b"<html>")}, "no iCalendar file"),
        ({"company_days": ("x.ics", b"BEGIN:VCALENDAR" + b"x" * 2_000_000)}, "larger than 1 MB"),
        ({"company_days": ("x.ics", ICS.format(year=9998).encode())}, "outside the years"),
        ({"company_days": ("x.ics", b"\x00" * 50)}, "no iCalendar file|characters that no calendar has"),
        ({"company_days_read": "{"}, "could not be read back"),
        ({"company_days_read": '[["soon", "x"]]'}, "could not be read back"),
        ({"company_days_read": '[["0001-01-01", "x"]]'}, "too many company days"),
        ({"company_days_read": "[" * 100_000}, "could not be read back"),
        ({"company_days_read": "7"}, "could not be read back"),
        ({"company_days_read": '[["2026-01-02", "\\ud800"]]'}, "could not be read back"),
        ({"company_days_read": '[["2026-01-02", {}]]'}, "could not be read back"),
    ],
)
def test_a_file_that_is_none_is_refused_and_nothing_is_half_written(client, calendar, posted, says):
    url, whole = opened(client, calendar)
    posted = {name: SimpleUploadedFile(*value) if isinstance(value, tuple) else value for name, value in posted.items()}
    response = refused(client, url, whole | {"wed": "09:00-10:00"} | posted, says="")
    assert list(response.context["adminform"].form.errors) == ["company_days"]
    assert re.search(says, errors_of(response))

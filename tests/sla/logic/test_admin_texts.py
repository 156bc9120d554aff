"""Hours as people type them: what was written is read back, and a slip is named."""

import datetime as dt

import pytest

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar
from sla.logic.hours_text import days_as_counted, parse_hours, write_hours


@pytest.mark.parametrize("text", ["09:00-12:00, 13:00-17:30", "00:00-24:00", ""])
def test_hours_are_read_back_as_they_were_written(text):
    assert write_hours(parse_hours(text, field="mon")) == text


def test_hours_may_be_typed_with_any_dash():
    assert parse_hours("09:00–12:00,13:00 — 17:00", field="mon") == [["09:00", "12:00"], ["13:00", "17:00"]]


@pytest.mark.parametrize("text", ["09:00", "09:00-", "9-5-3", ",", "09:00-12:00,", "x" * 500])
def test_what_is_no_list_of_hours_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        parse_hours(text, field="mon")
    assert caught.value.field == "mon"


def test_the_days_are_told_as_they_count():
    calendar = Calendar.from_dict(
        {
            "timezone": "Europe/Berlin",
            "weekly": {"fri": [["09:00", "12:00"], ["13:00", "17:30"]], "sat": [["22:00", "06:00"]]},
            "holidays": [],
        }
    )
    told = list(days_as_counted(calendar, dt.datetime(2026, 10, 22, 22, 30, tzinfo=dt.UTC), days=4))
    assert told == [
        "Fri 23 Oct: 09:00–12:00, 13:00–17:30, 7 h 30 min",
        "Sat 24 Oct: 22:00–24:00, 2 h",
        # The clock goes back at three: the small hours are longer by one.
        "Sun 25 Oct: 00:00–06:00, 7 h",
        "Mon 26 Oct: closed",
    ]

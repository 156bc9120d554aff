"""Windows of the reader's days and months."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.logic.periods import day_start, months, previous_months, read_period, span_words
from leads.logic.errors import InvalidInput

BERLIN, TODAY = ZoneInfo("Europe/Berlin"), dt.date(2026, 11, 22)
ZONES = sorted(available_timezones() - {"localtime"})


def read(key="", start="", end="", zone=BERLIN):
    return read_period(key, start=start, end=end, today=TODAY, zone=zone)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00"),
        ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00"),
        ("Asia/Kathmandu", "2026-11-22", "2026-11-21T18:15"),
        # The clocks go from 24:00 to 01:00: the day begins at one o'clock.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),
        # The clocks go from 24:00 back to 23:00: midnight comes once, an hour later.
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00"),
        # From 23:30 to 00:30: the day begins at half past twelve.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),
        # The 30th was left out; it begins where the 31st does.
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        # Midnight comes twice: the day begins with the first.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone, day, start):
    assert day_start(dt.date.fromisoformat(day), zone=ZoneInfo(zone)) == utc(start)


@given(st.dates(dt.date(1972, 1, 1), dt.date(2040, 1, 1)), st.sampled_from(ZONES))
def test_days_follow_each_other_without_a_gap(day, zone_name):
    zone = ZoneInfo(zone_name)
    start, following = day_start(day, zone=zone), day_start(day + dt.timedelta(days=1), zone=zone)
    assert start <= following
    if start < following:
        assert start.astimezone(zone).date() == day
        assert (following - dt.timedelta(microseconds=1)).astimezone(zone).date() == day
        assert (start - dt.timedelta(microseconds=1)).astimezone(zone).date() < day


def test_weeks_end_today_and_compare_with_as_many_before():
    period = read("12w")
    assert (period.first_on, period.last_on) == (dt.date(2026, 8, 31), TODAY)
    assert period.window.end_at == utc("2026-11-22T23:00")
    assert period.window.start_at == utc("2026-08-30T22:00")
    assert (period.before.start_at, period.before.end_at) == (utc("2026-06-07T22:00"), period.window.start_at)
    assert read("") == period


def test_a_month_is_compared_with_the_month_before():
    period = read("2026-03")
    assert (period.window.start_at, period.window.end_at) == (utc("2026-02-28T23:00"), utc("2026-03-31T22:00"))
    assert (period.before.start_at, period.before.end_at) == (utc("2026-01-31T23:00"), period.window.start_at)
    assert read("2026-01").before.start_at == utc("2025-11-30T23:00")
    assert read("2025-12").window.end_at == utc("2025-12-31T23:00")


def test_own_days_are_half_open_and_may_lack_one_end():
    assert read("", "2026-10-05", "2026-10-06") == read("2026-10-05..2026-10-06")
    period = read("2026-10-05..2026-10-12")
    assert (period.first_on, period.last_on) == (dt.date(2026, 10, 5), dt.date(2026, 10, 11))
    assert read("", "2026-10-05").window.end_at is None
    assert read("", "", "2026-10-05").window == read("..2026-10-05").window
    assert read("", "", "2026-10-05").before is None


def test_all_time_is_open():
    assert read("all").window.start_at is read("all").window.end_at is None


@pytest.mark.parametrize(
    ("key", "start", "end", "field"),
    [
        ("13w", "", "", "period"),
        ("2026-13", "", "", "period"),
        ("2026-00", "", "", "period"),
        ("9999-12", "", "", "period"),
        ("٢٠٢٦-10", "", "", "period"),
        ("2026-1", "", "", "period"),
        ("..", "", "", "period"),
        ("12w", "2026-10-01", "", "period"),
        ("", "2026-12-31", "2026-01-01", "from"),
        ("", "2026-01-01", "2026-01-01", "to"),
        ("", "2026-02-30", "", "from"),
        ("", "2026-03-29T02:30", "", "from"),
        ("", "", "31.12.2026", "to"),
        ("", "0001-01-01", "", "from"),
        ("", "", "9999-12-31", "to"),
        ("", "2026-01-01 ", "", "from"),
        ("", "20260101", "", "from"),
        ("2026-01-01..2026-02-01..2026-03-01", "", "", "to"),
    ],
)
def test_what_is_no_period_is_refused_by_name(key, start, end, field):
    with pytest.raises(InvalidInput) as refused:
        read(key, start, end)
    assert refused.value.field == field
    assert field in refused.value.message


def test_months_of_a_zone_cover_the_window():
    found = months(utc("2026-01-31T23:30"), utc("2026-03-01T00:00"), zone=BERLIN)
    assert [month.key for month in found] == ["2026-02", "2026-03"]
    assert found[0].end_at == found[1].start_at == utc("2026-02-28T23:00")
    assert [month.key for month in months(utc("2026-01-31T22:30"), utc("2026-02-01"), zone=BERLIN)] == [
        "2026-01", "2026-02",
    ]  # fmt: skip
    assert months(utc("2026-01-31"), utc("2026-01-31"), zone=dt.UTC)[0].key == "2026-01"


def test_previous_months_cross_the_year():
    assert previous_months(dt.date(2026, 2, 28), 4) == ("2026-02", "2026-01", "2025-12", "2025-11")


def test_spans_in_words():
    assert span_words(dt.date(2026, 8, 24), dt.date(2026, 11, 15)) == "24 Aug to 15 Nov 2026"
    assert span_words(dt.date(2025, 12, 24), dt.date(2026, 1, 2)) == "24 Dec 2025 to 2 Jan 2026"
    assert span_words(None, dt.date(2026, 1, 2)) == "until 2 Jan 2026"
    assert span_words(dt.date(2026, 1, 2), None) == "since 2 Jan 2026"
    assert span_words(dt.date(2026, 1, 2), dt.date(2026, 1, 2)) == "on 2 Jan 2026"
    assert span_words(None, None) == "at any time"

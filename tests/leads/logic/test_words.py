"""Figures and instants read as people say them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic import words

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 5, 13, 0, tzinfo=dt.UTC)  # a Thursday, 14:00 in Paris


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.614, 0, "61 %"),
        (0.614, 1, "61.4 %"),
        (0, 0, "0 %"),
        (1, 0, "100 %"),
        (0.004, 0, "under 1 %"),
        (0.004, 1, "0.4 %"),
        (0.9996, 0, "over 99 %"),
        (0.9996, 1, "over 99.9 %"),
        (None, 0, "–"),
    ],
)
def test_rate(share: float | None, digits: int, said: str):
    assert words.rate_words(share, digits=digits) == said


@given(st.floats(min_value=0, max_value=1))
def test_a_rate_never_says_none_or_all_when_it_is_not(share: float):
    said = words.rate_words(share)
    assert (said == "0 %") <= (share == 0)
    assert (said == "100 %") <= (share == 1)


def test_interval():
    assert words.interval_words(0.58, 0.642) == "58 to 64 %"
    assert words.interval_words(None, 0.6) == "–"


@pytest.mark.parametrize(
    ("change", "said"), [(0.004, "+0.4 pt"), (-0.031, "−3.1 pt"), (0, "±0.0 pt"), (-0.0001, "±0.0 pt"), (None, "–")]
)
def test_points(change: float | None, said: str):
    assert words.points_words(change) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (minutes(108), "1 h 48 m"),
        (minutes(120), "2 h"),
        (minutes(18.9), "18 min"),
        (minutes(0.5), "under a minute"),
        (dt.timedelta(days=2, hours=18, minutes=59), "2 d 18 h"),
        (dt.timedelta(days=3, minutes=1), "3 d"),
        (minutes(-40), "40 min"),
        (None, "–"),
    ],
)
def test_duration(amount: dt.timedelta | None, said: str):
    assert words.duration_words(amount) == said


def test_left():
    assert words.left_words(minutes(18)) == "18 min left"
    assert words.left_words(minutes(-40)) == "40 min late"
    assert words.left_words(minutes(0)) == "under a minute left"
    assert words.left_words(None) == "–"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-05T12:41:00Z", "today 13:41"),
        ("2026-11-05T23:30:00Z", "tomorrow 00:30"),
        ("2026-11-04T15:20:00Z", "yesterday 16:20"),
        ("2026-10-30T08:00:00Z", "Fri 09:00"),
        ("2026-11-11T08:30:00Z", "Wed 09:30"),
        ("2026-10-29T08:00:00Z", "29 Oct"),
        ("2024-11-03T08:00:00Z", "3 Nov 2024"),
    ],
)
def test_when_is_said_in_the_zone_of_the_reader(at: str, said: str):
    assert words.when_words(dt.datetime.fromisoformat(at), now=NOW, zone=PARIS) == said


def test_full():
    assert words.full_words(NOW, zone=PARIS) == "Thu 5 November 2026, 14:00 CET"


@pytest.mark.parametrize(
    ("distance", "said", "state"),
    [
        (minutes(-40), "40 min late", "late"),
        (minutes(18), "18 min left", "now"),
        (minutes(70), "1 h 10 m", "soon"),
        (minutes(180), "by 17:00", "later"),
        (dt.timedelta(hours=20, minutes=15), "tomorrow 10:15", "later"),
        (dt.timedelta(days=3, hours=19, minutes=30), "Mon 09:30", "later"),
        (dt.timedelta(days=20), "25 Nov 14:00", "later"),
    ],
)
def test_due(distance: dt.timedelta, said: str, state: str):
    assert words.due_words(NOW + distance, now=NOW, zone=PARIS) == words.Due(said, state)

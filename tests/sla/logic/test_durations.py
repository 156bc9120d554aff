"""One way to type a duration, and how lengths read on pages."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic.durations import LONGEST_MINUTES, format_minutes, in_words, parse_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("4 h", 240),
        ("30 min", 30),
        ("1 h 30 min", 90),
        ("90 min", 90),
        (" 1 h 5 min ", 65),
        ("1 min", 1),
        ("8760 h", 525_600),
    ],
)
def test_read(text, minutes):
    assert parse_minutes(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "PT1H",
        "1:30",
        "15",
        "１５ min",
        "٣ h",
        "2 d",
        "1.5 h",
        "1,5 h",
        "-4 h",
        "+4 h",
        "4h",
        "4  h",
        "4 h30 min",
        "30 min 1 h",
        "1 h 60 min",
        "1 h 1 h",
        "0 min",
        "0 h",
        "0 h 0 min",
        "8761 h",
        "525601 min",
        "99999999999 min",
        "4 H",
        "4 h\n",
        "1e3 min",
        "four hours",
        "4 h 30",
        "h",
        "min",
        None,
        240,
        1.5,
        ["4 h"],
        "\x00",
        "9" * 5000,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_refused(text):
    with pytest.raises(InvalidInput) as refused:
        parse_minutes(text, field="targets[0].amount")
    assert refused.value.field == "targets[0].amount"
    assert len(refused.value.message) < 200


@given(st.integers(1, LONGEST_MINUTES))
def test_what_is_shown_can_be_typed(minutes):
    assert parse_minutes(format_minutes(minutes)) == minutes


@pytest.mark.parametrize(("minutes", "text"), [(30, "30 min"), (60, "1 h"), (90, "1 h 30 min"), (1440, "24 h")])
def test_written(minutes, text):
    assert format_minutes(minutes) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=18, seconds=59), "18 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=2, hours=18, minutes=50), "2 d 18 h"),
        (timedelta(days=3, minutes=50), "3 d"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(minutes=-40), "40 min"),
        (timedelta(seconds=-90), "1 min"),
        (timedelta(seconds=59), "under 1 min"),
        (timedelta(), "0 min"),
    ],
    ids=str,
)
def test_in_words(length, text):
    assert in_words(length) == text

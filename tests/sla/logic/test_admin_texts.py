"""Ladders and hours as people type them: what was written is read back, and a slip is named."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.business_time import Calendar
from sla.logic.hours_text import days_as_counted, parse_hours, write_hours
from sla.logic.ladder import StepRule
from sla.logic.ladder_text import WORDS, parse_ladder, write_ladder
from sla.models import StepAction

telling = st.sampled_from([ladder.WARN, ladder.NOTIFY_OWNER, ladder.NOTIFY_MANAGER])
before = st.builds(StepRule, telling, percent=st.integers(1, 99))
after = st.builds(
    StepRule, st.one_of(telling, st.just(ladder.REASSIGN)), minutes_after=st.integers(0, ladder.MOST_MINUTES_AFTER)
)


@given(st.lists(st.one_of(before, after), max_size=10))
def test_a_ladder_is_read_back_as_it_was_written(steps):
    assert sorted(map(repr, parse_ladder(write_ladder(steps)))) == sorted(map(repr, steps))


@given(st.text(max_size=200))
def test_any_text_is_a_ladder_or_refused(text):
    with contextlib.suppress(InvalidInput):
        ladder.check(parse_ladder(text))


def test_the_words_are_those_of_the_model():
    assert {action.value: action.label for action in StepAction} == WORDS


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("75%: remind the owner\n50 %: give it to the next rep", "Line 2: Nobody loses a handoff before"),
        ("deadline: expire the handoff\n\n+1 h: tell the owner", "Line 3: Nothing can follow"),
        ("+1 h: expire the handoff\n+1 h: expire the handoff", "Line 2: A handoff expires once"),
        ("1:30: tell the owner", "Line 1: write when"),
        ("PT1H: tell the owner", "Line 1: write 75 %"),
        ("+１ h: tell the owner", "Line 1: "),
        ("deadline: tell everybody", "Line 1: write when"),
        ("0 %: remind the owner", "Line 1: A step before the deadline"),
        ("deadline: tell the owner\n" * 11, "A ladder has at most 10 steps"),
        ("x" * 3000, "A ladder has at most 10 steps"),
    ],
)
def test_a_slip_is_named_with_its_line(text, line):
    with pytest.raises(InvalidInput, match=line):
        parse_ladder(text)


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

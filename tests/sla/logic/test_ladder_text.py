"""Ladders as people type them: what was written is read back, and a slip is named with its line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.ladder import StepRule
from sla.logic.ladder_text import WORDS, Names, parse_ladder, write_ladder
from sla.models import StepAction

NAMES = Names({"sales alerts": "c-1", 'the "loud" one': "c-2"}, {"overdue": "t-1", "using words": "t-2"})

template = st.sampled_from(["", "t-1", "t-2"])
mailing = st.sampled_from(sorted(ladder.TELLING))
harmless = st.just(ladder.RAISE_PRIORITY)
channel = st.sampled_from(["c-1", "c-2"])
place = st.one_of(
    st.fixed_dictionaries({"percent": st.integers(1, 99)}),
    st.fixed_dictionaries({"minutes_before": st.integers(1, ladder.MOST_MINUTES)}),
    st.fixed_dictionaries({"minutes_after": st.integers(0, ladder.MOST_MINUTES)}),
)
after = st.fixed_dictionaries({"minutes_after": st.integers(0, ladder.MOST_MINUTES)})
steps = st.one_of(
    st.builds(lambda action, at, words: StepRule(action, template=words, **at), mailing, place, template),
    st.builds(lambda action, at: StepRule(action, **at), harmless, place),
    st.builds(lambda at, to: StepRule(ladder.NOTIFY_CHANNEL, channel=to, **at), place, channel),
    st.builds(lambda action, at: StepRule(action, **at), st.sampled_from([ladder.REASSIGN, ladder.BENCH]), after),
)


@given(st.lists(steps, max_size=20))
def test_a_ladder_is_read_back_as_it_was_written(given_steps):
    text = write_ladder(given_steps, NAMES)
    read = parse_ladder(text, NAMES)
    assert sorted(map(repr, read)) == sorted(map(repr, given_steps))
    assert write_ladder(read, NAMES) == text


@given(st.text(max_size=300))
def test_any_text_is_a_ladder_or_refused(text):
    with contextlib.suppress(InvalidInput):
        ladder.check(parse_ladder(text, NAMES))


@given(st.text(alphabet='"uing tel:dow%+-10 h', max_size=120))
def test_text_made_of_its_own_letters_is_a_ladder_or_refused(text):
    with contextlib.suppress(InvalidInput):
        ladder.check(parse_ladder(text, NAMES))


def test_the_words_are_those_of_the_model():
    assert {action.value: action.label for action in StepAction} == WORDS


def test_every_kind_of_line():
    text = """75 %: remind the owner
-30 min: raise the priority
deadline: tell the owner using "overdue"
+1 h: tell the channel "sales alerts"
+1 h 30 min: tell the channel "the ""loud"" one"
+2 h: give it to the next rep
+3 h: bench the rep
+8 h: return it to marketing"""
    assert parse_ladder(text, NAMES) == (
        StepRule("warn", percent=75),
        StepRule("raise_priority", minutes_before=30),
        StepRule("notify_owner", minutes_after=0, template="t-1"),
        StepRule("notify_channel", minutes_after=60, channel="c-1"),
        StepRule("notify_channel", minutes_after=90, channel="c-2"),
        StepRule("reassign", minutes_after=120),
        StepRule("bench", minutes_after=180),
        StepRule("return_to_marketing", minutes_after=480),
    )
    assert write_ladder(parse_ladder(text, NAMES), NAMES) == text


def test_typed_loosely_it_means_the_same():
    loose = '75%:Remind  the owner\r\n\n −30 min : raise the priority\n DEADLINE: TELL THE OWNER USING "overdue"'
    strict = '75 %: remind the owner\n-30 min: raise the priority\ndeadline: tell the owner using "overdue"'
    assert parse_ladder(loose, NAMES) == parse_ladder(strict, NAMES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("75%: remind the owner\n50 %: give it to the next rep", "Line 2: Nobody loses a handoff before"),
        ("-1 h: bench the rep", "Line 1: Nobody loses a handoff before"),
        ("deadline: expire the handoff\n\n+1 h: tell the owner", "Line 3: Nothing can follow"),
        ("+1 h: expire the handoff\n+1 h: return it to marketing", "Line 2: A handoff ends once"),
        ("1:30: tell the owner", "Line 1: write when"),
        ("PT1H: tell the owner", "Line 1: write 75 %"),
        ("+１ h: tell the owner", "Line 1: "),
        ("+0 min: tell the owner", "Line 1: A duration is at least"),
        ("deadline: tell everybody", "Line 1: write when"),
        ("0 %: remind the owner", "Line 1: A step before the deadline"),
        ("deadline: tell the channel", "Line 1: a channel is named"),
        ('deadline: tell the owner "sales alerts"', "Line 1: a channel is named"),
        ('deadline: tell the channel "nobody"', "Line 1: there is no channel 'nobody'"),
        ('deadline: tell the owner using "nothing"', "Line 1: there is no template 'nothing'"),
        ('+1 h: bench the rep using "overdue"', "Line 1: only a step that mails"),
        ('deadline: tell the channel "sales alerts', "Line 1: write when"),
        ("deadline: {lead.__class__}", "Line 1: write when"),
        ("deadline: tell the owner\n" * 51, "at most 50 steps"),
        ("x" * 20_000, "at most 10000 characters"),
    ],
)
def test_a_slip_is_named_with_its_line(text, says):
    with pytest.raises(InvalidInput, match=says) as caught:
        parse_ladder(text, NAMES, field="ladder")
    assert caught.value.field == "ladder"


def test_names_that_are_gone_are_refused_when_read_again():
    text = write_ladder([StepRule("notify_channel", minutes_after=0, channel="c-9")], NAMES)
    with pytest.raises(InvalidInput, match="no channel 'c-9'"):
        parse_ladder(text, NAMES)

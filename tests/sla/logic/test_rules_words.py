"""Amounts, placeholders and differences in words: closed, exact, and never more than what was typed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic.durations import Amount, format_amount, parse_amount
from sla.logic.rules_diff import differences
from sla.logic.rules_document import complete
from sla.logic.templates import PLACEHOLDERS, SAMPLE, check, fill

minutes = st.builds(lambda n: Amount(minutes=n), st.integers(1, 525_600))
days = st.builds(lambda n: Amount(days=n), st.integers(1, 365))
counted = st.builds(
    lambda length, tries, ways: Amount(length.minutes, length.days, tries, ways),
    st.one_of(minutes, days),
    st.integers(1, 50),
    st.integers(1, 4),
)


@given(st.one_of(minutes, days, counted))
def test_an_amount_is_read_back_as_it_was_written(amount):
    assert parse_amount(format_amount(amount), counts_attempts=bool(amount.attempts)) == amount


def test_amounts_read_as_people_type_them():
    assert parse_amount("3 days, 6 attempts on 2 channels", counts_attempts=True) == Amount(None, 3, 6, 2)
    assert parse_amount("1 day,1 attempt", counts_attempts=True) == Amount(None, 1, 1, 1)
    assert parse_amount("8 h, 4 attempts", counts_attempts=True) == Amount(480, None, 4, 1)


@pytest.mark.parametrize(
    ("text", "attempts"),
    [
        ("3 days", True),
        ("4 h, 6 attempts", False),
        ("0 days", False),
        ("366 days", False),
        ("3 days, 51 attempts on 2 channels", True),
        ("3 days, 6 attempts on 5 channels", True),
        ("3 days, 0 attempts", True),
        ("３ days", False),
        ("3 d", False),
        ("4 h, ", False),
        ("9" * 5000 + " days", False),
        (None, False),
    ],
)
def test_an_amount_that_says_nothing_is_refused(text, attempts):
    with pytest.raises(InvalidInput) as caught:
        parse_amount(text, counts_attempts=attempts)
    assert caught.value.field == "within"


# --- templates -------------------------------------------------------------------------------------------------------


def test_placeholders_are_filled_once():
    values = {**SAMPLE, "name": "{owner} {{", "owner": "Sam"}
    assert fill("{name} asks {owner}: {{due}}", values) == "{owner} {{ asks Sam: {due}"


def test_every_placeholder_is_explained_and_has_a_sample():
    assert set(PLACEHOLDERS) == set(SAMPLE) == {"name", "account", "owner", "target", "due", "left", "link"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{nmae}", r"There is no \{nmae\}"),
        ("{name.__class__}", "There is no"),
        ("{name!r}", "There is no"),
        ("{name:>99999999}", "There is no"),
        ("{0}", "There is no"),
        ("{}", "There is no"),
        ("{ name }", "There is no"),
        ("{name", r"A \{ stands alone"),
        ("name}", r"A \} stands alone"),
    ],
)
def test_a_placeholder_that_does_not_exist_is_named(text, says):
    with pytest.raises(InvalidInput, match=says) as caught:
        check(text, field="body")
    assert caught.value.field == "body"


@given(st.text(alphabet="{}nameowrx.!:0 ", max_size=60))
def test_filling_never_fails_and_what_was_checked_is_filled_whole(text):
    filled = fill(text, dict.fromkeys(PLACEHOLDERS, "·"))
    with contextlib.suppress(InvalidInput):
        check(text, field="body")
        if "{{" not in text and "}}" not in text:
            assert not set(filled) & set("{}")


# --- differences -----------------------------------------------------------------------------------------------------

BASE = {
    "name": "Standard",
    "calendar": "cal-1",
    "valid_from": "2026-01-01T00:00:00+00:00",
    "targets": {"decide": {"minutes": 240, "steps": [{"action": "warn", "percent": 75}]}},
}
CALLED = {"cal-1": "Office", "cal-2": "Shop", "c-1": "sales alerts"}


def changed(**values):
    return {**BASE, **values}


def decide(**values):
    return changed(targets={"decide": {**BASE["targets"]["decide"], **values}})


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (decide(minutes=120), "decide: 4 h → 2 h"),
        (decide(steps=[]), "decide: step removed at 75 %: remind the owner"),
        (
            decide(steps=[*BASE["targets"]["decide"]["steps"], {"action": "notify_manager", "minutes_after": 60}]),
            "decide: step added at +1 h: tell the manager",
        ),
        (
            decide(
                steps=[
                    *BASE["targets"]["decide"]["steps"],
                    {"action": "notify_channel", "minutes_after": 0, "channel": "c-1"},
                ]
            ),
            'decide: step added at deadline: tell the channel "sales alerts"',
        ),
        (decide(counts_in="owner"), "decide: counts in the policy's calendar → the owner's calendar"),
        (decide(runs_through=["prospect"]), "decide: runs through no hold → waiting for prospect"),
        (decide(stops=["accepted"]), "decide: is kept when the usual → accepted"),
        (changed(calendar="cal-2"), "calendar: Office → Shop"),
        (changed(hop_limit=5), "passed on at most, times: 3 → 5"),
        (changed(is_active=False), "withdrawn: applies to nothing from now on"),
        (
            changed(conditions=[{"field": "channel", "operator": "in", "value": "demo, trial"}]),
            "condition added: channel is one of demo, trial",
        ),
        (
            changed(targets={**BASE["targets"], "depth": {"days": 3, "attempts": 6, "channels": 2}}),
            "enough attempts: now promised, 3 days, 6 attempts on 2 channels",
        ),
        (changed(valid_until="2027-01-01T00:00:00+00:00"), "valid until: always → 2027-01-01 00:00 UTC"),
    ],
)
def test_a_change_is_one_line_and_its_reverse_another(new, line):
    assert differences(BASE, new, CALLED) == [line]
    back = differences(new, BASE, CALLED)
    assert len(back) == 1
    assert back != [line]


def test_what_is_the_same_however_it_is_written_differs_in_nothing():
    steps = [{"action": "notify_owner", "minutes_after": 0}, {"action": "warn", "percent": 75}]
    written = decide(steps=steps, days=None, starts=[])
    turned = decide(steps=steps[::-1], channels=None)
    assert complete(written) == complete(turned)
    assert differences(written, turned, CALLED) == []

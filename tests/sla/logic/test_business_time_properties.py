"""What must hold on any calendar, and equality with the minute stepper around every strange change of a clock."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.logic.business_time import Calendar
from tests.sla.logic.documents import DAYS_SEEN, STRANGE, amounts, documents, offsets
from tests.sla.logic.stepper import MINUTE, Stepper, utc

settings.register_profile("business_time", deadline=None, database=None, max_examples=60)
quick = settings(settings.get_profile("business_time"))
TICK = timedelta(microseconds=1)
SPANS = st.lists(st.tuples(offsets, offsets).map(sorted), max_size=3)


@pytest.mark.parametrize("strange", STRANGE, ids=lambda strange: f"{strange[0]}-{strange[1]}")
@given(data=st.data())
@settings(quick, max_examples=3)
def test_equals_the_minute_stepper(strange, data):
    document, begins = data.draw(documents(strange=strange))
    calendar, slow = Calendar.from_dict(document), Stepper(document, begins, DAYS_SEEN * 1440)
    for at, other, amount in data.draw(st.lists(st.tuples(offsets, offsets, amounts), min_size=30, max_size=30)):
        start, end = sorted((begins + at, begins + other))
        assert calendar.between(start, end) == slow.between(start, end)
        assert calendar.is_open(start) == slow.is_open(start)
        reached = slow.add(start, amount)
        if reached is not None:
            assert calendar.add(start, amount) == reached
    assert sum(slow.open) * MINUTE == calendar.between(begins, begins + timedelta(days=DAYS_SEEN, microseconds=-1)) + (
        TICK if slow.open[-1] else timedelta()
    )


@given(case=documents(), start=st.integers(0, DAYS_SEEN * 1440 - 1), amount=st.integers(1, 900), spans=SPANS)
@settings(quick, max_examples=20)
def test_pauses_equal_the_minute_stepper(case, start, amount, spans):
    document, begins = case
    calendar, slow = Calendar.from_dict(document), Stepper(document, begins, DAYS_SEEN * 1440)
    spans = [tuple(begins + at // MINUTE * MINUTE for at in span) for span in spans]
    started, amount = begins + start * MINUTE, amount * MINUTE
    reached = slow.add_around(started, amount, spans, begins + timedelta(days=DAYS_SEEN))
    if reached is not None:
        assert calendar.add(started, amount, spans) == reached


def test_equals_a_second_stepper_where_an_offset_had_seconds():
    document = {"timezone": "Africa/Monrovia", "weekly": {"fri": [["00:05", "01:00"], ["01:20", "24:00"]]}}
    second, begins = timedelta(seconds=1), utc(1972, 1, 7)  # 44 min 30 s behind until 00:44:30 UTC
    calendar, slow = Calendar.from_dict(document), Stepper(document, begins, 3 * 3600, step=second)
    assert slow.opened_before(begins + timedelta(hours=3)) < timedelta(hours=2)
    for at in range(0, 3 * 3600, 7):
        assert calendar.between(begins, begins + at * second) == slow.opened_before(begins + at * second)


@given(case=documents(), at=offsets, amount=amounts, spans=SPANS)
@quick
def test_add_is_the_earliest_instant_that_between_confirms(case, at, amount, spans):
    document, begins = case
    calendar, start = Calendar.from_dict(document), begins + at
    pauses = [(begins + a, begins + b) for a, b in spans]
    reached = calendar.add(start, amount, pauses)
    assert calendar.between(start, reached, pauses) == amount
    if amount:
        assert calendar.between(start, reached - TICK, pauses) == amount - TICK
    else:
        assert reached == start


@given(case=documents(), first=offsets, second=offsets, amount=amounts, more=amounts)
@quick
def test_add_grows_with_start_and_amount_and_adds_up(case, first, second, amount, more):
    document, begins = case
    calendar = Calendar.from_dict(document)
    earlier, later = begins + min(first, second), begins + max(first, second)
    assert calendar.add(earlier, amount) <= calendar.add(later, amount)
    assert calendar.add(earlier, amount) <= calendar.add(earlier, amount + more)
    assert calendar.add(calendar.add(earlier, amount), more) == calendar.add(earlier, amount + more)


@given(case=documents(), instants=st.lists(offsets, min_size=3, max_size=3), spans=SPANS)
@quick
def test_between_adds_up_and_signed_between_turns_around(case, instants, spans):
    document, begins = case
    calendar, pauses = Calendar.from_dict(document), [(begins + a, begins + b) for a, b in spans]
    a, b, c = sorted(begins + at for at in instants)
    assert calendar.between(a, b, pauses) + calendar.between(b, c, pauses) == calendar.between(a, c, pauses)
    assert calendar.signed_between(c, a, pauses) == -calendar.between(a, c, pauses)
    assert calendar.signed_between(a, c, pauses) == calendar.between(a, c, pauses) >= timedelta()


@given(case=documents(), first=offsets, second=offsets)
@quick
def test_open_intervals_are_apart_and_hold_exactly_the_open_time(case, first, second):
    document, begins = case
    calendar = Calendar.from_dict(document)
    start, end = begins + min(first, second), begins + max(first, second)
    intervals = calendar.open_intervals(start, end)
    assert sum((close - opened for opened, close in intervals), timedelta()) == calendar.between(start, end)
    assert all(start <= opened < close <= end for opened, close in intervals)
    assert all(one[1] < two[0] for one, two in itertools.pairwise(intervals))
    for opened, close in intervals:
        assert calendar.is_open(opened)
        assert calendar.next_open(opened) == opened
        assert calendar.is_open(close - TICK)
        assert close == end or not calendar.is_open(close)


@given(case=documents(), years=st.lists(st.integers(-12, 12), min_size=1, max_size=6))
@settings(quick, max_examples=25)
def test_what_was_asked_before_changes_nothing(case, years):
    document, begins = case
    used = Calendar.from_dict(document)
    for year in years:
        at = begins + timedelta(days=365 * year)
        length = timedelta(days=40)
        assert used.between(at, begins) == Calendar.from_dict(document).between(at, begins)
        assert used.open_intervals(at, at + length) == Calendar.from_dict(document).open_intervals(at, at + length)
        assert used.add(at, timedelta(hours=50)) == Calendar.from_dict(document).add(at, timedelta(hours=50))


@given(case=documents())
@quick
def test_a_document_survives_the_round_trip(case):
    calendar = Calendar.from_dict(case[0])
    again = Calendar.from_dict(calendar.to_dict())
    assert again == calendar
    assert hash(again) == hash(calendar)
    assert again.to_dict() == calendar.to_dict()

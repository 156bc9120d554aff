"""A track tells at once what moving a clock step by step arrives at, to the microsecond."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar
from sla.logic.tracks import Track
from tests.sla.logic.documents import amounts, documents, offsets
from tests.sla.logic.stepper import utc

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
MORNINGS = Calendar.from_dict({"timezone": "UTC", "weekly": {"mon": [["09:00", "12:00"]], "tue": [["09:00", "12:00"]]}})
ALL_DAY = Calendar.from_dict({"timezone": "UTC", "weekly": {"mon": [["00:00", "24:00"]], "tue": [["00:00", "24:00"]]}})
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
quick = settings(deadline=None, database=None, max_examples=150)


class Moved:
    """A clock as the engine keeps it: instants only, moved at every event by the rule of the engine."""

    def __init__(self, start, calendar, lengths):
        self.calendar, self.lengths = calendar, list(lengths)
        self.instants = [calendar.add(start, length) for length in lengths]
        self.held_since = None

    def edit(self, at, calendar):
        self._move(at, calendar, [timedelta()] * len(self.instants))

    def migrate(self, at, calendar, more):
        self._move(at, calendar, [more] * len(self.instants))
        self.lengths = [length + more for length in self.lengths]

    def hold(self, at):
        self.held_since = at

    def resume(self, at):
        was, self.held_since = self.held_since, None
        between, add = self.calendar.between, self.calendar.add
        self.instants = [add(at, between(was, old)) if old > was else old for old in self.instants]

    def _move(self, at, calendar, more):
        pivot = self.held_since or at
        self.instants = [
            calendar.add(pivot, self.calendar.between(pivot, old) + extra) if old > pivot else old
            for old, extra in zip(self.instants, more, strict=True)
        ]
        self.calendar = calendar


@st.composite
def stories(draw):
    """A start, lengths, and events in order: hours that change and holds that begin and end."""
    document, begins = draw(documents())
    calendars = [Calendar.from_dict(document)]
    for _ in range(draw(st.integers(1, 4))):
        calendars.append(Calendar.from_dict(draw(documents())[0]))
    edges = sorted(draw(st.lists(offsets, min_size=2, max_size=10, unique=True)))
    kinds = draw(st.lists(st.sampled_from(("edit", "migrate", "hold")), min_size=len(edges), max_size=len(edges)))
    lengths = draw(st.lists(amounts, min_size=1, max_size=4))
    return begins, calendars, lengths, list(zip(edges, kinds, strict=True)), draw(st.booleans())


@given(story=stories())
@quick
def test_it_equals_the_clock_that_was_moved_step_by_step(story):
    begins, calendars, lengths, events, ends_held = story
    start = begins + events[0][0]
    moved, track = Moved(start, calendars[0], lengths), Track.of(calendars[0], since=start)
    for number, (offset, kind) in enumerate(events[1:], start=1):
        at, calendar = begins + offset, calendars[number % len(calendars)]
        if kind == "hold" and moved.held_since:
            track = track.without([(moved.held_since, at)])
            moved.resume(at)
        elif kind == "hold":
            moved.hold(at)
        else:
            more = HOUR if kind == "migrate" and min(moved.instants) > (moved.held_since or at) else timedelta()
            moved.migrate(at, calendar, more)
            # A clock that is held when its hours change has counted nothing since the hold began.
            track = track.then(moved.held_since or at, calendar)
    if moved.held_since and ends_held:
        last = begins + events[-1][0] + HOUR
        track = track.without([(moved.held_since, last)])
        moved.resume(last)
    assert [track.add(start, length) for length in moved.lengths] == moved.instants


@given(story=stories(), first=offsets, second=offsets, amount=amounts)
@quick
def test_add_is_the_earliest_instant_that_between_confirms(story, first, second, amount):
    begins, calendars, _, events, _ = story
    track = Track.of(calendars[0], since=begins)
    for number, (offset, _) in enumerate(events):
        track = track.then(begins + offset, calendars[number % len(calendars)])
    track = track.without([tuple(sorted((begins + first, begins + second)))])
    start = begins + second
    reached = track.add(start, amount)
    assert track.between(start, reached) == amount
    if amount:
        assert track.between(start, reached - TICK) == amount - TICK
    assert track.signed_between(reached, start) == -amount


@given(story=stories(), first=offsets, second=offsets)
@quick
def test_open_intervals_hold_exactly_what_counts_without_pauses(story, first, second):
    begins, calendars, _, events, _ = story
    track = Track.of(calendars[0], since=begins)
    for number, (offset, _) in enumerate(events):
        track = track.then(begins + offset, calendars[number % len(calendars)])
    start, end = sorted((begins + first, begins + second))
    spans = track.open_intervals(start, end)
    assert sum((closed - opened for opened, closed in spans), timedelta()) == track.between(start, end)
    assert all(one[1] < two[0] for one, two in pairwise(spans))


def test_hours_count_as_they_were_up_to_the_change_and_as_they_are_from_it_on():
    track = Track.of(MORNINGS, since=MONDAY).then(MONDAY + 10 * HOUR, ALL_DAY)
    assert track.add(MONDAY, HOUR) == MONDAY + 10 * HOUR
    assert track.add(MONDAY, 2 * HOUR) == MONDAY + 11 * HOUR
    assert track.between(MONDAY, MONDAY + 24 * HOUR) == 15 * HOUR
    assert track.between(MONDAY + 24 * HOUR, MONDAY) == timedelta()
    assert track.open_intervals(MONDAY, MONDAY + 24 * HOUR) == [(MONDAY + 9 * HOUR, MONDAY + 24 * HOUR)]


def test_a_second_change_at_one_instant_replaces_the_first():
    at = MONDAY + 10 * HOUR
    assert Track.of(MORNINGS, since=MONDAY).then(at, MORNINGS).then(at, ALL_DAY).hours == (
        (MONDAY, MORNINGS),
        (at, ALL_DAY),
    )


def test_pauses_cross_a_change_of_hours():
    track = Track.of(MORNINGS, since=MONDAY).then(MONDAY + 10 * HOUR, ALL_DAY)
    track = track.without([(MONDAY + 9.5 * HOUR, MONDAY + 13 * HOUR)])
    assert track.add(MONDAY, HOUR) == MONDAY + 13.5 * HOUR


def test_what_a_calendar_refuses_a_track_refuses():
    with pytest.raises(InvalidInput):
        Track.of(MORNINGS, since=MONDAY).add(MONDAY, -TICK)
    closing = Calendar.from_dict(
        {"timezone": "UTC", "weekly": {}, "date_overrides": {"2026-11-23": [["09:00", "10:00"]]}}
    )
    with pytest.raises(InvalidInput):
        Track.of(closing, since=MONDAY).add(MONDAY, 2 * HOUR)
    assert Track.of(closing, since=MONDAY).then(utc(2026, 11, 24), MORNINGS).add(MONDAY, 2 * HOUR)

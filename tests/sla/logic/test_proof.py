"""A proof leaves nothing out, counts what the track counts, and says in whose hands the handoff was."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sla.logic.business_time import Calendar
from sla.logic.proof import Excused, Held, Holder, Kind, Owned, Story, prove
from sla.logic.tracks import Track
from tests.sla.logic.documents import documents, offsets

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
OFFICE = Calendar.from_dict({"timezone": "UTC", "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed")}})
TRACK = Track.of(OFFICE, since=MONDAY)


def held(begins, ends, *, owed_by="marketing", pauses=True):
    return Held(begins_at=begins, ends_at=ends, reason="bad_data", owed_by=owed_by, by="Ana", pauses=pauses)


def excused(begins, ends):
    return Excused(begins_at=begins, ends_at=ends, why="a strike", approved_by="Sam")


def told(story):
    return [
        (
            (one.begins_at - MONDAY) / HOUR,
            (one.ends_at - MONDAY) / HOUR,
            one.kind.value,
            one.holder.value,
            one.open_time / HOUR,
        )
        for one in prove(story).intervals
    ]


def test_nights_are_one_closed_interval_each():
    story = Story(track=TRACK, begins_at=MONDAY + 16 * HOUR, ends_at=MONDAY + 35 * HOUR, owners=[Owned(MONDAY, "ana")])
    assert told(story) == [
        (16, 17, "open", "rep", 1),
        (17, 33, "closed", "rep", 0),
        (33, 35, "open", "rep", 2),
    ]


def test_a_hold_is_one_interval_over_the_night_and_belongs_to_who_owes_the_answer():
    story = Story(
        track=TRACK,
        begins_at=MONDAY + 9 * HOUR,
        ends_at=MONDAY + 35 * HOUR,
        holds=[held(MONDAY + 16 * HOUR, MONDAY + 34 * HOUR)],
        owners=[Owned(MONDAY, "ana")],
    )
    assert told(story) == [
        (9, 16, "open", "rep", 7),
        (16, 34, "held", "marketing", 2),
        (34, 35, "open", "rep", 1),
    ]
    proof = prove(story)
    assert (proof.counted, proof.held) == (8 * HOUR, 2 * HOUR)
    assert proof.in_hands_of(Holder.MARKETING) == 2 * HOUR


def test_a_hold_that_does_not_pause_counts_but_is_still_in_other_hands():
    hold = held(MONDAY + 10 * HOUR, None, owed_by="prospect", pauses=False)
    story = Story(track=TRACK, begins_at=MONDAY + 9 * HOUR, ends_at=MONDAY + 12 * HOUR, holds=[hold])
    assert told(story) == [(9, 10, "open", "system", 1), (10, 12, "open", "prospect", 2)]
    assert prove(story).intervals[1].hold == hold


def test_a_new_owner_begins_a_new_interval_by_day_and_by_night():
    owners = [Owned(MONDAY, ""), Owned(MONDAY + 10 * HOUR, "ana"), Owned(MONDAY + 20 * HOUR, "lena")]
    story = Story(track=TRACK, begins_at=MONDAY + 9 * HOUR, ends_at=MONDAY + 33 * HOUR, owners=owners)
    assert told(story) == [
        (9, 10, "open", "system", 1),
        (10, 17, "open", "rep", 7),
        (17, 20, "closed", "rep", 0),
        (20, 33, "closed", "rep", 0),
    ]
    assert [one.rep for one in prove(story).intervals] == ["", "ana", "ana", "lena"]


def test_excused_time_counts_raw_and_not_adjusted_and_a_hold_comes_first():
    story = Story(
        track=TRACK,
        begins_at=MONDAY + 9 * HOUR,
        ends_at=MONDAY + 17 * HOUR,
        holds=[held(MONDAY + 12 * HOUR, MONDAY + 13 * HOUR)],
        excuses=[excused(MONDAY + 11 * HOUR, MONDAY + 14 * HOUR), excused(MONDAY + 13.5 * HOUR, MONDAY + 15 * HOUR)],
    )
    proof = prove(story)
    assert [(one.kind, one.open_time / HOUR) for one in proof.intervals] == [
        (Kind.OPEN, 2),
        (Kind.EXCUSED, 1),
        (Kind.HELD, 1),
        (Kind.EXCUSED, 1),
        (Kind.EXCUSED, 1),
        (Kind.OPEN, 2),
    ]
    assert (proof.counted, proof.counted_adjusted, proof.excused) == (7 * HOUR, 4 * HOUR, 3 * HOUR)


def test_a_clock_that_ended_when_it_began_has_no_interval():
    proof = prove(Story(track=TRACK, begins_at=MONDAY, ends_at=MONDAY))
    assert (proof.intervals, proof.counted) == ((), timedelta())


@given(data=st.data())
@settings(deadline=None, database=None, max_examples=150)
def test_nothing_is_left_out_and_the_sums_are_those_of_the_track(data):
    document, begins = data.draw(documents())
    other = Calendar.from_dict(data.draw(documents())[0])
    spans = st.tuples(offsets, offsets).map(sorted).filter(lambda span: span[0] < span[1])
    edges = data.draw(st.lists(offsets, min_size=2, max_size=8, unique=True).map(sorted))
    holds = [held(begins + a, begins + b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    excuses = [excused(begins + a, begins + b) for a, b in data.draw(st.lists(spans, max_size=3))]
    start, end = (begins + at for at in data.draw(spans))
    track = Track.of(Calendar.from_dict(document), since=start).then(begins + data.draw(offsets), other)
    owners = [Owned(begins + at, str(at)) for at in sorted(data.draw(st.lists(offsets, max_size=3, unique=True)))]
    proof = prove(Story(track=track, begins_at=start, ends_at=end, holds=holds, excuses=excuses, owners=owners))
    assert (proof.intervals[0].begins_at, proof.intervals[-1].ends_at) == (start, end)
    assert all(one.ends_at == two.begins_at for one, two in itertools.pairwise(proof.intervals))
    raw = track.without([(one.begins_at, one.ends_at) for one in holds])
    assert proof.counted == raw.between(start, end)
    assert proof.counted_adjusted == raw.without([(one.begins_at, one.ends_at) for one in excuses]).between(start, end)
    assert proof.counted + proof.held == track.between(start, end)

"""Business time by example: opening hours, changes of the clock, pauses, limits, arrays, threads."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar
from tests.sla.logic.stepper import utc

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {
    "timezone": "Europe/Paris",
    "weekly": {day: [["09:00", "12:00"], ["13:00", "17:30"]] for day in WORKDAYS},
    "holidays": ["2026-12-25"],
    "date_overrides": {"2026-12-24": [["09:00", "12:00"]]},
}
HOUR = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")


def office(**changes):
    return Calendar.from_dict({**OFFICE, **changes})


def paris(*parts, fold=0):
    return datetime(*parts, tzinfo=PARIS, fold=fold)


def refusal(call):
    with pytest.raises(InvalidInput) as refused:
        call()
    return refused.value.field


def test_four_hours_from_friday_afternoon_end_on_monday():
    assert office().add(paris(2026, 5, 8, 16, 0), 4 * HOUR) == paris(2026, 5, 11, 11, 30)


def test_holidays_and_half_days():
    assert office().add(paris(2026, 12, 24, 11, 0), 2 * HOUR) == paris(2026, 12, 28, 10, 0)
    assert office().between(paris(2026, 12, 24), paris(2026, 12, 26)) == 3 * HOUR
    on_call = office(date_overrides={"2026-12-25": [["10:00", "11:00"]]})
    assert on_call.between(paris(2026, 12, 25), paris(2026, 12, 26)) == HOUR


def test_a_deadline_on_closing_is_closing_time_and_zero_is_the_start():
    assert office().add(paris(2026, 5, 8, 13, 30), 4 * HOUR) == paris(2026, 5, 8, 17, 30)
    saturday = paris(2026, 5, 9, 3, 0)
    assert office().add(saturday, timedelta()) == saturday
    assert office().add(saturday, timedelta()).tzinfo is UTC


def test_opening_time_is_open_and_closing_time_is_not():
    assert office().is_open(paris(2026, 5, 8, 9, 0))
    assert not office().is_open(paris(2026, 5, 8, 12, 0))
    assert office().next_open(paris(2026, 5, 8, 12, 0)) == paris(2026, 5, 8, 13, 0)
    assert office().next_open(paris(2026, 5, 8, 17, 30)) == paris(2026, 5, 11, 9, 0)


def test_overnight_hours_belong_to_the_date_they_lie_on():
    night = office(weekly={"mon": [["22:00", "06:00"]], "sun": [["23:00", "00:00"]]}, holidays=["2026-05-12"])
    assert night.open_intervals(paris(2026, 5, 4), paris(2026, 5, 11)) == [
        (paris(2026, 5, 4, 22), paris(2026, 5, 5, 6)),
        (paris(2026, 5, 10, 23), paris(2026, 5, 11)),
    ]
    assert night.between(paris(2026, 5, 11), paris(2026, 5, 14)) == 2 * HOUR  # Tuesday is a holiday from midnight on
    evening = office(weekly={"mon": [["22:00", "06:00"]]}, date_overrides={"2026-05-11": []})
    assert evening.between(paris(2026, 5, 11), paris(2026, 5, 12)) == timedelta()
    assert evening.between(paris(2026, 5, 12), paris(2026, 5, 13)) == 6 * HOUR


def test_an_exception_may_run_into_the_next_date_but_not_into_a_holiday():
    party = office(date_overrides={"2026-05-07": [["20:00", "09:30"]]})
    assert party.open_intervals(paris(2026, 5, 7), paris(2026, 5, 8, 13)) == [
        (paris(2026, 5, 7, 20), paris(2026, 5, 8, 12))  # it meets Friday's own hours from 09:00
    ]
    before_holiday = office(date_overrides={"2026-12-24": [["20:00", "02:00"]]})
    assert before_holiday.between(paris(2026, 12, 24), paris(2026, 12, 26)) == 4 * HOUR
    on_call = {"2026-12-24": [["20:00", "02:00"]], "2026-12-25": [["10:00", "11:00"]]}
    assert office(date_overrides=on_call).between(paris(2026, 12, 24), paris(2026, 12, 26)) == 7 * HOUR


def test_the_doubled_hour_counts_twice_and_the_skipped_hour_not_at_all():
    doubled = Calendar.from_dict({"timezone": "Europe/Berlin", "weekly": {"sun": [["02:00", "03:00"]]}})
    assert doubled.between(utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)) == 2 * HOUR
    assert doubled.between(utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)) == timedelta()
    half = Calendar.from_dict({"timezone": "Europe/Berlin", "weekly": {"sun": [["02:30", "03:00"]]}})
    assert half.open_intervals(utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)) == [
        (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1)),
        (utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 2)),
    ]


def test_hours_across_a_change_of_the_clock_are_real_hours():
    always = office(weekly={day: [["00:00", "24:00"]] for day in (*WORKDAYS, "sat", "sun")}, holidays=[])
    assert always.between(paris(2026, 3, 29), paris(2026, 3, 30)) == 23 * HOUR
    assert always.between(paris(2026, 10, 25), paris(2026, 10, 26)) == 25 * HOUR
    assert always.between(paris(2026, 10, 25, 2, 30), paris(2026, 10, 25, 2, 30, fold=1)) == HOUR
    assert len(always.open_intervals(paris(2026, 1, 1), paris(2028, 6, 1))) == 3  # cut by 24 December only


def test_a_skipped_date_has_no_time_in_it():
    samoa = Calendar.from_dict({"timezone": "Pacific/Apia", "weekly": {day: [["09:00", "17:00"]] for day in WORKDAYS}})
    thursday = datetime(2011, 12, 29, 9, tzinfo=ZoneInfo("Pacific/Apia"))
    assert samoa.add(thursday, 16 * HOUR) == datetime(2012, 1, 2, 17, tzinfo=ZoneInfo("Pacific/Apia"))


def test_a_pause_over_the_weekend_costs_only_business_time():
    friday, monday = paris(2026, 5, 8, 17, 0), paris(2026, 5, 11, 9, 30)
    plain = office().add(paris(2026, 5, 8, 16, 0), 3 * HOUR)
    held = office().add(paris(2026, 5, 8, 16, 0), 3 * HOUR, [(friday, monday)])
    assert office().between(plain, held) == HOUR
    assert held == paris(2026, 5, 11, 11, 30)


def test_overlapping_early_and_empty_pauses():
    start = paris(2026, 5, 11, 9, 0)
    ten, eleven, noon = (paris(2026, 5, 11, hour) for hour in (10, 11, 12))
    overlapping = [(ten, noon), (ten, eleven), (eleven, noon), (eleven, eleven)]
    assert office().add(start, 2 * HOUR, overlapping) == paris(2026, 5, 11, 14, 0)
    assert office().add(start, HOUR, overlapping) == ten  # reached before the pause begins
    assert office().add(start, 2 * HOUR, [(paris(2026, 5, 1), start)]) == eleven
    assert office().between(start, noon, overlapping) == HOUR
    nested = [(ten, noon), (paris(2026, 5, 11, 10, 30), eleven)]
    assert office().between(start, noon, nested) == HOUR
    assert office().between(start, ten, nested) == HOUR
    assert office().between(start, noon, [(ten, paris(2026, 6, 1))]) == HOUR
    assert office().between(start, noon, ((a, b) for a, b in overlapping)) == HOUR


def test_a_length_that_runs_backwards():
    assert office().between(paris(2026, 5, 11, 11), paris(2026, 5, 11, 9)) == timedelta()
    assert office().signed_between(paris(2026, 5, 11, 11), paris(2026, 5, 11, 9)) == -2 * HOUR
    assert office().open_intervals(paris(2026, 5, 11, 11), paris(2026, 5, 11, 9)) == []


def test_microseconds_are_exact():
    tick = timedelta(microseconds=1)
    start = paris(2026, 5, 8, 17, 29, 59, 999_999)
    assert office().add(start, tick) == paris(2026, 5, 8, 17, 30)
    assert office().add(start, 2 * tick) == paris(2026, 5, 11, 9) + tick


def test_instants_and_lengths_that_are_refused():
    naive = datetime(2026, 5, 8, 9, 0)  # noqa: DTZ001
    start = paris(2026, 5, 8, 9)
    assert refusal(lambda: office().add(naive, HOUR)) == "start"
    assert refusal(lambda: office().between(start, naive)) == "end"
    assert refusal(lambda: office().is_open(naive)) == "at"
    assert refusal(lambda: office().add(start, HOUR, [(naive, start)])) == "pauses"
    assert refusal(lambda: office().add(start, HOUR, [(start, start - HOUR)])) == "pauses"
    assert refusal(lambda: office().add(start, -HOUR)) == "amount"
    assert refusal(lambda: office().add(utc(1969, 12, 31, 23), HOUR)) == "start"
    assert refusal(lambda: office().add(utc(9999, 12, 31), HOUR)) == "start"
    assert office().add(utc(1970, 1, 1), HOUR) == utc(1970, 1, 1, 9)
    assert office().add(utc(2200, 12, 31, 23), HOUR) == utc(2201, 1, 1, 9)


def test_an_amount_out_of_reach_is_refused_not_looped_over():
    assert refusal(lambda: office().add(paris(2026, 5, 8), timedelta.max)) == "amount"
    assert refusal(lambda: office().add(paris(2026, 5, 8), timedelta(days=365 * 8))) == "amount"
    once = office(weekly={}, date_overrides={"2026-05-08": [["09:00", "10:00"]]})
    assert once.add(paris(2026, 5, 8), HOUR) == paris(2026, 5, 8, 10)
    assert refusal(lambda: once.add(paris(2026, 5, 8), 2 * HOUR)) == "amount"
    assert refusal(lambda: once.add(paris(2026, 5, 8, 10), HOUR)) == "amount"
    assert once.next_open(paris(2026, 5, 8, 10)) is None
    forever = [(paris(2026, 5, 8), utc(2190, 1, 1))]
    assert refusal(lambda: office().add(paris(2026, 5, 8), HOUR, forever)) == "amount"
    late = office(weekly={}, date_overrides={"2056-05-08": [["09:00", "10:00"]]})
    late.is_open(paris(2056, 5, 8))  # known by now, still too far away
    assert refusal(lambda: late.add(paris(2026, 5, 8), HOUR)) == "amount"
    assert late.next_open(paris(2026, 5, 8)) is None


def test_arrays_give_what_single_calls_give():
    epoch, tick = utc(1970, 1, 1), timedelta(microseconds=1)
    starts = [utc(2026, 1, 1) + n * timedelta(hours=7, microseconds=1) for n in range(3000)]
    amounts = [n % 50 * timedelta(minutes=37, microseconds=3) for n in range(3000)]
    start_micros = np.array([(at - epoch) // tick for at in starts])
    amount_micros = np.array([amount // tick for amount in amounts])
    reached = office().add_many(start_micros, amount_micros)
    one = office()
    assert [epoch + int(at) * tick for at in reached] == [one.add(*each) for each in zip(starts, amounts, strict=True)]
    assert office().between_many(start_micros, reached).tolist() == amount_micros.tolist()
    assert not office().between_many(reached, start_micros).any()
    assert office().add_many(start_micros[:0], amount_micros[:0]).size == 0
    assert refusal(lambda: office().add_many(start_micros, amount_micros - 1)) == "amount"
    assert refusal(lambda: office().add_many(start_micros, amount_micros + 2 * 10**14)) == "amount"
    assert refusal(lambda: office().add_many(start_micros, amount_micros + 2**62)) == "amount"
    assert refusal(lambda: office().add_many(start_micros, amount_micros * 0 + (2**63 - 1))) == "amount"
    once = office(weekly={}, date_overrides={"2026-05-08": [["09:00", "10:00"]]})
    assert refusal(lambda: once.add_many(start_micros[:1], np.array([2 * 3_600_000_000]))) == "amount"
    assert refusal(lambda: office().add_many(start_micros - 2 * 10**15, amount_micros)) == "start"


def test_calendars_are_values():
    assert office() == office()
    assert len({office(), office()}) == 1
    assert office() != office(timezone="Europe/Berlin")
    used = office()
    used.add(paris(2026, 5, 8), HOUR)
    for twin in (copy.deepcopy(used), pickle.loads(pickle.dumps(used))):
        assert twin == used
        assert twin.add(paris(2019, 5, 8), HOUR) == used.add(paris(2019, 5, 8), HOUR)
    with pytest.raises(AttributeError):
        used.timezone = "UTC"


def test_threads_may_share_a_calendar_that_nobody_has_used_yet():
    years = range(2000, 2040)
    expected = [office().add(utc(year, 3, 1), 30 * HOUR) for year in years]
    for _ in range(5):
        shared, ready = office(), Barrier(8)

        def ask(shift, shared=shared, ready=ready):
            ready.wait()
            order = [*range(shift, len(years)), *range(shift)]
            answers = {n: shared.add(utc(years[n], 3, 1), 30 * HOUR) for n in order}
            return [answers[n] for n in range(len(years))]

        with ThreadPoolExecutor(8) as pool:
            assert all(answers == expected for answers in pool.map(ask, range(0, 40, 5)))

"""Intervals against published ones, and what follows from their meaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.logic.comparisons import Pair, standing_out
from feedback.logic.rates import difference, wilson

# Newcombe, Statistics in Medicine 17 (1998): 857-872, table I, method 3, and 873-890, table II, method 10.
PUBLISHED = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)]
DIFFERENCES = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
]


@pytest.mark.parametrize(("count", "of", "low", "high"), PUBLISHED)
def test_wilson_as_published(count, of, low, high):
    rate = wilson(count, of)
    assert (round(rate.low, 4), round(rate.high, 4)) == (low, high)


@pytest.mark.parametrize(("now", "now_of", "before", "before_of", "low", "high"), DIFFERENCES)
def test_difference_as_published(now, now_of, before, before_of, low, high):
    change = difference(wilson(now, now_of), wilson(before, before_of))
    assert (round(change.low, 4), round(change.high, 4)) == (low, high)
    assert change.is_clear == (low > 0 or high < 0)


def test_a_rate_of_nothing_is_no_rate():
    rate = wilson(0, 0)
    assert (rate.share, rate.low, rate.high) == (None, None, None)
    assert rate.is_few
    assert difference(rate, wilson(1, 2)) is None


def test_few_is_under_twenty():
    assert wilson(5, 19).is_few
    assert not wilson(5, 20).is_few


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_holds_the_share_and_stays_inside(count, of):
    count = min(count, of)
    rate = wilson(count, of)
    assert 0 <= rate.low <= rate.share + 1e-12
    assert rate.share - 1e-12 <= rate.high <= 1
    mirrored = wilson(of - count, of)
    assert mirrored.low == pytest.approx(1 - rate.high, abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_change_the_other_way_round_is_its_mirror(first, second):
    one, other = wilson(first, 60), wilson(second, 60)
    there, back = difference(one, other), difference(other, one)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_fishers_tea():
    """Three of four against one of four: the exact one-sided chance is 17/70 (Fisher 1935), far from standing out."""
    assert standing_out([Pair(1, 1, 3, 4, 1, 4)]) == []


def test_comparing_often_makes_it_harder_to_stand_out():
    striking = Pair(1, 1, 12, 60, 30, 600)
    plain = [Pair(campaign, 1, 3, 60, 39, 600) for campaign in range(2, 400)]
    assert [one.pair for one in standing_out([striking])] == [striking]
    assert standing_out([striking, *plain]) == []


def test_the_correction_is_that_of_benjamini_and_hochberg():
    """A chance of 0.0102 stands out in four comparisons, since 4 * 0.0102 < 0.05, and no longer in five."""
    pair, plain = Pair(1, 1, 10, 60, 40, 600), Pair(2, 1, 1, 60, 49, 600)
    assert [one.pair for one in standing_out([pair, *[plain] * 3])] == [pair]
    assert standing_out([pair, *[plain] * 4]) == []


def test_a_reason_nobody_else_has_stands_out_without_a_factor():
    (found,) = standing_out([Pair(1, 1, 15, 40, 0, 400)])
    assert found.times is None
    assert 0 < found.shrunken < 15 / 40


def test_nothing_to_compare():
    assert standing_out([]) == []

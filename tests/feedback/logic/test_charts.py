"""Charts are laid out truly: shares add up, gaps stay gaps, young points stand apart, nothing grows without bound."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.logic import charts, lines
from feedback.logic.charts import BarRow, HeatRow
from feedback.logic.lines import LinePoint


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=9))
def test_segments_fill_the_bar_without_overlap(amounts: list[float]):
    chart = charts.stacked_bars([BarRow("x", amounts)], series=[f"s{n}" for n in range(len(amounts))])
    segments = chart.bars[0].segments
    if sum(amounts) == 0:
        assert segments == ()
        return
    assert sum(segment.width for segment in segments) == pytest.approx(charts.WIDTH, abs=0.1)
    ends = [segment.x + segment.width for segment in segments]
    assert all(following.x == pytest.approx(end, abs=0.05) for following, end in zip(segments[1:], ends, strict=False))
    assert max(segment.series for segment in segments) <= charts.MOST_SERIES


def test_bars_say_their_shares_and_how_many_were_left_out():
    rows = [BarRow(f"campaign {n}", [3, 1, 0]) for n in range(25)]
    chart = charts.stacked_bars(rows, series=["Accepted", "Fit", "Data"])
    assert len(chart.bars) == charts.MOST_BARS
    assert chart.left_out == 5
    assert chart.bars[0].words == "Accepted 75 %, Fit 25 %"


def test_surplus_series_are_added_up_in_the_last():
    chart = charts.stacked_bars([BarRow("x", [1, 1, 1, 1, 1, 5])], series=list("abcdef"))
    assert chart.series == ("a", "b", "c", "d", "Other")
    assert chart.bars[0].segments[-1].width == pytest.approx(600)


@pytest.mark.parametrize("amount", [-1, math.nan, math.inf])
def test_an_amount_that_cannot_be_drawn_is_refused(amount: float):
    with pytest.raises(ValueError, match="number from zero up"):
        charts.stacked_bars([BarRow("x", [amount])], series=["a"])


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (-3, 1), (1, 1), (1.2, 2), (2.2, 2.5), (3, 5), (7, 10), (21, 25), (100, 100), (101, 200)]
)
def test_scales_end_at_a_round_figure(value: float, top: float):
    assert lines.nice_top(value) == pytest.approx(top)


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (25, (25, 20, 15, 10, 5, 0)),
        (2, (2, 1.5, 1, 0.5, 0)),
        (10, (10, 8, 6, 4, 2, 0)),
        (1, (1, 0.8, 0.6, 0.4, 0.2, 0)),
    ],
)
def test_ticks_are_round_figures(top: float, ticks: tuple[float, ...]):
    chart = lines.line_chart({"x": [LinePoint("a", 0)]}, top=top)
    assert chart.ticks == pytest.approx(ticks)
    assert len(chart.rules) == len(ticks)


def test_a_line_breaks_where_nothing_is_known_and_its_band_with_it():
    points = [
        LinePoint(str(n), value, value and value - 0.1, value and value + 0.1)
        for n, value in enumerate([0.5, 0.4, None, 0.6, 0.5])
    ]
    line = lines.line_chart({"x": points}, top=1).lines[0]
    assert line.path == "M0 100L250 120M750 80L1000 100"
    assert line.band.count("M") == 2
    assert len(line.marks) == 4


def test_young_points_continue_the_line_in_a_path_of_their_own():
    points = [LinePoint("a", 0.5), LinePoint("b", 0.5), LinePoint("c", 0.25, is_young=True)]
    line = lines.line_chart({"x": points}, top=1).lines[0]
    assert line.path == "M0 100L500 100"
    assert line.young_path == "M500 100L1000 150"


def test_a_change_of_definition_stays_at_its_point_when_old_points_fall_away():
    points = [LinePoint(str(n), 1) for n in range(130)]
    chart = lines.line_chart({"x": points}, changes={129: "agreement v8", 3: "agreement v1"})
    assert len(chart.labels) == lines.MOST_POINTS
    assert chart.changes == ((charts.WIDTH, "agreement v8"),)


def test_lines_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="same points"):
        lines.line_chart({"a": [LinePoint("1", 1)], "b": []})


def test_nothing_to_draw_is_drawn_as_nothing():
    assert lines.line_chart({}).lines == ()
    assert charts.stacked_bars([], series=["a"]).bars == ()
    assert charts.heat_map([], columns=[]).rows == ()


@given(st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_more_is_never_paler(one: float, other: float):
    low, high = sorted((one, other))
    assert charts.heat_step(low, top=1) <= charts.heat_step(high, top=1)
    assert 0 <= charts.heat_step(high, top=1) < charts.HEAT_STEPS


def test_too_little_to_say_has_no_colour():
    assert charts.heat_step(None, top=1) == -1


def test_heat_maps_are_capped_and_scaled_to_their_highest():
    rows = [HeatRow(str(n), [0.1, None, 0.2] * 6, ["/a"]) for n in range(50)]
    chart = charts.heat_map(rows, columns=[str(n) for n in range(18)])
    assert (len(chart.rows), len(chart.columns), len(chart.rows[0].cells)) == (40, 12, 12)
    assert chart.left_out == 10
    assert [cell.step for cell in chart.rows[0].cells[:3]] == [3, -1, 6]
    assert chart.rows[0].cells[0].url == "/a"
    assert chart.rows[0].cells[1].url == ""

"""The geometry of charts: figures in, places and steps out. What is drawn with them is a template's matter.

Widths and heights are in units of a box that the page stretches, so no text is placed here, only shapes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
MOST_BARS = 20
MOST_SERIES = 5
MOST_HEAT_ROWS = 40
MOST_HEAT_COLUMNS = 12
HEAT_STEPS = 7


@dataclass(frozen=True)
class BarRow:
    """One bar as it comes: its name, one amount per series, the words beside it."""

    label: str
    amounts: Sequence[float]
    note: str = ""
    url: str = ""
    is_young: bool = False


@dataclass(frozen=True)
class Segment:
    series: int
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    label: str
    segments: tuple[Segment, ...]
    words: str
    note: str
    url: str
    is_young: bool


@dataclass(frozen=True)
class BarChart:
    """Bars of equal length, each split by share; `left_out` counts those beyond the cap."""

    series: tuple[str, ...]
    bars: tuple[Bar, ...]
    left_out: int


@dataclass(frozen=True)
class HeatRow:
    """One row as it comes: its name, one share per column; None where there is too little to say."""

    label: str
    values: Sequence[float | None]
    urls: Sequence[str] = ()


@dataclass(frozen=True)
class HeatCell:
    value: float | None
    step: int
    url: str


@dataclass(frozen=True)
class HeatLine:
    label: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class HeatMap:
    columns: tuple[str, ...]
    rows: tuple[HeatLine, ...]
    left_out: int


def stacked_bars(rows: Sequence[BarRow], *, series: Sequence[str], cap: int = MOST_BARS) -> BarChart:
    """Bars in the order given, each `WIDTH` long and split by the share of its amounts.

    More than MOST_SERIES series: the surplus is added up in the last one. A row of zeros has no segment. Negative
    amounts raise ValueError.
    """
    names = _folded_names(series)
    bars = tuple(_bar(row, names) for row in rows[:cap])
    return BarChart(names, bars, left_out=max(0, len(rows) - cap))


def _folded_names(series: Sequence[str]) -> tuple[str, ...]:
    if len(series) <= MOST_SERIES:
        return tuple(series)
    return (*series[: MOST_SERIES - 1], "Other")


def _bar(row: BarRow, names: tuple[str, ...]) -> Bar:
    amounts = [float(amount) for amount in row.amounts]
    if any(amount < 0 or not math.isfinite(amount) for amount in amounts):
        raise ValueError(f"{row.label}: an amount in a bar is a number from zero up.")
    if len(amounts) > len(names):
        amounts = [*amounts[: len(names) - 1], sum(amounts[len(names) - 1 :])]
    total = sum(amounts)
    segments, said, x = [], [], 0.0
    for number, (name, amount) in enumerate(zip(names, amounts, strict=False), start=1):
        if not amount:
            continue
        width = amount / total * WIDTH
        segments.append(Segment(number, round(x, 2), round(width, 2)))
        said.append(f"{name} {amount / total:.0%}".replace("%", " %"))
        x += width
    return Bar(row.label, tuple(segments), ", ".join(said), row.note, row.url, row.is_young)


def heat_step(value: float | None, *, top: float) -> int:
    """The colour step of a value, 0 (least) to HEAT_STEPS - 1 (at or above `top`); -1 for None."""
    if value is None:
        return -1
    if top <= 0:
        return 0
    return min(HEAT_STEPS - 1, max(0, math.floor(value / top * HEAT_STEPS)))


def heat_map(rows: Sequence[HeatRow], *, columns: Sequence[str], top: float | None = None) -> HeatMap:
    """Cells with their colour steps, at most MOST_HEAT_ROWS by MOST_HEAT_COLUMNS; `top` defaults to the highest."""
    kept = rows[:MOST_HEAT_ROWS]
    names = tuple(columns[:MOST_HEAT_COLUMNS])
    shown = [value for row in kept for value in row.values[: len(names)] if value is not None]
    scale = top if top is not None else max(shown, default=0.0)
    lines = []
    for row in kept:
        urls = [*row.urls, *[""] * len(names)]
        cells = (
            HeatCell(value, heat_step(value, top=scale), url)
            for value, url in zip(row.values[: len(names)], urls, strict=False)
        )
        lines.append(HeatLine(row.label, tuple(cells)))
    return HeatMap(names, tuple(lines), left_out=len(rows) - len(kept))

"""The geometry of charts: figures in, places and steps out. What is drawn with them is a template's matter.

Widths and heights are in units of a box that the page stretches, so no text is placed here, only shapes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 1000.0
HEIGHT = 200.0
MOST_BARS = 20
MOST_SERIES = 5
MOST_POINTS = 120
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
class LinePoint:
    """One point as it comes: its name on the axis, its value, the interval around it; value None is a gap."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    is_young: bool = False
    words: str = ""


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    words: str
    is_young: bool


@dataclass(frozen=True)
class Line:
    series: int
    name: str
    path: str
    young_path: str
    band: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class LineChart:
    """Lines on one scale from zero. `ticks` are values from the top down; `changes` are x places with a name each."""

    lines: tuple[Line, ...]
    top: float
    ticks: tuple[float, ...]
    rules: tuple[float, ...]
    labels: tuple[str, ...]
    changes: tuple[tuple[float, str], ...]


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


def nice_top(value: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `value`; 1 for nothing to show."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for step in (1, 2, 2.5, 5, 10):
        if step * power >= value * (1 - 1e-9):
            return step * power
    return 10 * power


def line_chart(
    series: Mapping[str, Sequence[LinePoint]],
    *,
    top: float | None = None,
    changes: Mapping[int, str] | None = None,
    tick_count: int = 5,
) -> LineChart:
    """Lines over the same points. `top` fixes the scale (1 for shares), else the highest value sets it.

    `changes` names the points at which a definition changed. Young points continue their line in a path of their own.
    At most MOST_POINTS points (the latest) and MOST_SERIES series are kept; series of unequal length raise ValueError.
    """
    kept = {name: list(points)[-MOST_POINTS:] for name, points in list(series.items())[:MOST_SERIES]}
    lengths = {len(points) for points in kept.values()}
    if len(lengths) > 1:
        raise ValueError("All lines of a chart have the same points.")
    count = lengths.pop() if lengths else 0
    every = [point for points in kept.values() for point in points]
    values = [value for point in every for value in (point.value, point.high) if value is not None]
    scale = top or nice_top(max(values, default=0))
    dropped = max((len(points) for points in series.values()), default=0) - count
    shares = [number / (tick_count - 1) for number in range(tick_count)]
    return LineChart(
        lines=tuple(_line(number, name, kept[name], scale) for number, name in enumerate(kept, start=1)),
        top=scale,
        ticks=tuple(scale * (1 - share) for share in shares),
        rules=tuple(round(HEIGHT * share, 2) for share in shares),
        labels=tuple(point.label for point in next(iter(kept.values()), [])),
        changes=tuple((_x(at - dropped, count), name) for at, name in (changes or {}).items() if at >= dropped),
    )


def _x(index: int, count: int) -> float:
    return round(WIDTH * index / (count - 1), 2) if count > 1 else WIDTH / 2


def _y(value: float, top: float) -> float:
    return round(HEIGHT * (1 - min(max(value / top, 0.0), 1.0)), 2)


def _line(number: int, name: str, points: Sequence[LinePoint], top: float) -> Line:
    marks = [
        Mark(_x(at, len(points)), _y(point.value, top), point.words or f"{point.label}: {point.value:g}", point.is_young)
        for at, point in enumerate(points)
        if point.value is not None
    ]
    firm = [None if point.value is None or point.is_young else point.value for point in points]
    first_young = next((at for at, point in enumerate(points) if point.is_young), len(points))
    young = [point.value if at >= first_young - 1 else None for at, point in enumerate(points)]
    return Line(
        series=number,
        name=name,
        path=_path(firm, top),
        young_path=_path(young, top) if first_young < len(points) else "",
        band=_band(points, top),
        marks=tuple(marks),
    )


def _path(values: Sequence[float | None], top: float) -> str:
    parts, pen = [], "M"
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{_x(at, len(values)):g} {_y(value, top):g}")
        pen = "L"
    return "".join(parts)


def _band(points: Sequence[LinePoint], top: float) -> str:
    """The interval as closed shapes, one for each unbroken run of points that have one."""
    shapes: list[str] = []
    run: list[tuple[float, float, float]] = []
    for at, point in enumerate([*points, LinePoint("", None)]):
        if point.low is not None and point.high is not None and point.value is not None:
            run.append((_x(at, len(points)), _y(point.high, top), _y(point.low, top)))
            continue
        if len(run) > 1:
            upper = "L".join(f"{x:g} {high:g}" for x, high, _ in run)
            lower = "L".join(f"{x:g} {low:g}" for x, _, low in reversed(run))
            shapes.append(f"M{upper}L{lower}Z")
        run = []
    return "".join(shapes)


def heat_step(value: float | None, *, top: float) -> int:
    """The colour step of a value, 0 (least) to HEAT_STEPS - 1 (at or above `top`); -1 for None."""
    if value is None:
        return -1
    if top <= 0:
        return 0
    return min(HEAT_STEPS - 1, max(0, math.floor(value / top * HEAT_STEPS)))


def heat_map(rows: Sequence[HeatRow], *, columns: Sequence[str], top: float | None = None) -> HeatMap:
    """Cells with their colour steps, at most MOST_HEAT_ROWS by MOST_HEAT_COLUMNS; `top` defaults to the highest value."""
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

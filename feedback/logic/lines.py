"""The geometry of line charts: points in, paths, bands and round ticks out.

Units are those of feedback.logic.charts: a box that the page stretches.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedback.logic.charts import MOST_SERIES, WIDTH

HEIGHT = 200.0
MOST_POINTS = 120


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
    steps = _steps(scale)
    shares = [number / steps for number in range(steps + 1)]
    return LineChart(
        lines=tuple(_line(number, name, kept[name], scale) for number, name in enumerate(kept, start=1)),
        top=scale,
        ticks=tuple(round(scale * (1 - share), 9) for share in shares),
        rules=tuple(round(HEIGHT * share, 2) for share in shares),
        labels=tuple(point.label for point in next(iter(kept.values()), [])),
        changes=tuple((_x(at - dropped, count), name) for at, name in (changes or {}).items() if at >= dropped),
    )


def changes_at(names: Sequence[str], found: Iterable[tuple[str, str]]) -> dict[int, str]:
    """What changed at each of the points called `names`, for line_chart: (name of a point, what changed) in order,
    several at one point in one phrase. What lies at no point is left out.
    """
    places = {name: index for index, name in enumerate(names)}
    at: dict[int, str] = {}
    for name, what in found:
        if name in places:
            at[places[name]] = f"{at[places[name]]}, {what}" if places[name] in at else what
    return at


def _steps(top: float) -> int:
    """Into how many equal steps a scale falls so that its ticks are round figures."""
    return 4 if f"{top:e}"[:3] in {"2.0", "4.0", "8.0"} else 5


def _x(index: int, count: int) -> float:
    return round(WIDTH * index / (count - 1), 2) if count > 1 else WIDTH / 2


def _y(value: float, top: float) -> float:
    return round(HEIGHT * (1 - min(max(value / top, 0.0), 1.0)), 2)


def _line(number: int, name: str, points: Sequence[LinePoint], top: float) -> Line:
    marks = [
        Mark(_x(at, len(points)), _y(point.value, top), _said(point), point.is_young)
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


def _said(point: LinePoint) -> str:
    return point.words or f"{point.label}: {point.value:g}"


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

"""Template tags that draw what feedback.logic.charts and feedback.logic.lines have laid out."""

from typing import Any

from django import template

from feedback.logic.charts import WIDTH, BarChart, HeatMap
from feedback.logic.lines import HEIGHT, LineChart

register = template.Library()
_MOST_LABELS = 7
# What stands above a dashed line: the letters that have room there, and roughly their share of the width in percent.
_LONGEST_NAME, _NAME_WIDTH = 24, 14.0


@register.inclusion_tag("_chart_bars.html")
def chart_bars(chart: BarChart, title: str, note_head: str = "") -> dict[str, Any]:
    """Stacked bars as a table whose middle column is drawn. `note_head` names the column of words beside the bars."""
    has_pale = any(bar.is_young for bar in chart.bars)
    return {"chart": chart, "title": title, "note_head": note_head, "width": WIDTH, "has_pale": has_pale}


@register.inclusion_tag("_chart_line.html")
def chart_line(chart: LineChart, title: str, description: str = "", unit: str = "") -> dict[str, Any]:
    """Lines with their interval. `description` is heard where the drawing is not seen; `unit` "%" reads shares of 1."""
    factor = 100 if unit == "%" else 1
    return {
        "chart": chart,
        "title": title,
        "description": description,
        "ticks": [f"{tick * factor:g}{' %' if unit == '%' else ''}" for tick in chart.ticks],
        "labels": _thinned(chart.labels),
        "width": WIDTH,
        "height": HEIGHT,
        "is_many": len(chart.lines) > 1,
        "names": _names(chart),
    }


@register.inclusion_tag("_chart_heat.html")
def chart_heat(chart: HeatMap, title: str, head: str = "") -> dict[str, Any]:
    """A heat map as a table of shares in percent; `head` names the rows."""
    return {"chart": chart, "title": title, "head": head}


def _names(chart: LineChart) -> list[tuple[str, str, str]]:
    """What stands above the dashed lines: (place in percent, which end of the words stands there, the words).

    A long name becomes "rules changed", and one that would lie on the one before is left out: the sentence below the
    chart has them all.
    """
    found: list[tuple[str, str, str]] = []
    free_from = 0.0
    for x, name in sorted(chart.changes):
        percent = x / WIDTH * 100
        anchor = "start" if percent < _NAME_WIDTH / 2 else "end" if percent > 100 - _NAME_WIDTH / 2 else "middle"
        begin = percent - {"start": 0.0, "middle": _NAME_WIDTH / 2, "end": _NAME_WIDTH}[anchor]
        if begin >= free_from:
            found.append((f"{percent:.2f}%", anchor, name if len(name) <= _LONGEST_NAME else "rules changed"))
            free_from = begin + _NAME_WIDTH
    return found


def _thinned(labels: tuple[str, ...]) -> list[str]:
    """First and last label and evenly spaced ones between, so that they stand where their points do."""
    count = len(labels)
    if count <= _MOST_LABELS:
        return list(labels)
    for parts in range(_MOST_LABELS - 1, 1, -1):
        if (count - 1) % parts == 0:
            return [labels[at] for at in range(0, count, (count - 1) // parts)]
    return [labels[0], labels[-1]]

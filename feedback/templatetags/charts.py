"""Template tags that draw what feedback.logic.charts and feedback.logic.lines have laid out."""

from typing import Any

from django import template

from feedback.logic.charts import WIDTH, BarChart, HeatMap
from feedback.logic.lines import HEIGHT, LineChart

register = template.Library()
_MOST_LABELS = 7


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
    }


@register.inclusion_tag("_chart_heat.html")
def chart_heat(chart: HeatMap, title: str, head: str = "") -> dict[str, Any]:
    """A heat map as a table of shares in percent; `head` names the rows."""
    return {"chart": chart, "title": title, "head": head}


def _thinned(labels: tuple[str, ...]) -> list[str]:
    """First and last label and evenly spaced ones between, so that they stand where their points do."""
    count = len(labels)
    if count <= _MOST_LABELS:
        return list(labels)
    for parts in range(_MOST_LABELS - 1, 1, -1):
        if (count - 1) % parts == 0:
            return [labels[at] for at in range(0, count, (count - 1) // parts)]
    return [labels[0], labels[-1]]

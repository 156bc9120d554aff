"""The charts of "why sales says no", each cell and bar leading to its handoffs."""

import datetime as dt

from feedback.forms_reports import NONE, ReportQuery
from feedback.logic.charts import BarChart, BarRow, HeatMap, HeatRow, heat_map, stacked_bars
from feedback.logic.lines import LineChart, LinePoint, changes_at, line_chart
from feedback.logic.rates import FEW, Rate
from feedback.pages.report_addresses import listed
from feedback.reports.rejections import CAMPAIGN, CHANNEL, MONTH, Group, RejectionReport
from leads.logic.words import NOTHING, interval_words, rate_words

_DAY = dt.timedelta(days=1)
_REASON_GROUPS = 2
_HEAT_ROWS, _HEAT_COLUMNS = 8, 8


def is_heat_cut(report: RejectionReport) -> bool:
    """Whether the heat map leaves out reasons or channels that the tables have."""
    return len(report.reasons) > _HEAT_ROWS or len(report.channels) > _HEAT_COLUMNS


def url_of(group: Group, kind: str, query: ReportQuery) -> str:
    """The handoffs of one channel, campaign or month; of a month as far as it lies in the period."""
    if kind != MONTH:
        return listed(query, **{kind: group.name.key or NONE})
    first = dt.date.fromisoformat(f"{group.name.key}-01")
    end_on, period = (first + 31 * _DAY).replace(day=1), query.period
    first = max(first, period.first_on or first)
    return listed(query, period=f"{first}..{min(end_on, period.last_on + _DAY) if period.last_on else end_on}")


def doubt(rate: Rate) -> str:
    """What stands beside a rate: "58 to 64 %, n 1,132"."""
    return f"{interval_words(rate.low, rate.high)}, n {rate.of:,}"


def bars_of(report: RejectionReport, query: ReportQuery) -> BarChart:
    """Every counted handoff once: accepted, refused by group of reasons, or not answered. Most offered first."""
    kind = CHANNEL if report.by == CHANNEL else CAMPAIGN
    groups = report.channels if kind == CHANNEL else report.campaigns
    sums: dict[str, int] = {}
    for group in groups:
        for name, count in group.refusals.items():
            sums[name] = sums.get(name, 0) + count
    drawn = sorted(sums, key=lambda name: (-sums[name], name))[:_REASON_GROUPS]
    rows = []
    for group in groups:
        refused = [group.refusals.get(name, 0) for name in drawn]
        others = sum(group.refusals.values()) - sum(refused)
        figures = group.figures
        if not figures.counted:
            continue
        rows.append(
            BarRow(
                label=group.name.label,
                amounts=[figures.accepted, *refused, others, figures.pending + figures.expired],
                note=f"{rate_words(figures.acceptance.share)} · {_short(figures.acceptance)} · {figures.counted:,}",
                url=url_of(group, kind, query),
                is_young=group.is_young or figures.acceptance.is_few,
            )
        )
    return stacked_bars(rows, series=("Accepted", *drawn, "Other reasons", "No answer"))


def _short(rate: Rate) -> str:
    return f"{rate.low * 100:.0f}–{rate.high * 100:.0f}" if rate.low is not None and rate.high is not None else NOTHING


def line_of(report: RejectionReport) -> LineChart | None:
    """Acceptance by month of offer, each month followed until today; the months in which the agreement changed are
    marked.
    """
    if report.by != MONTH:
        return None
    points = []
    for group in report.groups:
        rate = group.figures.acceptance
        words = f"{group.name.label}: {rate_words(rate.share)}, {doubt(rate)}"
        points.append(LinePoint(group.name.label, rate.share, rate.low, rate.high, group.is_young, words))
    months = changes_of(report)
    changes = changes_at([group.name.key for group in report.groups], months)
    return line_chart({"Accepted": points}, top=1.0, changes=changes)


def changes_of(report: RejectionReport) -> list[tuple[str, str]]:
    """The month ("2026-10") of every change of the agreement, with its name."""
    return [(f"{on:%Y-%m}", what) for on, what in report.changes]


def heat_of(report: RejectionReport, query: ReportQuery) -> HeatMap:
    """The most given reasons across the busiest channels; a channel with few decided would say nothing."""
    at = [index for index, channel in enumerate(report.channels) if channel.figures.decided >= FEW][:_HEAT_COLUMNS]
    rows = []
    for line in report.reasons[:_HEAT_ROWS]:
        if not line.share.count:
            continue
        urls = [
            listed(query, channel=report.channels[index].name.key or NONE, figure="decided", reason=line.reason.key)
            for index in at
        ]
        values = [line.by_channel[index].share for index in at]
        rows.append(HeatRow(line.reason.label, values, urls))
    return heat_map(rows, columns=[report.channels[index].name.label for index in at])

"""The report "why sales says no" as rows and columns: the same figures for files, the command and programs."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from feedback.logic.figures import Figures
from feedback.logic.rates import Rate
from feedback.reports.handoff_lists import ListedHandoff
from feedback.reports.rejections import MONTH, REASON, Group, ReasonLine, RejectionReport

Value = bool | str | int | float | None


@dataclass(frozen=True)
class Table:
    """Columns and rows. Shares are of 1, rounded to six places; instants and days ISO 8601."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def table_of(report: RejectionReport) -> Table:
    """One row per reason, channel, campaign or month, as the report is grouped."""
    if report.by == REASON:
        rows = [_of_reason(line) for line in report.reasons]
    else:
        rows = [_of_group(group, report.by) for group in report.groups]
    columns = tuple(rows[0]) if rows else ()
    return Table(columns, tuple(tuple(row.values()) for row in rows))


def in_words(table: Table) -> Table:
    """The same table for people and spreadsheets, which say yes and no."""
    said = {True: "yes", False: "no"}
    rows = (tuple(said[cell] if isinstance(cell, bool) else cell for cell in row) for row in table.rows)
    return Table(table.columns, tuple(rows))


def data_of(report: RejectionReport, *, zone: str) -> dict[str, Any]:
    """The whole report as JSON has it: what it is about, the figures of all handoffs, the rows, and what stands out."""
    table, window = table_of(report), report.period.window
    return {
        "report": "rejections",
        "by": report.by,
        "as_of": report.now.isoformat(),
        "zone": zone,
        "from": window.start_at.isoformat() if window.start_at else None,
        "to": window.end_at.isoformat() if window.end_at else None,
        "total": {
            **counts_of(report.total),
            "median_minutes_to_decide_elapsed": _minutes(report.waiting.median),
            "matured_after_minutes": _minutes(report.matured),
            "still_maturing": report.is_young,
        },
        "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows],
        "comparisons": report.comparison.tested,
        "stand_out": [
            {
                "campaign": one.campaign.label,
                "reason": one.reason.key,
                "count": one.finding.pair.count,
                "of": one.finding.pair.of,
                "times_the_rest": _rounded(one.finding.times),
                "times_low": _rounded(one.finding.low),
                "times_high": _rounded(one.finding.high),
                "shrunken_share": _rounded(one.finding.shrunken),
            }
            for one in report.comparison.standouts
        ],
    }


def counts_of(figures: Figures) -> dict[str, Value]:
    """Every count and rate of a set of handoffs, by its name in docs/metrics.md."""
    return {
        "offered": figures.offered,
        "decided": figures.decided,
        "accepted": figures.accepted,
        "rejected": figures.rejected,
        "returned": figures.returned,
        "void": figures.void,
        "turned_back": figures.turned_back,
        "expired": figures.expired,
        "recalled": figures.recalled,
        "pending": figures.pending,
        "silent": figures.silent,
        "won": figures.won,
        "counted": figures.counted,
        **_rate("acceptance", figures.acceptance),
        **_rate("rejection", figures.rejection),
        **_rate("returned_after_work", figures.after_work),
        **_rate("silence", figures.silence),
        **_rate("winning", figures.winning),
        "mature": figures.mature,
        "sql_in_60_days": figures.sql,
        **_rate("sql", figures.to_sql),
    }


def row_of(listed: ListedHandoff, zone: dt.tzinfo) -> tuple[Value, ...]:
    """One handoff of a list, in the order of LIST_COLUMNS, instants in `zone`."""
    return (
        str(listed.uid),
        listed.external_id,
        listed.lead,
        listed.account,
        listed.team,
        listed.channel,
        listed.campaign,
        listed.state,
        listed.reason,
        listed.offered_at.astimezone(zone).isoformat(timespec="seconds"),
        listed.decided_at.astimezone(zone).isoformat(timespec="seconds") if listed.decided_at else None,
    )


LIST_COLUMNS = (
    "handoff", "external_id", "lead", "account", "team", "channel", "campaign", "state", "reason", "offered_at",
    "decided_at",
)  # fmt: skip


def _of_group(group: Group, by: str) -> dict[str, Value]:
    return {
        **({by: group.name.key} if by == MONTH else {by: group.name.label, f"{by}_key": group.name.key}),
        **counts_of(group.figures),
        "still_maturing": group.is_young,
    }


def _of_reason(line: ReasonLine) -> dict[str, Value]:
    change = line.change
    return {
        "reason": line.reason.label,
        "reason_key": line.reason.key,
        "group": line.reason.group,
        "next": line.reason.get_next_state_display(),
        "owner": line.reason.remedy_owner,
        "count": line.share.count,
        "at_review": line.at_review,
        "after_work": line.after_work,
        "decided": line.share.of,
        **_rate("share", line.share),
        "count_before": line.before.count if line.before else None,
        "decided_before": line.before.of if line.before else None,
        "change": _rounded(change.difference) if change else None,
        "change_low": _rounded(change.low) if change else None,
        "change_high": _rounded(change.high) if change else None,
        "is_clear_change": change.is_clear if change else None,
    }


def _rate(name: str, rate: Rate) -> dict[str, Value]:
    return {name: _rounded(rate.share), f"{name}_low": _rounded(rate.low), f"{name}_high": _rounded(rate.high)}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _minutes(amount: dt.timedelta | None) -> int | None:
    return None if amount is None else amount // dt.timedelta(minutes=1)

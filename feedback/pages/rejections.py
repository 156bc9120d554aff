"""What the page "why sales says no" says: figures in words, what stands out, charts with their addresses."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from feedback.forms_reports import ReportQuery
from feedback.logic.periods import span_words
from feedback.logic.rates import Change
from feedback.logic.rights import MANAGER, Person
from feedback.pages.rejection_charts import bars_of, changes_of, doubt, heat_of, is_heat_cut, line_of, url_of
from feedback.pages.report_addresses import address, filters_of, listed
from feedback.reports.rejections import CAMPAIGN, CHANNEL, MONTH, Group, ReasonLine, RejectionReport, Standout
from leads.logic.words import NOTHING, duration_words, interval_words, points_words, rate_words

TITLE = "Why sales says no"
_DAY = dt.timedelta(days=1)
_STANDOUTS_SAID = 3
# The latest months; of campaigns and channels the busiest. All of them are in the file.
_MOST_GROUPS = 60


@dataclass(frozen=True)
class FigureWords:
    """See templates/feedback/_figures.html."""

    label: str
    value: str
    note: str
    young: bool = False


@dataclass(frozen=True)
class FindingWords:
    """See templates/feedback/_finding.html."""

    strong: str
    text: str
    tone: str
    url: str = ""
    label: str = ""


def page_of(report: RejectionReport, query: ReportQuery, *, today: dt.date) -> dict[str, Any]:
    """The context `report` of templates/feedback/report_rejections.html."""
    kind = report.by if report.by in (CHANNEL, MONTH) else CAMPAIGN
    groups = report.groups if report.by in (CHANNEL, MONTH) else report.campaigns
    shown = groups[-_MOST_GROUPS:] if kind == MONTH else groups[:_MOST_GROUPS]
    return {
        "title": TITLE,
        "sentence": sentence_of(report, query),
        "filters": filters_of(report, query, today=today),
        "days": {name: word for name, word in query.asked.items() if name != "period"},
        "first_on": query.own_days[0],
        "end_on": query.own_days[1],
        "csv_url": address("report-rejections-csv", query.asked),
        "links": [],
        "empty": None if report.total.offered else _empty(query),
        "figures": _figures(report),
        "finding": _finding(report, query),
        "by": report.by,
        "chart": bars_of(report, query),
        "chart_head": CHANNEL if report.by == CHANNEL else CAMPAIGN,
        "line": line_of(report),
        "heat": heat_of(report, query),
        "heat_is_cut": is_heat_cut(report),
        "before_words": report.period.before_words,
        "reasons": [_reason_row(line, query) for line in report.reasons],
        "groups_head": kind.capitalize(),
        "groups": [_group_row(group, url_of(group, kind, query), changes_of(report)) for group in shown],
        "changes": [f"{on.day} {on:%b %Y}: {what}" for on, what in report.changes],
        "groups_left_out": len(groups) - len(shown),
        "groups_csv_url": address("report-rejections-csv", query.asked, by=kind),
    }


def sentence_of(report: RejectionReport, query: ReportQuery) -> str:
    """Which handoffs, whose, and how far they can be trusted yet."""
    parts = [f"{_whose(query.cohort.person)} offered {span_words(report.period.first_on, report.period.last_on)}"]
    parts[0] += ", followed until today"
    if report.is_young and report.matured is not None:
        days = max(1, math.ceil(report.matured / _DAY))
        span = f"the last {days} days" if days > 1 else "the last day"
        parts.append(f"{span} still maturing")
    return " · ".join(parts)


def _whose(person: Person) -> str:
    if person.sees_all:
        return "Handoffs"
    return "Your teams’ handoffs" if MANAGER in person.roles else "Your own handoffs"


def _empty(query: ReportQuery) -> dict[str, str]:
    if not query.narrowed and query.period.key == "all":
        return {
            "headline": "Nothing has been offered yet",
            "sentence": "As soon as leads are offered to sales, this page says what sales answered and why.",
            "link_url": "",
            "link_label": "",
        }
    return {
        "headline": "No handoffs here",
        "sentence": "Nothing that you may see was offered in this time with these choices.",
        "link_url": address("report-rejections", {"period": "all"}),
        "link_label": "Look at all time",
    }


def _figures(report: RejectionReport) -> list[FigureWords]:
    total, waiting = report.total, report.waiting
    outside = total.turned_back + total.void + total.recalled
    is_quiet = total.pending * 10 > total.counted or total.acceptance.is_few
    return [
        FigureWords(
            "Offered", f"{total.offered:,}", f"{rate_words(total.resolution.share)} decided, {total.pending:,} pending"
        ),
        FigureWords("Accepted", rate_words(total.acceptance.share), doubt(total.acceptance), is_quiet),
        FigureWords(
            "Rejected at review",
            rate_words(total.rejection.share),
            f"{doubt(total.rejection)}; {rate_words(total.after_work.share)} more returned after work",
            is_quiet,
        ),
        FigureWords(
            "Outside the rates",
            f"{outside:,}",
            f"{total.turned_back:,} turned back, {total.void:,} void, {total.recalled:,} recalled",
        ),
        FigureWords(
            "Time to decide",
            duration_words(waiting.median),
            "elapsed, median, undecided counted as waiting" if waiting.median else "fewer than half are decided",
        ),
        FigureWords(
            "To SQL in 60 days",
            rate_words(total.to_sql.share),
            f"{interval_words(total.to_sql.low, total.to_sql.high)} of {total.mature:,} mature"
            if total.mature
            else "none was offered 60 days ago yet",
            total.to_sql.is_few,
        ),
        FigureWords(
            "Silent",
            rate_words(total.silence.share),
            f"{total.expired:,} expired, {total.overdue:,} past due",
        ),
        FigureWords(
            "Won",
            rate_words(total.winning.share, digits=1),
            f"{total.won:,} so far" + (f", {total.won_otherwise:,} without sales’ yes" if total.won_otherwise else ""),
        ),
    ]


def _finding(report: RejectionReport, query: ReportQuery) -> FindingWords:
    """Only what holds after correction; otherwise that there is not enough to tell."""
    comparison = report.comparison
    if not comparison.tested:
        return FindingWords("", "Not enough to tell campaigns apart: it takes two with 20 decided handoffs each.", "")
    counted = f"{comparison.tested:,} comparisons of {comparison.campaigns:,} campaigns"
    if not comparison.standouts:
        return FindingWords("", f"Not enough to tell: no campaign stands out for a reason, after {counted}.", "")
    first, *others = comparison.standouts
    pair = first.finding.pair
    text = f"{pair.count:,} of {pair.of:,} decided, {_times(first)}; holds after {counted}."
    if others:
        also = "; ".join(
            f"“{one.campaign.label}” for “{one.reason.label}” ({one.finding.pair.count:,} of {one.finding.pair.of:,})"
            for one in others[: _STANDOUTS_SAID - 1]
        )
        more = len(others) - (_STANDOUTS_SAID - 1)
        text += f" Also {also}" + (f", and {more:,} more." if more > 0 else ".")
    quiet = comparison.campaigns - len({one.campaign for one in comparison.standouts})
    if quiet:
        text += f" The {'others' if quiet > 1 else 'other'} ({quiet:,}): not enough to tell."
    return FindingWords(
        f"“{first.campaign.label}” is refused more than the rest for “{first.reason.label}”.",
        text,
        "soon",
        listed(query, campaign=first.campaign.key, figure="decided", reason=first.reason.key),
        "See them",
    )


def _times(one: Standout) -> str:
    finding = one.finding
    if finding.times is None or finding.low is None or finding.high is None:
        return f"none of {finding.pair.rest_of:,} elsewhere"
    return f"{finding.times:.1f} times the rest (likely {finding.low:.1f} to {finding.high:.1f})"


def _reason_row(line: ReasonLine, query: ReportQuery) -> dict[str, Any]:
    reason = line.reason
    back = f"back in {reason.cool_off_days} days" if reason.cool_off_days else str(reason.get_next_state_display())
    words, tone = _change_words(line.change)
    return {
        "label": reason.label,
        "next": back,
        "owner": reason.remedy_owner.replace("-", " ").capitalize(),
        "count": line.share.count,
        "after_work": line.after_work,
        "share": line.share,
        "bounds": (line.share.low, line.share.high),
        "change": words,
        "change_tone": tone,
        "url": listed(query, figure="decided", reason=reason.key),
    }


def _change_words(change: Change | None) -> tuple[str, str]:
    if change is None:
        return NOTHING, ""
    if not change.is_clear:
        return f"{points_words(change.difference)}, no clear change", ""
    low, high = (points_words(end).removesuffix(" pt") for end in (change.low, change.high))
    return f"{points_words(change.difference)} ({low} to {high})", "late-ink" if change.difference > 0 else "good-ink"


def _group_row(group: Group, url: str, changes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """`changes` are months with what changed in them; said beside a month alone, as no channel is called like one."""
    figures = group.figures
    return {
        "label": group.name.label,
        "figures": figures,
        "accepted": figures.acceptance.share,
        "interval": (figures.acceptance.low, figures.acceptance.high),
        "url": url,
        "young": group.is_young,
        "few": figures.acceptance.is_few,
        "changed": ", ".join(what for month, what in changes if month == group.name.key),
    }

"""The addresses of a report, of its parts, and of what it can be narrowed to."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from feedback.forms_reports import NONE, ReportQuery
from feedback.logic.periods import EVERYTHING, WEEKS, month_words, previous_months, span_words
from feedback.reports.rejections import CAMPAIGN, CHANNEL, MONTH, REASON, RejectionReport

_MONTHS_BACK = 6
_BY = {REASON: "by reason", CHANNEL: "by channel", CAMPAIGN: "by campaign", MONTH: "by month"}


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """One choice in the head of a report, see templates/feedback/_report_head.html."""

    name: str
    label: str
    options: tuple[Option, ...]


def address(name: str, asked: Mapping[str, str], **changed: str) -> str:
    """The page called `name` with what was asked; a change to "" leaves the parameter out."""
    words = {key: value for key, value in {**asked, **changed}.items() if value}
    return f"{reverse(f'feedback:{name}')}?{urlencode(words)}" if words else reverse(f"feedback:{name}")


def listed(query: ReportQuery, **narrowed: str) -> str:
    """The list of the handoffs behind a figure of this report."""
    return address("report-handoffs", query.asked, **{"by": "", **narrowed})


def filters_of(report: RejectionReport, query: ReportQuery, *, today: dt.date) -> list[Filter]:
    """What the reader can choose: time, team if they see several, channel, campaign, grouping. `today` is theirs."""
    asked = query.asked
    found = [_filter("period", "Time", _periods(query, today), query.period.key)]
    if len(query.teams) > 1:
        teams = [("", "All teams"), *((str(team.uid), team.name) for team in query.teams)]
        found.append(_filter("team", "Team", teams, asked.get("team", "").lower()))
    channels = [("", "All channels"), *((key or NONE, key or "no channel") for key in report.all_channels)]
    campaigns = [("", "All campaigns"), *((name.key or NONE, name.label) for name in report.all_campaigns)]
    found.append(_filter("channel", "Channel", channels, asked.get("channel", "")))
    found.append(_filter("campaign", "Campaign", campaigns, asked.get("campaign", "").lower()))
    found.append(_filter("by", "Grouped", list(_BY.items()), query.by))
    return found


def _periods(query: ReportQuery, today: dt.date) -> list[tuple[str, str]]:
    period = query.period
    options = [(key, f"{count} weeks") for key, count in WEEKS.items()]
    options += [(key, month_words(key)) for key in previous_months(today, _MONTHS_BACK)]
    options.append((EVERYTHING, "All time"))
    if period.key not in dict(options):
        is_month = ".." not in period.key
        options.insert(
            0, (period.key, month_words(period.key) if is_month else span_words(period.first_on, period.last_on))
        )
    return options


def _filter(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> Filter:
    """The choice; one that is no longer among the options stays visible, or the page would lie about what it shows."""
    if chosen not in dict(options):
        options = [*options, (chosen, chosen)]
    return Filter(name, label, tuple(Option(value, words, value == chosen) for value, words in options))

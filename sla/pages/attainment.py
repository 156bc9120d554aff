"""What the page "Promises kept" says: raw and adjusted side by side, by target, handoff, week, team and version."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from feedback.logic.lines import LineChart, LinePoint, changes_at, line_chart
from feedback.logic.periods import WEEKS, span_words
from feedback.logic.rates import FEW, Rate
from leads.logic.words import NOTHING, interval_words, rate_words
from sla.forms_attainment import Query
from sla.models import TargetKey
from sla.reports.attainment import Attainment, Line, Tally

TITLE = "Promises kept"
COLUMNS = ("part", "name", "kept", "missed", "adjusted_kept", "adjusted_missed", "running")


def page_of(found: Attainment, query: Query, *, today: dt.date) -> dict[str, Any]:
    """The context `report` of templates/sla/attainment.html."""
    asked = urlencode(query.asked)
    csv_url = reverse("sla:attainment-csv")
    return {
        "title": TITLE,
        "sentence": _sentence(found, query),
        "filters": _filters(query),
        "days": {name: word for name, word in query.asked.items() if name not in {"period", "from", "to"}},
        "first_on": query.asked.get("from", ""),
        "end_on": query.asked.get("to", ""),
        "csv_url": f"{csv_url}?{asked}" if asked else csv_url,
        "links": [],
        "empty": None if found.total != Tally() else _empty(),
        "figures": [
            _figure("Promises kept", found.total.raw),
            _figure("With excused time out", found.total.adjusted),
            _figure("Handoffs with all kept", found.by_handoff.raw),
            _figure("The same, excused time out", found.by_handoff.adjusted),
        ],
        "line": _chart(found, today=today),
        "tables": [
            {"title": title, "head": head, "rows": [_row(line, _changes(found)) for line in lines]}
            for title, head, lines in (
                ("By target", "Target", found.targets),
                ("By week", "Week of", list(reversed(found.weeks))),
                ("By week, handoffs with all kept", "Week of", list(reversed(found.handoff_weeks))),
                ("By team", "Team", found.teams),
                ("By policy version", "Version", found.versions),
            )
        ],
        "published": [f"{on.day} {on:%b}: {what}" for on, what in found.published],
    }


def table_of(found: Attainment) -> list[tuple[str | int, ...]]:
    """The rows of the file: COLUMNS, a line for each part of the page."""
    parts: Sequence[tuple[str, Sequence[Line]]] = (
        ("target", found.targets),
        ("week", found.weeks),
        ("week by handoff", found.handoff_weeks),
        ("team", found.teams),
        ("version", found.versions),
    )
    return [
        (part, line.name, tally.kept, tally.missed, tally.adjusted_kept, tally.adjusted_missed, tally.running)
        for part, lines in parts
        for line in lines
        for tally in [line.tally]
    ]


def _sentence(found: Attainment, query: Query) -> str:
    running = found.total.running
    still = f" {running:,} still running and not counted." if running else ""
    return f"Promises that fell due {span_words(query.period.first_on, query.period.last_on)}.{still}"


def _filters(query: Query) -> list[dict[str, Any]]:
    def options(name: str, choices: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        chosen = query.asked.get(name, "")
        return [{"value": value, "label": label, "chosen": value == chosen} for value, label in choices]

    periods = [(key, f"{weeks} weeks") for key, weeks in WEEKS.items()]
    if "period" not in query.asked:
        periods = [("", "12 weeks"), *(one for one in periods if one[0] != "12w")]
    teams = [(str(team.uid), team.name) for team in query.teams]
    targets = [(key.value, key.label.capitalize()) for key in TargetKey]
    return [
        {"name": "period", "label": "Period", "options": options("period", [*periods, ("all", "All time")])},
        {"name": "team", "label": "Team", "options": options("team", [("", "All teams"), *teams])},
        {"name": "target", "label": "Target", "options": options("target", [("", "All targets"), *targets])},
    ]


def _empty() -> dict[str, str]:
    return {
        "headline": "No promise fell due in this time.",
        "sentence": "Choose a longer time, or see in the settings which policies are published.",
        "link_url": "",
        "link_label": "",
    }


def _figure(label: str, rate: Rate) -> dict[str, Any]:
    note = f"{interval_words(rate.low, rate.high)}, n {rate.of:,}" if rate.of else "nothing has fallen due"
    return {"label": label, "value": rate_words(rate.share), "note": note, "young": rate.is_few}


def _row(line: Line, changes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    raw, adjusted = line.tally.raw, line.tally.adjusted
    return {
        "name": _named(line.name),
        "kept": line.tally.kept,
        "missed": line.tally.missed,
        "running": line.tally.running,
        "raw": rate_words(raw.share),
        "range": interval_words(raw.low, raw.high),
        "adjusted": rate_words(adjusted.share) if adjusted.of else NOTHING,
        "is_few": raw.of < FEW,
        "changed": ", ".join(what for week, what in changes if week == line.name),
    }


def _changes(found: Attainment) -> list[tuple[str, str]]:
    """The Monday of the week of every change, with what changed."""
    return [(_monday(on), what) for on, what in found.published]


def _named(name: str) -> str:
    """A target as a word, a week as its first day; teams and versions have names."""
    if name in TargetKey.labels:
        return name.capitalize()
    try:
        monday = dt.date.fromisoformat(name)
    except ValueError:
        return name
    return f"{monday.day} {monday:%b %Y}"


def _chart(found: Attainment, *, today: dt.date) -> LineChart | None:
    """Both rates by week; a week whose promises still run is young, a week when rules changed is marked."""
    weeks = [line.name for line in found.weeks]
    if len(weeks) < 2:
        return None
    by_handoff = {line.name: line.tally for line in found.handoff_weeks}
    return line_chart(
        {
            "Promises": [_point(line.name, line.tally, today=today) for line in found.weeks],
            "Handoffs with all kept": [_point(week, by_handoff.get(week, Tally()), today=today) for week in weeks],
        },
        top=1.0,
        changes=changes_at(weeks, _changes(found)),
    )


def _point(week: str, tally: Tally, *, today: dt.date) -> LinePoint:
    rate = tally.raw
    words = f"week of {week}: {rate_words(rate.share)}, {interval_words(rate.low, rate.high)}, n {rate.of:,}"
    is_young = bool(tally.running) or dt.date.fromisoformat(week) + dt.timedelta(days=7) > today
    return LinePoint(week[5:], rate.share, rate.low, rate.high, is_young, words)


def _monday(on: dt.date) -> str:
    return f"{on - dt.timedelta(days=on.weekday()):%Y-%m-%d}"

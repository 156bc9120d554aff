"""The figures of a replay as files."""

from collections.abc import Sequence
from typing import Any

from leads.logic.csv_cells import csv_lines
from sla.pages.replays import CANNOT_KNOW, Figures, Side, TargetLine

COLUMNS = ("section", "name", "side", "due", "met", "breached", "running", "cancelled", "share", "low", "high", "count")


def rows_of(figures: Figures) -> list[tuple[Any, ...]]:
    """The figures as rows of COLUMNS."""
    rows = _target_rows("all", figures.targets)
    for team in figures.teams:
        rows += _target_rows(f"team {team.name}", team.targets)
    for section, lines in (("step", figures.steps), ("moved", figures.moved)):
        for line in lines:
            for side, count in (("judged", line.judged), ("real", line.real)):
                rows.append((section, line.key, side, *[None] * 8, count))
    for load in figures.loads:
        rows.append(("manager told in all", load.user, load.side, *[None] * 8, load.total))
        rows.append(("manager told, busiest hour", load.user, load.side, *[None] * 8, load.most))
    return rows


def csv_of(figures: Figures) -> str:
    """The figures as a CSV file."""
    return "".join(csv_lines(COLUMNS, rows_of(figures)))


def data_of(figures: Figures) -> dict[str, Any]:
    """The figures as JSON."""
    return {
        "until": figures.until.isoformat(),
        "handoffs": figures.handoffs,
        "promised": {"judged": figures.promised, "real": figures.really_promised},
        "targets": _target_data(figures.targets),
        "steps": {line.key: {"judged": line.judged, "real": line.real} for line in figures.steps},
        "moved": {line.key: {"judged": line.judged, "real": line.real} for line in figures.moved},
        "teams": [
            {"name": team.name, "handoffs": team.handoffs, "targets": _target_data(team.targets)}
            for team in figures.teams
        ],
        "managers": [
            {
                "name": load.user,
                "side": load.side,
                "told": load.total,
                "hours": load.hours,
                "quartiles": list(load.quartiles),
                "most": load.most,
                "busiest": [[at.isoformat(), count] for at, count in load.busiest],
            }
            for load in figures.loads
        ],
        "says": list(figures.says),
        "cannot_know": list(CANNOT_KNOW),
    }


def _target_rows(section: str, lines: Sequence[TargetLine]) -> list[tuple[Any, ...]]:
    return [
        (section, line.key, name, *_counts(side).values(), None)
        for line in lines
        for name, side in (("judged", line.judged), ("real", line.real))
    ]


def _target_data(lines: Sequence[TargetLine]) -> dict[str, Any]:
    return {line.key: {"judged": _counts(line.judged), "real": _counts(line.real)} for line in lines}


def _counts(side: Side) -> dict[str, Any]:
    return {
        "due": side.due,
        "met": side.met,
        "breached": side.breached,
        "running": side.running,
        "cancelled": side.cancelled,
        "share": _rounded(side.rate.share),
        "low": _rounded(side.rate.low),
        "high": _rounded(side.rate.high),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)

"""The tables and the chart of the last quarter under a draft, beside those of the agreement in force."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feedback.logic.figures import Figures
from feedback.logic.lines import LineChart, LinePoint, line_chart
from feedback.logic.outlook import Quarter
from feedback.logic.rates import Rate, likely_counts
from feedback.reports.cohorts import SQL_MATURITY
from feedback.reports.outlook import Outlook, Side
from leads.logic.agreement import Agreement
from leads.logic.words import interval_words, rate_words

# A name, a text for each agreement, whether it is quiet.
_Line = tuple[str, list[str], bool]


@dataclass(frozen=True)
class Row:
    """A line of a table: its name, and for each agreement its name and a text; `is_quiet` where it rests on too little
    to compare.
    """

    name: str
    cells: tuple[tuple[str, str], ...]
    is_quiet: bool = False


def things(count: int) -> str:
    """So many handoffs, in words."""
    return f"{count:,} handoff{'' if count == 1 else 's'}"


def rate_of(rate: Rate) -> str:
    """A share with its interval, or that there is not enough to tell."""
    if rate.is_few:
        return "not enough to tell"
    return f"{rate_words(rate.share)} ({interval_words(rate.low, rate.high)})"


def volume_of(side: Side) -> str:
    """How many offers, with their range."""
    return f"{side.volume.total:,} ({range_of(side)})"


def range_of(side: Side) -> str:
    """Of the volume: what chance leaves, and below that the offers that may not have been."""
    low, _ = likely_counts(side.volume.total - side.volume.late)
    _, high = likely_counts(side.volume.total)
    return f"{low:,.0f} to {high:,.0f}"


def is_young(figures: Figures) -> bool:
    """Whether more than a tenth of what counts has no answer yet."""
    return figures.pending * 10 > figures.counted


def table(names: Sequence[str], lines: Iterable[_Line]) -> tuple[Row, ...]:
    """The lines with the names of the columns."""
    return tuple(Row(name, tuple(zip(names, texts, strict=True)), is_quiet) for name, texts, is_quiet in lines)


def rows(found: Outlook, sides: Sequence[Side]) -> list[_Line]:
    """Volume, acceptance and SQLs, a text for each side."""
    kept = [one.kept for one in sides]

    def counts(name: str, values: Sequence[int]) -> _Line:
        return name, [f"{value:,}" for value in values], False

    days = SQL_MATURITY.days
    young = any(map(is_young, kept))
    return [
        ("Would have been offered", [*map(volume_of, sides)], False),
        counts("Never seen by sales", [one.volume.unseen for one in sides]),
        counts("Only after a real handoff that it would not have made", [one.volume.late for one in sides]),
        counts("Met a rule, held back all the quarter", [one.volume.held for one in sides]),
        counts(f"Offered too, of {things(found.real.offered)}", [one.offered for one in kept]),
        counts("Left out", [one.left_out.offered for one in sides]),
        counts("Offered too: turned back, void or recalled", [one.offered - one.counted for one in kept]),
        counts("Offered too: no answer yet", [one.pending for one in kept]),
        (
            f"Accepted, of those that count{', still maturing' if young else ''}",
            [f"{one.accepted:,} of {one.counted:,}: {rate_of(one.acceptance)}" for one in kept],
            young or any(one.acceptance.is_few for one in kept),
        ),
        counts(f"Offered too: younger than {days} days, too young to tell", [one.offered - one.mature for one in kept]),
        (
            f"SQL in {days} days, of the others",
            [f"{one.sql:,} of {one.mature:,}: {rate_of(one.to_sql)}" for one in kept],
            any(one.to_sql.is_few for one in kept),
        ),
    ]


def rules(sides: Sequence[Side], agreements: Sequence[Agreement]) -> list[_Line]:
    """The would-be offers by rule, those of every side's agreement."""
    labels = {rule.key: rule.label for agreement in reversed(agreements) for rule in agreement.rules}
    asked = [{rule.key for rule in agreement.rules} for agreement in agreements]
    keys = list(dict.fromkeys(rule.key for agreement in agreements for rule in agreement.rules))
    return [
        (
            labels[key],
            [
                f"{side.volume.by_rule.get(key, 0):,}" if key in has else "no such rule"
                for side, has in zip(sides, asked, strict=True)
            ],
            False,
        )
        for key in keys
    ]


def weeks(quarter: Quarter, sides: Sequence[Side]) -> list[_Line]:
    """The would-be offers by week."""
    return [
        (_day(monday), [f"{side.volume.by_week[number]:,}" for side in sides], False)
        for number, monday in enumerate(quarter.mondays)
    ]


def chart(quarter: Quarter, sides: Sequence[Side], names: Sequence[str]) -> LineChart:
    """The would-be offers by week, a line for each side."""
    return line_chart(
        {
            name: [
                LinePoint(_day(monday), float(count), words=f"{name}, week of {_day(monday)}: {count:,}")
                for monday, count in zip(quarter.mondays, side.volume.by_week, strict=True)
            ]
            for name, side in zip(names, sides, strict=True)
        }
    )


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b}"

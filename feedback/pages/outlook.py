"""What the page and the command say of the last quarter under a draft and under the agreement in force."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feedback.logic.figures import Figures
from feedback.logic.lines import LineChart, LinePoint, line_chart
from feedback.logic.outlook import WEEKS, Quarter
from feedback.logic.periods import span_words
from feedback.logic.rates import Rate, likely_counts
from feedback.pages.rejection_charts import doubt
from feedback.pages.rejections import FigureWords
from feedback.reports.cohorts import SQL_MATURITY
from feedback.reports.outlook import Outlook, Side
from leads.logic.agreement import Agreement
from leads.logic.words import NOTHING, interval_words, rate_words

DRAFT = "Draft"
_TITLE = "What the last quarter would have looked like"
CANNOT_KNOW = "Nobody knows what sales would have said of leads that it never saw."
OF_TODAY = (
    "Fit is worked out from the facts of today: size, title, country and consent may have been others then, and what a "
    "salesperson learned later is among them."
)
HOW = (
    "Both columns come from the same replay of what was done, day by day (UTC). Everybody counts at most once: on the "
    "first day in the quarter on which they did something, a rule was met and marketing owed nothing. A whole account "
    "counts only where none of its own people does.",
    "Not counted: who was with sales already, until that ended; customers; who was suppressed or disqualified by then, "
    "or has opted out. Cool-offs inside the quarter are not replayed, and a campaign that marketing owes is taken as "
    "given.",
    "A handoff of the quarter counts as offered too when a rule of its lead or of its account was met on the day on "
    "which it qualified, and marketing owed nothing. A lead with two handoffs in the quarter is two handoffs here, and "
    "at most one would-be offer.",
    "Rates leave out what was turned back, void or recalled. Ranges are where chance alone leaves a figure (95 %: "
    "Wilson for rates, Poisson for volume). Both columns rest on much the same leads: overlapping ranges do not mean "
    "that nothing changes.",
)


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


@dataclass(frozen=True, kw_only=True)
class OutlookWords:
    """See templates/feedback/_outlook.html. `refusal` is why there is nothing to show, "" when there is; `share` in
    percent how far the worker is that works it out, `failure` why it could not; `worked_out_at` when it had done so.

    `names` are those of the columns: the draft, and the agreement in force if there is one.
    """

    title: str
    window: str
    refusal: str = ""
    share: int | None = None
    failure: str = ""
    worked_out_at: dt.datetime | None = None
    names: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    figures: tuple[FigureWords, ...] = ()
    rows: tuple[Row, ...] = ()
    rules: tuple[Row, ...] = ()
    weeks: tuple[Row, ...] = ()
    chart: LineChart | None = None
    caveat: str = OF_TODAY
    how: tuple[str, ...] = HOW


def words_of(
    found: Outlook,
    draft: Agreement,
    before: tuple[str, Agreement] | None,
    *,
    name: str = DRAFT,
    worked_out_at: dt.datetime | None = None,
) -> OutlookWords:
    """The outlook in words, or why the quarter has none. `before` is the agreement in force: its name and its text;
    `name` is what the other one is called.
    """
    if found.is_empty:
        return words_around(
            found.quarter,
            worked_out_at=worked_out_at,
            refusal="Nothing was offered, and nobody did enough to be: there is no quarter to look at yet.",
        )
    sides = [found.draft, *([found.before] if found.before else [])]
    names = (name, *([before[0]] if before else []))
    agreements = [draft, *([before[1]] if before else [])]
    return OutlookWords(
        title=_TITLE,
        window=_window(found.quarter),
        worked_out_at=worked_out_at,
        names=names,
        sentences=_sentences(found, f"the {DRAFT.lower()}" if name == DRAFT else name, before[0] if before else ""),
        figures=_figures(sides, names),
        rows=_table(names, _rows(found, sides)),
        rules=_table(names, _rules(sides, agreements)),
        weeks=_table(names, _weeks(found.quarter, sides)),
        chart=_chart(found.quarter, sides, names),
    )


def words_around(
    quarter: Quarter,
    *,
    refusal: str = "",
    share: int | None = None,
    failure: str = "",
    worked_out_at: dt.datetime | None = None,
) -> OutlookWords:
    """A quarter without figures, and why."""
    return OutlookWords(
        title=_TITLE,
        window=_window(quarter),
        refusal=refusal,
        share=share,
        failure=failure,
        worked_out_at=worked_out_at,
    )


def _window(quarter: Quarter) -> str:
    last_on = quarter.end_on - dt.timedelta(days=1)
    return f"{span_words(quarter.first_on, last_on)}, {WEEKS} full weeks"


def _sentences(found: Outlook, name: str, before: str) -> tuple[str, ...]:
    mine = found.draft
    parts = []
    known = found.real.offered - found.unknown
    if known:
        parts.append(
            f"Of {_things(known)} of the quarter {name} would have offered {mine.kept.offered:,} too; of the "
            f"{mine.kept.counted:,} of these that count, {mine.kept.accepted:,} were accepted: "
            f"{_rate(mine.kept.acceptance)}."
        )
    if found.unknown:
        parts.append(f"Of {_things(found.unknown)} more, nothing is known to have been done: no rule can be asked.")
    if found.before and found.lost.offered:
        parts.append(
            f"It would have left out {found.lost.offered:,} that {before} would have offered; {found.lost.accepted:,} "
            f"of them were accepted; of the {found.lost.mature:,} that are old enough, {found.lost.sql:,} became SQLs."
        )
    if found.before:
        parts.append(_change(mine.volume.total, found.before.volume.total, before))
    if mine.volume.unseen:
        parts.append(f"{mine.volume.unseen:,} of its {mine.volume.total:,} offers sales never saw. {CANNOT_KNOW}")
    return tuple(parts)


def _change(mine: int, theirs: int, before: str) -> str:
    if mine == theirs:
        return f"It would have made as many offers as {before}: {mine:,}."
    more = "more" if mine > theirs else "fewer"
    return f"It would have made {abs(mine - theirs):,} offers {more} than {before}: {mine:,} instead of {theirs:,}."


def _things(count: int) -> str:
    return f"{count:,} handoff{'' if count == 1 else 's'}"


def _rate(rate: Rate) -> str:
    if rate.is_few:
        return "not enough to tell"
    return f"{rate_words(rate.share)} ({interval_words(rate.low, rate.high)})"


def _volume(side: Side) -> str:
    low, high = likely_counts(side.volume.total)
    return f"{side.volume.total:,} ({low:,.0f} to {high:,.0f})"


def _figures(sides: Sequence[Side], names: Sequence[str]) -> tuple[FigureWords, ...]:
    """The draft's three figures; what the agreement in force has there stands beside."""
    low, high = likely_counts(sides[0].volume.total)
    kept = [one.kept for one in sides]
    told = (
        ("Would have been offered", f"{sides[0].volume.total:,}", f"{low:,.0f} to {high:,.0f}", [*map(_volume, sides)]),
        ("Accepted", *_of_rate([one.acceptance for one in kept])),
        (f"SQL in {SQL_MATURITY.days} days", *_of_rate([one.to_sql for one in kept])),
    )
    quiet = (False, kept[0].acceptance.is_few or _is_young(kept[0]), kept[0].to_sql.is_few)
    return tuple(
        FigureWords(label, value, f"{note} · {names[1]}: {cells[1]}" if len(cells) > 1 else note, is_quiet)
        for (label, value, note, cells), is_quiet in zip(told, quiet, strict=True)
    )


def _of_rate(rates: Sequence[Rate]) -> tuple[str, str, list[str]]:
    mine = rates[0]
    value, note = (
        (NOTHING, f"not enough to tell, n {mine.of:,}") if mine.is_few else (rate_words(mine.share), doubt(mine))
    )
    return value, note, [_rate(one) for one in rates]


def _is_young(figures: Figures) -> bool:
    return figures.pending * 10 > figures.counted


def _table(names: Sequence[str], lines: Iterable[_Line]) -> tuple[Row, ...]:
    return tuple(Row(name, tuple(zip(names, texts, strict=True)), is_quiet) for name, texts, is_quiet in lines)


def _rows(found: Outlook, sides: Sequence[Side]) -> list[_Line]:
    kept = [one.kept for one in sides]

    def counts(name: str, values: Sequence[int]) -> _Line:
        return name, [f"{value:,}" for value in values], False

    days = SQL_MATURITY.days
    young = any(map(_is_young, kept))
    return [
        ("Would have been offered", [*map(_volume, sides)], False),
        counts("Never seen by sales", [one.volume.unseen for one in sides]),
        counts(f"Offered too, of {_things(found.real.offered)}", [one.offered for one in kept]),
        counts("Left out", [one.left_out.offered for one in sides]),
        counts("Offered too: turned back, void or recalled", [one.offered - one.counted for one in kept]),
        counts("Offered too: no answer yet", [one.pending for one in kept]),
        (
            f"Accepted, of those that count{', still maturing' if young else ''}",
            [f"{one.accepted:,} of {one.counted:,}: {_rate(one.acceptance)}" for one in kept],
            young or any(one.acceptance.is_few for one in kept),
        ),
        counts(f"Offered too: younger than {days} days, too young to tell", [one.offered - one.mature for one in kept]),
        (
            f"SQL in {days} days, of the others",
            [f"{one.sql:,} of {one.mature:,}: {_rate(one.to_sql)}" for one in kept],
            any(one.to_sql.is_few for one in kept),
        ),
    ]


def _rules(sides: Sequence[Side], agreements: Sequence[Agreement]) -> list[_Line]:
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


def _weeks(quarter: Quarter, sides: Sequence[Side]) -> list[_Line]:
    return [
        (_day(monday), [f"{side.volume.by_week[number]:,}" for side in sides], False)
        for number, monday in enumerate(quarter.mondays)
    ]


def _chart(quarter: Quarter, sides: Sequence[Side], names: Sequence[str]) -> LineChart:
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

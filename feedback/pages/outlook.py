"""What the page and the command say of the last quarter under a draft and under the agreement in force."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from feedback.logic.lines import LineChart
from feedback.logic.outlook import WEEKS, Quarter
from feedback.logic.periods import span_words
from feedback.logic.rates import Rate
from feedback.pages import outlook_rows as telling
from feedback.pages.outlook_rows import Row, is_young, range_of, rate_of, things, volume_of
from feedback.pages.rejection_charts import doubt
from feedback.pages.rejections import FigureWords
from feedback.reports.cohorts import SQL_MATURITY
from feedback.reports.outlook import Outlook, Side
from leads.logic.agreement import Agreement
from leads.logic.words import NOTHING, rate_words

DRAFT = "Draft"
_TITLE = "What the last quarter would have looked like"
CANNOT_KNOW = "Nobody knows what sales would have said of leads that it never saw."
OF_TODAY = (
    "Fit is worked out from the facts of today: size, title, country and consent may have been others then, and what a "
    "salesperson learned later is among them."
)
HOW = (
    "Both columns come from the same replay of what was done, day by day (UTC). Everybody who did something in the "
    "quarter counts at most once: on the first day in it on which they did something, or what had held them back was "
    "over, while a rule was met and marketing owed nothing. A whole account counts only where none of its own people "
    "does.",
    "Not counted: who was suppressed or disqualified by then, or has opted out; and who was held back by a real "
    "handoff on every day that would count: with sales at that moment, a customer, refused for good, cooling off, "
    "waiting for a date or a condition, without anything done since the refusal, or left alone after an end without a "
    "reason, for as long as each agreement says.",
    "What holds back is known from the handoffs offered before the quarter, and from those of the quarter that no "
    "rule made: they would have been there under any agreement, with the answers, reasons and dates that they got. "
    "What a rule made in the quarter holds nobody back here: under an agreement that would not have made it by then "
    "there would have been no answer either. Offers that come only after one are told apart, and the lower end of the "
    "range leaves them out: what was done since may be the work of sales.",
    "What sales would have answered to an offer that was never made is not known: it is counted once, and nothing "
    "after it is replayed for that person. A campaign that marketing owes is taken as given.",
    "A handoff of the quarter counts as offered too when a rule of its lead or of its account was met on the day on "
    "which it qualified, marketing owed nothing, and no earlier handoff held it back that would have been there too. A "
    "lead with two handoffs in the quarter is two handoffs here, and at most one would-be offer.",
    "Rates leave out what was turned back, void or recalled. Ranges are where chance alone leaves a figure (95 %: "
    "Wilson for rates, Poisson for volume). Both columns rest on much the same leads: overlapping ranges do not mean "
    "that nothing changes.",
)


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
        rows=telling.table(names, telling.rows(found, sides)),
        rules=telling.table(names, telling.rules(sides, agreements)),
        weeks=telling.table(names, telling.weeks(found.quarter, sides)),
        chart=telling.chart(found.quarter, sides, names),
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
            f"Of {things(known)} of the quarter {name} would have offered {mine.kept.offered:,} too; of the "
            f"{mine.kept.counted:,} of these that count, {mine.kept.accepted:,} were accepted: "
            f"{rate_of(mine.kept.acceptance)}."
        )
    if found.unknown:
        parts.append(f"Of {things(found.unknown)} more, nothing is known to have been done: no rule can be asked.")
    if found.before and found.lost.offered:
        parts.append(
            f"It would have left out {found.lost.offered:,} that {before} would have offered; {found.lost.accepted:,} "
            f"of them were accepted; of the {found.lost.mature:,} that are old enough, {found.lost.sql:,} became SQLs."
        )
    if found.before:
        parts.append(_change(mine.volume.total, found.before.volume.total, before))
    if mine.volume.unseen:
        parts.append(f"{mine.volume.unseen:,} of its {_offers(mine.volume.total)} sales never saw. {CANNOT_KNOW}")
    if mine.volume.late:
        parts.append(
            f"{mine.volume.late:,} of its {_offers(mine.volume.total)} would have come only after a real handoff that "
            "it would not have made by then: what was done since may be the work of sales."
        )
    if mine.volume.held:
        parts.append(
            f"{mine.volume.held:,} more met a rule and were held back all the quarter: with sales, customers, or "
            "not to come back yet."
        )
    return tuple(parts)


def _change(mine: int, theirs: int, before: str) -> str:
    if mine == theirs:
        return f"It would have made as many offers as {before}: {mine:,}."
    much = f"{abs(mine - theirs):,} {'more' if mine > theirs else 'fewer'}"
    offers = "offer" if abs(mine - theirs) == 1 else "offers"
    return f"It would have made {much} {offers} than {before}: {mine:,} instead of {theirs:,}."


def _offers(count: int) -> str:
    return f"{count:,} offer{'' if count == 1 else 's'}"


def _figures(sides: Sequence[Side], names: Sequence[str]) -> tuple[FigureWords, ...]:
    """The draft's three figures; what the agreement in force has there stands beside."""
    kept = [one.kept for one in sides]
    told = (
        ("Would have been offered", f"{sides[0].volume.total:,}", range_of(sides[0]), [*map(volume_of, sides)]),
        ("Accepted", *_of_rate([one.acceptance for one in kept])),
        (f"SQL in {SQL_MATURITY.days} days", *_of_rate([one.to_sql for one in kept])),
    )
    quiet = (False, kept[0].acceptance.is_few or is_young(kept[0]), kept[0].to_sql.is_few)
    return tuple(
        FigureWords(label, value, f"{note} · {names[1]}: {cells[1]}" if len(cells) > 1 else note, is_quiet)
        for (label, value, note, cells), is_quiet in zip(told, quiet, strict=True)
    )


def _of_rate(rates: Sequence[Rate]) -> tuple[str, str, list[str]]:
    mine = rates[0]
    value, note = (
        (NOTHING, f"not enough to tell, n {mine.of:,}") if mine.is_few else (rate_words(mine.share), doubt(mine))
    )
    return value, note, [rate_of(one) for one in rates]

"""Why sales says no: one cohort of handoffs, what sales answered, why, and what can honestly be said about it."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from feedback.logic.comparisons import Finding, Pair, standing_out
from feedback.logic.figures import Figures
from feedback.logic.periods import Period, month_words
from feedback.logic.rates import FEW, Change, Rate, difference, wilson
from feedback.logic.waiting import Waiting
from feedback.models import RejectionReason
from feedback.reports import cohorts
from feedback.reports.cohorts import NO_CAMPAIGN, Cell, Cohort, added
from leads.models import Campaign
from leads.reports import agreements

REASON, CHANNEL, CAMPAIGN, MONTH = "reason", "channel", "campaign", "month"
GROUPINGS = (REASON, CHANNEL, CAMPAIGN, MONTH)
# A reason given less often than this in the whole cohort cannot stand out; testing it would only blunt the other tests.
_RARE = 10

Reasons = Mapping[int, RejectionReason]


@dataclass(frozen=True)
class Name:
    """What a group is called: `key` is the channel, the campaign's uid or "2026-10", and "" for those without one."""

    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """One channel, campaign or month. `refusals` are the rejections at review that are not void, by group of reasons.

    `is_young`: so many of its handoffs are still to be decided that its rates will move.
    """

    name: Name
    figures: Figures
    refusals: Mapping[str, int]
    is_young: bool


@dataclass(frozen=True, kw_only=True)
class ReasonLine:
    """One reason. `share` is of all decided handoffs; `before` the same in the period before, None where there is none.

    `by_channel` follows the channels of the report: the reason's share of each channel's decided.
    """

    reason: RejectionReason
    at_review: int
    after_work: int
    share: Rate
    before: Rate | None
    change: Change | None
    by_channel: tuple[Rate, ...]


@dataclass(frozen=True, kw_only=True)
class Standout:
    """A campaign that has a reason more often than the rest, also after allowing for the number of comparisons."""

    campaign: Name
    reason: RejectionReason
    finding: Finding


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Which campaigns stand out for a reason, after `tested` comparisons of `campaigns` campaigns with the others."""

    standouts: tuple[Standout, ...] = ()
    tested: int = 0
    campaigns: int = 0


@dataclass(frozen=True, kw_only=True)
class RejectionReport:
    """Everything that pages, files and commands show, as of `now`.

    `waiting` is elapsed time to decide; `matured` the age at which nine tenths of what is decided in the end had been.
    `groups` are of the grouping `by`, none for reasons. A reason's `by_channel` follows `channels`. `all_channels` and
    `all_campaigns` leave the cohort's own choice of them aside. `changes` are the days of the reader's zone on which
    an agreement came into force in the period, with its name.
    """

    by: str
    cohort: Cohort
    period: Period
    now: dt.datetime
    total: Figures
    waiting: Waiting
    matured: dt.timedelta | None
    is_young: bool
    reasons: tuple[ReasonLine, ...]
    campaigns: tuple[Group, ...]
    channels: tuple[Group, ...]
    groups: tuple[Group, ...]
    comparison: Comparison
    all_channels: tuple[str, ...]
    all_campaigns: tuple[Name, ...]
    changes: tuple[tuple[dt.date, str], ...]


def rejections(cohort: Cohort, period: Period, *, by: str, zone: dt.tzinfo, now: dt.datetime) -> RejectionReport:
    """The report on `cohort`, whose window is the period's, grouped by one of GROUPINGS; months are those of `zone`.

    A fixed number of statements for each grouping. Call it inside a snapshot.
    """
    everything = cohorts.decisions(cohort.unfiltered(), now=now)
    answers = [cell for cell in everything if cohort.has(cell)]
    cells = answers + cohorts.later_facts(cohort, now=now)
    waiting, together = cohorts.waiting_of(cohort, period.before, now=now)
    reasons = {reason.pk: reason for reason in RejectionReason.objects.all()}
    names = _campaign_names(everything)
    total = added(cells, lambda _: None).get(None, Figures())
    young_from = now - together.matured if together.matured is not None else None
    campaigns = _groups(cells, lambda cell: names[cell.campaign_id], reasons)
    channels = _groups(cells, lambda cell: Name(cell.channel, cell.channel or "no channel"), reasons)
    by_month = _months(cohort, zone=zone, now=now, young_from=young_from) if by == MONTH else ()
    return RejectionReport(
        by=by,
        cohort=cohort,
        period=period,
        now=now,
        total=total,
        waiting=waiting,
        matured=together.matured,
        is_young=_is_young(total, period.window.end_at or now, young_from),
        reasons=_reasons(answers, reasons, total, channels=channels, before=_before(cohort, period)),
        campaigns=campaigns,
        channels=channels,
        groups={REASON: (), CHANNEL: channels, CAMPAIGN: campaigns, MONTH: by_month}[by],
        comparison=_comparison(answers, names, reasons),
        all_channels=tuple(sorted({cell.channel for cell in everything}, key=str.casefold)),
        all_campaigns=tuple(sorted(names.values(), key=lambda name: name.label.casefold())),
        changes=tuple(
            (at.astimezone(zone).date(), what)
            for at, what in agreements.changes(period.window.start_at, period.window.end_at)
        ),
    )


def _campaign_names(cells: Iterable[Cell]) -> dict[int, Name]:
    ids = {cell.campaign_id for cell in cells}
    names = {one.pk: Name(str(one.uid), one.name) for one in Campaign.objects.filter(pk__in=ids).only("uid", "name")}
    return names | ({NO_CAMPAIGN: Name("", "no campaign")} if NO_CAMPAIGN in ids else {})


def _groups(cells: Sequence[Cell], name_of: Callable[[Cell], Name], reasons: Reasons) -> tuple[Group, ...]:
    """The groups, most offered first: never by a rate, which chance alone would order."""
    figures = added(cells, name_of)
    refusals: dict[Name, dict[str, int]] = {name: {} for name in figures}
    for cell in cells:
        if cell.what == "rejected" and cell.reason_id is not None:
            counts, group = refusals[name_of(cell)], reasons[cell.reason_id].group
            counts[group] = counts.get(group, 0) + cell.count
    groups = (
        Group(name=name, figures=one, refusals=refusals[name], is_young=one.pending * 10 > one.counted)
        for name, one in figures.items()
    )
    return tuple(sorted(groups, key=lambda group: (-group.figures.offered, group.name.label.casefold())))


def _months(cohort: Cohort, *, zone: dt.tzinfo, now: dt.datetime, young_from: dt.datetime | None) -> tuple[Group, ...]:
    every = cohorts.months_of(cohort, zone=zone)
    figures = added(cohorts.by_month(cohort, every, now=now), lambda cell: cell.month)
    return tuple(
        Group(
            name=Name(month.key, month_words(month.key)),
            figures=(one := figures.get(index, Figures())),
            refusals={},
            is_young=_is_young(one, month.end_at, young_from),
        )
        for index, month in enumerate(every)
    )


def _is_young(figures: Figures, end_at: dt.datetime, young_from: dt.datetime | None) -> bool:
    """Whether answers are still to come for a cohort that ended at `end_at`."""
    return figures.pending > 0 and young_from is not None and end_at > young_from


def _before(cohort: Cohort, period: Period) -> tuple[dict[int, int], int] | None:
    return cohorts.reasons_of(replace(cohort, window=period.before)) if period.before else None


def _reasons(
    answers: Sequence[Cell],
    reasons: Reasons,
    total: Figures,
    *,
    channels: Sequence[Group],
    before: tuple[dict[int, int], int] | None,
) -> tuple[ReasonLine, ...]:
    """The reasons that were given in the period or the one before, most given first."""
    with_reason = [cell for cell in answers if cell.reason_id is not None]
    figures = added(with_reason, lambda cell: cell.reason_id)
    places = added(with_reason, lambda cell: (cell.reason_id, cell.channel))
    given_before, decided_before = before or ({}, 0)
    lines = []
    for pk, reason in reasons.items():
        one = figures.get(pk, Figures())
        share = wilson(one.decided, total.decided)
        if not share.count and not given_before.get(pk):
            continue
        share_before = wilson(given_before.get(pk, 0), decided_before) if before else None
        lines.append(
            ReasonLine(
                reason=reason,
                at_review=one.rejected + one.void,
                after_work=one.returned,
                share=share,
                before=share_before,
                change=difference(share, share_before) if share_before else None,
                by_channel=tuple(
                    wilson(places.get((pk, channel.name.key), Figures()).decided, channel.figures.decided)
                    for channel in channels
                ),
            )
        )
    return tuple(sorted(lines, key=lambda line: -line.share.count))


def _comparison(answers: Sequence[Cell], names: Mapping[int, Name], reasons: Reasons) -> Comparison:
    """Every campaign with enough decided handoffs against all the others, for every reason that is not rare."""
    totals = added(answers, lambda cell: cell.campaign_id)
    decided = {pk: figures.decided for pk, figures in totals.items()}
    all_decided = sum(decided.values())
    big = [pk for pk, count in decided.items() if pk != NO_CAMPAIGN and count >= FEW and all_decided - count >= FEW]
    counts = added((cell for cell in answers if cell.reason_id), lambda cell: (cell.campaign_id, cell.reason_id))
    given: dict[int, int] = {}
    for (_, reason_id), figures in counts.items():
        given[reason_id or 0] = given.get(reason_id or 0, 0) + figures.decided
    pairs = [
        Pair(pk, reason_id, count, decided[pk], given[reason_id] - count, all_decided - decided[pk])
        for pk in big
        for reason_id in given
        if given[reason_id] >= _RARE
        for count in [counts.get((pk, reason_id), Figures()).decided]
    ]
    standouts = (
        Standout(campaign=names[one.pair.campaign], reason=reasons[one.pair.reason], finding=one)
        for one in standing_out(pairs)
    )
    return Comparison(standouts=tuple(standouts), tested=len(pairs), campaigns=len(big))

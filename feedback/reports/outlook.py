"""The last quarter under a draft and under the agreement in force: both by the same replay of what was done."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from feedback.logic import outlook as thinking
from feedback.logic.figures import COUNT_OF_STATE, Figures
from feedback.logic.outlook import Offered, Quarter, Volume, Watched
from feedback.logic.states import ACTIVE, State
from feedback.models import Handoff
from feedback.reports.cohorts import SQL_MATURITY, became_sql
from feedback.reports.snapshot import snapshot
from leads.actions.qualification import known_of
from leads.logic.agreement import ACCOUNT, LEAD, Agreement
from leads.logic.scoring import horizon
from leads.models import Consent, EngagementDay
from leads.reports.scores import Subject, subjects

MOST_DAYS = 20_000
MOST_HANDOFFS = 5_000
_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one agreement makes of the quarter: its would-be offers, and of the real handoffs those it would have
    offered too and those it would have left out.
    """

    volume: Volume
    kept: Figures
    left_out: Figures


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The draft, and the agreement in force (None before the first). `real` are all handoffs of the quarter; of
    `unknown` of them nothing is known to have been done, so that no rule can be asked. `lost` are those that the one in
    force would have offered and the draft not.
    """

    quarter: Quarter
    now: dt.datetime
    draft: Side
    before: Side | None
    real: Figures
    unknown: int
    lost: Figures

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell: no handoff, and nobody who would have been offered."""
        return not (self.real.offered or self.draft.volume.total or (self.before and self.before.volume.total))


def last_quarter(
    draft: Agreement, before: Agreement | None, *, zone: dt.tzinfo, now: dt.datetime, is_bounded: bool = True
) -> Outlook | Quarter:
    """The outlook on the last thirteen full weeks of `zone`; the bare quarter where it `is_bounded` and too much."""
    quarter = thinking.quarter(now.astimezone(zone).date(), zone=zone)
    with snapshot():
        if is_bounded and is_too_much(quarter, draft, *([before] if before else [])):
            return quarter
        return outlook(draft, before, quarter=quarter, now=now)


def is_too_much(quarter: Quarter, *agreements: Agreement) -> bool:
    """Whether the quarter holds more than can be replayed while somebody waits; two statements, both bounded."""
    since = quarter.end_on - dt.timedelta(days=_within(agreements))
    days = EngagementDay.objects.filter(happened_on__range=(since, quarter.end_on)).values("pk")
    return days[: MOST_DAYS + 1].count() > MOST_DAYS or _real(quarter)[: MOST_HANDOFFS + 1].count() > MOST_HANDOFFS


def outlook(draft: Agreement, before: Agreement | None, *, quarter: Quarter, now: dt.datetime) -> Outlook:
    """The quarter under `draft` and under `before`, the one in force. `now` decides what is mature for the SQL rate.

    Everybody's handoffs, whoever asks: what is signed is signed for all. At most seven statements for each 500 leads,
    accounts or handoffs. Call it inside a snapshot.
    """
    agreements = [draft, *([before] if before else [])]
    tally = _replayed_handoffs(agreements, quarter, now=now)
    offers: list[list[Offered]] = [[] for _ in agreements]
    kinds = {rule.of for agreement in agreements for rule in agreement.rules}
    for of in (LEAD, ACCOUNT):
        if of in kinds:
            for found in _would_be(of, agreements, quarter):
                for mine, new in zip(offers, found, strict=True):
                    mine.extend(new)
    sides = [
        Side(volume=thinking.volume(mine, quarter), kept=tally.figures("kept", n), left_out=tally.figures("out", n))
        for n, mine in enumerate(offers)
    ]
    return Outlook(
        quarter=quarter,
        now=now,
        draft=sides[0],
        before=sides[1] if before else None,
        real=tally.figures("real"),
        unknown=tally.figures("unknown").offered,
        lost=tally.figures("lost"),
    )


@dataclass
class _Tally:
    """Counts of Figures, by what they are of and by the number of the agreement."""

    counts: defaultdict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, row: Mapping[str, Any], name: str, number: int = 0) -> None:
        counts = self.counts[name, number]
        counts["void" if row["is_void"] else COUNT_OF_STATE[State(row["state"])]] += 1
        counts["mature"] += row["is_mature"]
        counts["sql"] += row["is_sql"]

    def figures(self, name: str, number: int = 0) -> Figures:
        return Figures(**self.counts[name, number])


def _within(agreements: Collection[Agreement]) -> int:
    return 7 * thinking.WEEKS + max(horizon(one) for one in agreements)


def _real(quarter: Quarter) -> QuerySet[Handoff]:
    window = quarter.window
    return Handoff.objects.filter(offered_at__gte=window.start_at, offered_at__lt=window.end_at)


def _replayed_handoffs(agreements: Sequence[Agreement], quarter: Quarter, *, now: dt.datetime) -> _Tally:
    tally = _Tally()
    for rows in _handoffs(quarter, now=now):
        watched = _watched_of(rows, quarter, agreements)
        for row in rows:
            tally.add(row, "real")
            keys = ((LEAD, row["lead_id"]), (ACCOUNT, row["account_id"]))
            those = [watched[key] for key in keys if key in watched]
            on = (row["qualified_at"] or row["offered_at"]).astimezone(dt.UTC).date()
            kept = [thinking.would_keep(agreement, those, on) for agreement in agreements]
            if None in kept:
                tally.add(row, "unknown")
                continue
            for number, is_kept in enumerate(kept):
                tally.add(row, "kept" if is_kept else "out", number)
            if kept[-1] and not kept[0]:
                tally.add(row, "lost")
    return tally


def _handoffs(quarter: Quarter, *, now: dt.datetime) -> Iterator[list[dict[str, Any]]]:
    """The real handoffs of the quarter, a chunk at a time."""
    found = _real(quarter).annotate(
        is_mature=Case(When(offered_at__lt=now - SQL_MATURITY, then=1), default=0),
        is_sql=Case(When(became_sql(now), then=Value(1)), default=Value(0)),
    )
    names = ("pk", "lead_id", "account_id", "state", "is_void", "offered_at", "qualified_at", "is_mature", "is_sql")
    last: tuple[dt.datetime, int] | None = None
    while True:
        # By the instant first: the cohort's index holds it, and no chunk reads what another one read.
        rest = found.filter(offered_at__gte=last[0]).exclude(offered_at=last[0], pk__lte=last[1]) if last else found
        rows = list(rest.order_by("offered_at", "pk").values(*names)[:_CHUNK])
        if rows:
            yield rows
        if len(rows) < _CHUNK:
            return
        last = rows[-1]["offered_at"], rows[-1]["pk"]


def _watched_of(
    rows: Sequence[Mapping[str, Any]], quarter: Quarter, agreements: Collection[Agreement]
) -> dict[tuple[str, int], Watched]:
    """The leads and accounts of the handoffs, by (LEAD or ACCOUNT, primary key)."""
    found = subjects(
        lead_ids={row["lead_id"] for row in rows if row["lead_id"]},
        account_ids={row["account_id"] for row in rows if row["account_id"]},
        on=quarter.end_on,
        within_days=_within(agreements),
    )
    return {_key(one): _watched(one, ()) for one in found}


def _would_be(of: str, agreements: Sequence[Agreement], quarter: Quarter) -> Iterator[list[list[Offered]]]:
    """The would-be offers of leads or of accounts, by agreement, a chunk at a time."""
    for ids in _active(f"{of}_id", quarter):
        asked = {"lead_ids": ids} if of == LEAD else {"account_ids": ids}
        found = subjects(**asked, on=quarter.end_on, within_days=_within(agreements))
        past = _past(f"{of}_id", ids, quarter)
        chunk: list[list[Offered]] = [[] for _ in agreements]
        for subject in found:
            pk = _key(subject)[1]
            handoffs = past.get(pk, [])
            earlier = [one for one in handoffs if one["offered_at"] < quarter.window.start_at]
            watched = _watched(subject, earlier)
            for number, agreement in enumerate(agreements):
                if met := thinking.first_met(agreement, watched, quarter):
                    account = subject.account.pk if subject.account else None
                    lead = subject.lead.pk if subject.lead else None
                    seen = len(handoffs) > len(earlier)
                    chunk[number].append(Offered(lead=lead, account=account, met=met, was_seen=seen))
        yield chunk


def _active(column: str, quarter: Quarter) -> Iterator[list[int]]:
    """The keys of those who did something in the quarter, ascending, a chunk at a time."""
    window = (quarter.first_on, quarter.end_on - dt.timedelta(days=1))
    rows = EngagementDay.objects.filter(happened_on__range=window, **{f"{column}__isnull": False})
    last = 0
    while ids := list(
        rows.filter(**{f"{column}__gt": last}).order_by(column).values_list(column, flat=True).distinct()[:_CHUNK]
    ):
        yield ids
        last = ids[-1]


def _past(column: str, ids: Collection[int], quarter: Quarter) -> dict[int, list[dict[str, Any]]]:
    """The handoffs of each of them that were offered before the quarter ended."""
    rows = Handoff.objects.filter(**{f"{column}__in": ids}, offered_at__lt=quarter.window.end_at)
    found = defaultdict(list)
    for row in rows.values(column, "state", "offered_at", "decided_at", "disposed_at", "closed_at"):
        found[row[column]].append(row)
    return found


def _key(subject: Subject) -> tuple[str, int]:
    if subject.lead:
        return LEAD, subject.lead.pk
    assert subject.account is not None
    return ACCOUNT, subject.account.pk


def _watched(subject: Subject, earlier: Sequence[Mapping[str, Any]]) -> Watched:
    """`earlier` are the handoffs from before the quarter."""
    lead, account = subject.lead, subject.account
    barred = [one.disqualified_at for one in (lead, account) if one] + ([lead.suppressed_at] if lead else [])
    is_out = bool(lead and lead.consent == Consent.OPT_OUT)
    is_taken = any(row["state"] in ACTIVE | {State.WON} for row in earlier)
    ends = [row[name] for row in earlier for name in ("decided_at", "disposed_at", "closed_at")]
    return Watched(
        of=LEAD if lead else ACCOUNT,
        facts=subject.facts,
        days=subject.days,
        known=known_of(lead, account, campaign_id=None),
        consent=lead.consent if lead else "",
        free_from=dt.date.max if is_taken else thinking.day_after(ends),
        barred_from=dt.date.min if is_out else thinking.earliest(barred),
    )

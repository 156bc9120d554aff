"""The quarter replayed a piece at a time, so that it can be stopped and taken up again anywhere."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Case, Max, QuerySet, Value, When

from feedback.logic import outlook as thinking
from feedback.logic.outlook import Offered, Quarter, Watched
from feedback.logic.outlook_progress import END, HANDOFFS, STAGES, Progress
from feedback.logic.states import ACTIVE, State
from feedback.models import Handoff
from feedback.reports.cohorts import SQL_MATURITY, became_sql
from leads.actions.offerable import known_of
from leads.logic.agreement import ACCOUNT, LEAD, Agreement
from leads.logic.scoring import horizon
from leads.models import Account, Consent, EngagementDay, Lead
from leads.reports.scores import Subject, subjects

CHUNK = 500


def go_on(progress: Progress, agreements: Sequence[Agreement], quarter: Quarter, *, now: dt.datetime) -> bool:
    """Whether there is more to do after the next CHUNK handoffs, leads or accounts, which are in `progress` then.

    At most seven statements. `now` decides what is mature for the SQL rate.
    """
    if progress.stage == HANDOFFS:
        _replay_handoffs(progress, agreements, quarter, now=now)
    elif progress.stage in (LEAD, ACCOUNT):
        _replay_people(progress, agreements, quarter)
    kinds = {rule.of for agreement in agreements for rule in agreement.rules}
    while progress.stage in (LEAD, ACCOUNT) and progress.stage not in kinds:
        progress.turn()
    return progress.stage != END


def share_of(progress: Progress, quarter: Quarter) -> int:
    """How much is done, in percent, by where the replay stands: cheap, and close enough. At most one statement."""
    part = 0.0
    if isinstance(progress.after, tuple):
        window = quarter.window
        assert window.start_at is not None
        assert window.end_at is not None
        part = (progress.after[0] - window.start_at) / (window.end_at - window.start_at)
    elif progress.after is not None:
        model = Lead if progress.stage == LEAD else Account
        part = progress.after / max(model.objects.aggregate(last=Max("pk"))["last"] or 0, progress.after)
    return int(100 * (STAGES.index(progress.stage) + part) / STAGES.index(END))


def within(agreements: Collection[Agreement]) -> int:
    """How many days before the end of the quarter what was done can matter."""
    return 7 * thinking.WEEKS + max(horizon(one) for one in agreements)


def real(quarter: Quarter) -> QuerySet[Handoff]:
    """The handoffs that were offered in the quarter."""
    window = quarter.window
    return Handoff.objects.filter(offered_at__gte=window.start_at, offered_at__lt=window.end_at)


def _replay_handoffs(
    progress: Progress, agreements: Sequence[Agreement], quarter: Quarter, *, now: dt.datetime
) -> None:
    assert not isinstance(progress.after, int)
    tally, rows = progress.tally, _handoffs(quarter, progress.after, now=now)
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
    if len(rows) < CHUNK:
        progress.turn()
    else:
        progress.after = rows[-1]["offered_at"], rows[-1]["pk"]


def _handoffs(quarter: Quarter, last: tuple[dt.datetime, int] | None, *, now: dt.datetime) -> list[dict[str, Any]]:
    """The next real handoffs of the quarter, behind `last`."""
    found = real(quarter).annotate(
        is_mature=Case(When(offered_at__lt=now - SQL_MATURITY, then=1), default=0),
        is_sql=Case(When(became_sql(now), then=Value(1)), default=Value(0)),
    )
    names = ("pk", "lead_id", "account_id", "state", "is_void", "offered_at", "qualified_at", "is_mature", "is_sql")
    # By the instant first: the cohort's index holds it, and no chunk reads what another one read.
    rest = found.filter(offered_at__gte=last[0]).exclude(offered_at=last[0], pk__lte=last[1]) if last else found
    return list(rest.order_by("offered_at", "pk").values(*names)[:CHUNK])


def _watched_of(
    rows: Sequence[Mapping[str, Any]], quarter: Quarter, agreements: Collection[Agreement]
) -> dict[tuple[str, int], Watched]:
    """The leads and accounts of the handoffs, by (LEAD or ACCOUNT, primary key)."""
    found = subjects(
        lead_ids={row["lead_id"] for row in rows if row["lead_id"]},
        account_ids={row["account_id"] for row in rows if row["account_id"]},
        on=quarter.end_on,
        within_days=within(agreements),
    )
    return {_key(one): _watched(one, ()) for one in found}


def _replay_people(progress: Progress, agreements: Sequence[Agreement], quarter: Quarter) -> None:
    """The next leads, or accounts, of whom something was done in the quarter."""
    assert not isinstance(progress.after, tuple)
    of = progress.stage
    ids = _active(f"{of}_id", progress.after or 0, quarter)
    for number, offers in enumerate(_would_be(of, ids, agreements, quarter)):
        progress.add(number, offers, quarter)
    if len(ids) < CHUNK:
        progress.turn()
    else:
        progress.after = ids[-1]


def _would_be(of: str, ids: Collection[int], agreements: Sequence[Agreement], quarter: Quarter) -> list[list[Offered]]:
    """The would-be offers of these leads or accounts, by agreement."""
    asked = {"lead_ids": ids} if of == LEAD else {"account_ids": ids}
    found = subjects(**asked, on=quarter.end_on, within_days=within(agreements))
    past = _past(f"{of}_id", ids, quarter)
    offers: list[list[Offered]] = [[] for _ in agreements]
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
                offers[number].append(Offered(lead=lead, account=account, met=met, was_seen=seen))
    return offers


def _active(column: str, last: int, quarter: Quarter) -> list[int]:
    """The next keys behind `last` of those who did something in the quarter, ascending."""
    window = (quarter.first_on, quarter.end_on - dt.timedelta(days=1))
    rows = EngagementDay.objects.filter(happened_on__range=window, **{f"{column}__gt": last})
    return list(rows.order_by(column).values_list(column, flat=True).distinct()[:CHUNK])


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

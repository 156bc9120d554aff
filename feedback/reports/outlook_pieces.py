"""The quarter replayed a piece at a time, so that it can be stopped and taken up again anywhere."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Case, Max, Q, QuerySet, Value, When

from feedback.logic import outlook as thinking
from feedback.logic.outlook import Quarter, Watched
from feedback.logic.outlook_past import Passed
from feedback.logic.outlook_progress import END, HANDOFFS, STAGES, Progress
from feedback.logic.outlook_volume import Offered
from feedback.models import Handoff
from feedback.reports.cohorts import SQL_MATURITY, became_sql
from feedback.reports.outlook_past import AtAccount, Past, at_accounts, barred_from, past, person_of
from leads.actions.offerable import known_of
from leads.logic.agreement import ACCOUNT, LEAD, Agreement
from leads.logic.scoring import horizon
from leads.models import Account, EngagementDay, Lead
from leads.reports.scores import Subject, subjects

CHUNK = 500
# The lead or account, the same to be replayed, and whether sales had a handoff of it in the quarter.
_Watching = tuple[Subject, Watched, bool]


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
    watched = _of_handoffs(rows, quarter, agreements)
    for row in rows:
        tally.add(row, "real")
        real, those = watched[row["pk"]]
        kept = [thinking.would_keep(agreement, those, real) for agreement in agreements]
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
    names = ("pk", "lead_id", "account_id", "state", "is_void", "offered_at", "is_mature", "is_sql")
    # By the instant first: the cohort's index holds it, and no chunk reads what another one read.
    rest = found.filter(offered_at__gte=last[0]).exclude(offered_at=last[0], pk__lte=last[1]) if last else found
    return list(rest.order_by("offered_at", "pk").values(*names)[:CHUNK])


def _of_handoffs(
    rows: Sequence[Mapping[str, Any]], quarter: Quarter, agreements: Collection[Agreement]
) -> dict[int, tuple[Passed, list[Watched]]]:
    """By primary key each handoff with its lead, if any, and its account, if any, as offered with that lead."""
    lead_ids = {row["lead_id"] for row in rows if row["lead_id"]}
    account_ids = {row["account_id"] for row in rows if row["account_id"]}
    found = subjects(lead_ids=lead_ids, account_ids=account_ids, on=quarter.end_on, within_days=within(agreements))
    before = past(quarter, Q(lead__in=lead_ids) | Q(account__in=account_ids))
    by_key = {_key(one): one for one in found}
    told = {}
    for row in rows:
        lead, account = by_key.get((LEAD, row["lead_id"])), by_key.get((ACCOUNT, row["account_id"]))
        those = [_watched(lead, before)] if lead else []
        if account:
            company = _watched(account, before)
            person = person_of(lead.lead, account.account) if lead and lead.lead else None
            own = before.of_leads.get(row["lead_id"], ())
            those.append(company.with_person(replace(person, past=own)) if person else company)
        told[row["pk"]] = before.by_pk[row["pk"]], those
    return told


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
    offers: list[list[Offered]] = [[] for _ in agreements]
    every = _leads(ids, quarter, agreements) if of == LEAD else _accounts(ids, quarter, agreements)
    for subject, watched, was_seen in every:
        account = subject.account.pk if subject.account else None
        lead = subject.lead.pk if subject.lead else None
        for number, agreement in enumerate(agreements):
            if met := thinking.first_met(agreement, watched, quarter):
                offers[number].append(Offered(lead=lead, account=account, met=met, was_seen=was_seen))
    return offers


def _leads(ids: Collection[int], quarter: Quarter, agreements: Collection[Agreement]) -> Iterator[_Watching]:
    found = subjects(lead_ids=ids, on=quarter.end_on, within_days=within(agreements))
    companies = {one.account.pk for one in found if one.account}
    before = past(quarter, Q(lead__in=ids) | Q(account__in=companies, lead=None))
    for subject in found:
        yield subject, _watched(subject, before), _key(subject)[1] in before.seen_leads


def _accounts(ids: Collection[int], quarter: Quarter, agreements: Collection[Agreement]) -> Iterator[_Watching]:
    found = subjects(account_ids=ids, on=quarter.end_on, within_days=within(agreements))
    around = at_accounts(ids, quarter, within_days=within(agreements))
    people = {person.pk for one in around.values() for person in one.people}
    before = past(quarter, Q(account__in=ids) | Q(lead__in=people))
    for subject in found:
        pk = _key(subject)[1]
        there = around.get(pk, AtAccount())
        known = tuple(replace(one, past=before.of_leads.get(one.pk, ())) for one in there.people)
        watched = replace(_watched(subject, before), people=known, strangers=there.strangers)
        yield subject, watched, pk in before.seen_accounts


def _active(column: str, last: int, quarter: Quarter) -> list[int]:
    """The next keys behind `last` of those who did something in the quarter, ascending."""
    window = (quarter.first_on, quarter.end_on - dt.timedelta(days=1))
    rows = EngagementDay.objects.filter(happened_on__range=window, **{f"{column}__gt": last})
    return list(rows.order_by(column).values_list(column, flat=True).distinct()[:CHUNK])


def _key(subject: Subject) -> tuple[str, int]:
    if subject.lead:
        return LEAD, subject.lead.pk
    assert subject.account is not None
    return ACCOUNT, subject.account.pk


def _watched(subject: Subject, before: Past) -> Watched:
    """It, of an account as if nobody there were known. People wait for an open handoff of their account alone, and an
    account for every open one of its people.
    """
    lead, account = subject.lead, subject.account
    company = account.pk if account else 0
    return Watched(
        of=LEAD if lead else ACCOUNT,
        facts=subject.facts,
        days=subject.days,
        known=known_of(lead, account, campaign_id=None),
        consent=lead.consent if lead else "",
        barred_from=barred_from(lead, account),
        past=before.of_leads.get(lead.pk, ()) if lead else before.alone.get(company, ()),
        others=before.alone.get(company, ()) if lead else before.of_accounts.get(company, ()),
    )

"""The real handoffs that a replay of a quarter has to mind, and whom an account would have been offered with."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q, Sum

from feedback.logic import outlook as thinking
from feedback.logic.outlook import Quarter
from feedback.logic.outlook_past import Passed, Person, Seen
from feedback.logic.recycling import Plan
from feedback.logic.states import ACTIVE, State
from feedback.models import Handoff
from leads.actions.offerable import known_of
from leads.models import Account, Consent, EngagementDay, JournalEntry, Lead

_DAY = dt.timedelta(days=1)
_COLUMNS = (
    *("pk", "uid", "lead_id", "account_id", "previous_id", "state", "mql_rule"),
    *("offered_at", "qualified_at", "decided_at", "disposed_at", "closed_at"),
    *("recycle_plan__pk", "recycle_plan__not_before_at", "recycle_plan__condition", "recycle_plan__met_at"),
)
_SILENT = (State.EXPIRED, State.RECALLED)
_Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Past:
    """Handoffs offered before the end of the quarter: by primary key; of each lead; of each account, of these `alone`
    the ones of which nobody was known. `seen` are the leads and accounts that have one in the quarter.
    """

    by_pk: Mapping[int, Passed]
    of_leads: Mapping[int, tuple[Passed, ...]]
    of_accounts: Mapping[int, tuple[Passed, ...]]
    alone: Mapping[int, tuple[Passed, ...]]
    seen_leads: Collection[int]
    seen_accounts: Collection[int]


@dataclass(frozen=True, kw_only=True)
class AtAccount:
    """Who did something at an account: the people who may be offered for it, and when strangers did."""

    people: tuple[Person, ...] = ()
    strangers: frozenset[dt.date] = frozenset()


def past(quarter: Quarter, asked: Q) -> Past:
    """The handoffs `asked` for, of those offered before the end of the quarter. At most two statements."""
    found = Handoff.objects.filter(asked, offered_at__lt=quarter.window.end_at).order_by("pk")
    rows = {row["pk"]: row for row in found.values(*_COLUMNS)}
    ends = _ends(rows.values())
    by_pk = {pk: _passed(row, rows, ends, quarter) for pk, row in rows.items()}
    inside = [row for row in rows.values() if row["offered_at"] >= quarter.window.start_at]
    return Past(
        by_pk=by_pk,
        of_leads=_by("lead_id", rows.values(), by_pk),
        of_accounts=_by("account_id", rows.values(), by_pk),
        alone=_by("account_id", [row for row in rows.values() if row["lead_id"] is None], by_pk),
        seen_leads={row["lead_id"] for row in inside},
        seen_accounts={row["account_id"] for row in inside},
    )


def _by(column: str, rows: Iterable[_Row], by_pk: Mapping[int, Passed]) -> dict[int, tuple[Passed, ...]]:
    found = defaultdict(list)
    for row in rows:
        found[row[column]].append(by_pk[row["pk"]])
    return {key: tuple(those) for key, those in found.items() if key is not None}


def _ends(rows: Iterable[_Row]) -> dict[UUID, dt.datetime]:
    """When those ended that do not say so themselves, as the journal knows it."""
    silent = [row["uid"] for row in rows if row["state"] in _SILENT]
    if not silent:
        return {}
    kinds = [f"handoff.{state}" for state in _SILENT]
    entries = JournalEntry.objects.filter(handoff_uid__in=silent, kind__in=kinds).order_by("pk")
    return {uid: at for uid, at in entries.values_list("handoff_uid", "occurred_at") if uid}


def _passed(row: _Row, rows: Mapping[int, _Row], ends: Mapping[UUID, dt.datetime], quarter: Quarter) -> Passed:
    root = row
    while root["previous_id"] in rows:
        root = rows[root["previous_id"]]
    start_at = quarter.window.start_at
    assert start_at is not None
    is_before = row["offered_at"] < start_at
    day_after = row["offered_at"].astimezone(dt.UTC).date() + _DAY
    plan = Plan(not_before_at=row["recycle_plan__not_before_at"], condition=row["recycle_plan__condition"] or "")
    return Passed(
        pk=row["pk"],
        root=root["pk"],
        since_on=min(day_after, quarter.first_on) if is_before else day_after,
        qualified_at=row["qualified_at"] or row["offered_at"],
        is_given=root["offered_at"] < start_at or not root["mql_rule"],
        state=State(row["state"]),
        over_at=_over_at(row, ends.get(row["uid"])),
        plan=plan if row["recycle_plan__pk"] else None,
        met_at=row["recycle_plan__met_at"],
    )


def _over_at(row: _Row, end: dt.datetime | None) -> dt.datetime | None:
    """When sales was done with it. A refusal that was followed by a sale is over with the refusal."""
    state = State(row["state"])
    if state in ACTIVE:
        return None
    own = {State.WON: "closed_at", State.LOST: "closed_at", State.RETURNED: "disposed_at"}.get(state, "decided_at")
    found: dt.datetime = end or row[own] or row["closed_at"] or row["offered_at"]
    return found


def at_accounts(ids: Collection[int], quarter: Quarter, *, within_days: int) -> dict[int, AtAccount]:
    """Who did something at each of the accounts in the `within_days` days before the end of the quarter, without their
    past. Two statements.
    """
    since = quarter.end_on - dt.timedelta(days=within_days)
    days = EngagementDay.objects.filter(account__in=ids, happened_on__range=(since, quarter.end_on - _DAY))
    # Who has another account by now is offered for that one.
    known = Q(lead__account=F("account"), lead__merged_into=None) & ~Q(lead__consent=Consent.OPT_OUT)
    strangers, seen = defaultdict(set), defaultdict(list)
    rows = days.filter(Q(lead=None) | known).values_list("account_id", "lead_id", "happened_on")
    for account_id, lead_id, on, last_at, count in rows.annotate(Max("last_at"), Sum("count")):
        if lead_id is None:
            strangers[account_id].add(on)
        else:
            seen[account_id, lead_id].append(Seen(on=on, last_at=last_at, count=count))
    leads = Lead.objects.select_related("account").in_bulk({lead_id for _, lead_id in seen})
    people = defaultdict(list)
    for (account_id, lead_id), theirs in seen.items():
        lead = leads[lead_id]
        people[account_id].append(person_of(lead, lead.account, seen=theirs))
    return {pk: AtAccount(people=tuple(people[pk]), strangers=frozenset(strangers[pk])) for pk in {*people, *strangers}}


def person_of(lead: Lead, account: Account | None, *, seen: Iterable[Seen] = ()) -> Person:
    """The lead as somebody whom the account can be offered with, without a past. No statement."""
    return Person(
        pk=lead.pk,
        seen=tuple(seen),
        known=known_of(lead, account, campaign_id=None),
        consent=lead.consent,
        barred_from=barred_from(lead, None),
    )


def barred_from(lead: Lead | None, account: Account | None) -> dt.date | None:
    """The first UTC day on which they were not to be offered any more, None for never. No statement."""
    if lead and lead.consent == Consent.OPT_OUT:
        return dt.date.min
    moments = [one.disqualified_at for one in (lead, account) if one]
    return thinking.earliest([*moments, lead.suppressed_at if lead else None])

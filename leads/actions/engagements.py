"""Taking in what leads and unknown visitors did."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import NamedTuple, TypeVar

from leads.actions.bulk import row_of
from leads.actions.clock import database_now
from leads.actions.counts import Counted, count
from leads.actions.engagement_rows import Told, keep_rows
from leads.actions.people import (
    AccountInput,
    CampaignInput,
    Homes,
    LeadInput,
    clean_account,
    clean_campaign,
    clean_lead,
    upsert_accounts_before,
    upsert_campaigns,
    upsert_leads,
)
from leads.actions.upsert import Kept, settled
from leads.actions.visitors import (
    Seen,
    Sighting,
    VisitorInput,
    clean_visitor,
    keep_visitors,
    leads_of,
    sureness,
)
from leads.logic.errors import InvalidInput
from leads.logic.pages import clean_url, group_of
from leads.logic.text import one_line
from leads.models import Account, Campaign, Engagement, EngagementKind, Lead, RowResult
from leads.models.engagements import ordered_uid
from leads.reports.page_groups import page_groups
from leads.signals import engaged

_LONGEST_STAY = 7 * 24 * 3600
_KINDS = frozenset(EngagementKind.values)


@dataclass(frozen=True, kw_only=True)
class EngagementInput:
    """What somebody did: a lead, or an unknown visitor of an account. `kind` is an EngagementKind, `occurred_at` aware.

    `account` beside a visitor is where the visitor belongs. Known by external id; without one it is always a new one.
    """

    kind: str
    occurred_at: dt.datetime
    lead: LeadInput | None = None
    account: AccountInput | None = None
    visitor: VisitorInput | None = None
    campaign: CampaignInput | None = None
    subject: str = ""
    url: str = ""
    duration_seconds: int | None = None
    external_system: str = ""
    external_id: str = ""


def clean_engagement(given: EngagementInput, *, now: dt.datetime) -> EngagementInput:
    """The same engagement with every field trimmed and checked. InvalidInput(<field>)."""
    if given.lead is None and given.account is None and given.visitor is None:
        raise InvalidInput("An engagement needs a lead, a visitor, or the account of an unknown visitor.", field="lead")
    if given.kind not in _KINDS:
        raise InvalidInput(f"kind must be one of: {', '.join(EngagementKind.values)}.", field="kind")
    if given.occurred_at.tzinfo is None or given.occurred_at > now:
        raise InvalidInput("occurred_at must have an offset from UTC and not lie in the future.", field="occurred_at")
    seconds = given.duration_seconds
    if seconds is not None and not 0 <= seconds <= _LONGEST_STAY:
        raise InvalidInput(f"duration_seconds must be from 0 to {_LONGEST_STAY}.", field="duration_seconds")
    return EngagementInput(
        kind=given.kind,
        occurred_at=given.occurred_at,
        duration_seconds=seconds,
        lead=clean_lead(given.lead) if given.lead else None,
        account=clean_account(given.account) if given.account else None,
        visitor=clean_visitor(given.visitor, has_account=given.account is not None) if given.visitor else None,
        campaign=clean_campaign(given.campaign) if given.campaign else None,
        url=clean_url(given.url),
        subject=one_line(given.subject, field="subject", longest=200),
        external_system=one_line(given.external_system, field="external_system", longest=50),
        external_id=one_line(given.external_id, field="external_id", longest=200),
    )


@settled
def keep_engagements(given: Sequence[EngagementInput]) -> list[Kept[Engagement]]:
    """The engagements with what was done to each, one per (clean) input and in its order; who is not known yet is made.

    An engagement is of the lead it names; else of the lead that its visitor is known to be; else of its visitor, at the
    account where the visitor belongs; else of the account alone. It is counted by day, and whoever it is of is scored
    anew. A fixed number of statements. Locks accounts, leads, campaigns, visitors, engagements. Sends engaged for what
    is new or has changed, not for what a visitor did before they were known.
    """
    counted = Counted()
    people = _people(given, counted=counted)
    campaigns = _by_index(given, lambda one: one.campaign, upsert_campaigns)
    urls = {one.url for one in given if one.url}
    groups = page_groups() if urls else ()
    group_by_url = {url: group_of(url, groups) for url in urls}
    told = [
        Told(_row(one, whose, campaigns.get(at), group_by_url), names_lead=one.lead is not None)
        for at, (one, whose) in enumerate(zip(given, people, strict=True))
    ]
    done = keep_rows(told, counted=counted)
    news = [one.row for one in done if one.result is not RowResult.UNCHANGED]
    count(counted, touched=news)
    _announce(news)
    return done


def record_engagements(given: Sequence[EngagementInput]) -> list[Engagement]:
    """The engagements, one per input and in its order, all or none. InvalidInput(<field>). Locks as
    keep_engagements.
    """
    now = database_now()
    return [kept.row for kept in keep_engagements([clean_engagement(one, now=now) for one in given])]


class _Whose(NamedTuple):
    lead_id: int | None = None
    account_id: int | None = None
    visitor_id: int | None = None
    confidence: int = 100
    lead: Lead | None = None


def _people(given: Sequence[EngagementInput], *, counted: Counted) -> list[_Whose]:
    """Of whom each engagement is. Locks accounts, then leads, then visitors, each kind in one order."""
    unnamed = [one.visitor for one in given if one.visitor and not one.lead]
    known = leads_of(unnamed) if unnamed else {}
    accounts, homes = _accounts(given, with_leads=bool(known))
    at_home = _locked(known.values(), given) if known else {}
    leads = _by_index(given, lambda one: one.lead, partial(upsert_leads, homes=homes))
    sightings = {
        at: Sighting(
            visitor=one.visitor,
            at=one.occurred_at,
            account_id=accounts[at].pk if at in accounts else None,
            lead=leads.get(at),
        )
        for at, one in enumerate(given)
        if one.visitor
    }
    seen = dict(zip(sightings, keep_visitors(list(sightings.values()), counted=counted), strict=True))
    at_home |= {lead.pk: lead.account_id for lead in leads.values()}
    # Somebody else found out who a visitor is since the look above. Not locked: whoever holds the lead may wait for the
    # visitor.
    if late := {one.lead_id for one in seen.values() if one.lead_id} - at_home.keys():
        at_home |= dict(Lead.objects.filter(pk__in=late).values_list("pk", "account_id"))
    return [_whose(leads.get(at), seen.get(at), accounts.get(at), at_home) for at in range(len(given))]


def _whose(lead: Lead | None, seen: Seen | None, account: Account | None, at_home: Mapping[int, int | None]) -> _Whose:
    visitor_id = seen.visitor.pk if seen else None
    if lead:
        return _Whose(lead.pk, lead.account_id, visitor_id, lead=lead)
    if seen and seen.lead_id:
        return _Whose(seen.lead_id, at_home[seen.lead_id], visitor_id)
    if seen:
        return _Whose(None, seen.visitor.account_id, visitor_id, sureness(seen.visitor))
    return _Whose(account_id=account.pk if account else None)


def _accounts(given: Sequence[EngagementInput], *, with_leads: bool) -> tuple[dict[int, Account], Homes | None]:
    """The accounts of visitors and of engagements without a lead, by the index of the engagement.

    Whoever locks an account locks all of them before the first lead: those of the leads come along.
    """
    own = {at: one.account for at, one in enumerate(given) if one.account and (one.visitor or not one.lead)}
    if not own and not with_leads:
        return {}, None
    found, homes = upsert_accounts_before([one.lead for one in given if one.lead], list(own.values()))
    return dict(zip(own, found, strict=True)), homes


def _locked(leads: Iterable[int], given: Sequence[EngagementInput]) -> dict[int, int | None]:
    """Where the leads are, by primary key; locked in one order with those that the engagements name. One statement."""
    named = [one.lead for one in given if one.lead]
    where = "found.id = ANY(%s)"
    params: list[object] = [list(leads)]
    if emails := [one.email for one in named if one.email]:
        where += " OR (found.email = ANY(%s) AND NOT found.email = '')"
        params.append(emails)
    if external := [one for one in named if one.external_id]:
        where += """ OR ((found.external_system, found.external_id) IN
            (SELECT * FROM unnest(%s::text[], %s::text[])) AND NOT found.external_id = '')"""
        params += [[one.external_system for one in external], [one.external_id for one in external]]
    # Who was merged into somebody means that one, who is locked with the others.
    meant = f"SELECT unnest(ARRAY[found.id, found.merged_into_id]) FROM leads_lead AS found WHERE {where}"
    rows = Lead.objects.select_for_update(no_key=True).order_by("pk")
    rows = rows.extra(where=[f"leads_lead.id = ANY(ARRAY({meant}))"], params=params)
    return dict(rows.values_list("pk", "account_id"))


def _row(one: EngagementInput, whose: _Whose, campaign: Campaign | None, group_by_url: Mapping[str, str]) -> Engagement:
    values = {
        "id": None,
        "lead_id": whose.lead_id,
        "account_id": whose.account_id,
        "visitor_id": whose.visitor_id,
        "confidence": whose.confidence,
        "uid": ordered_uid(),
        "campaign_id": campaign.pk if campaign else None,
        "kind": one.kind,
        "subject": one.subject,
        "url": one.url,
        "page_group": group_by_url.get(one.url, ""),
        "duration_seconds": one.duration_seconds,
        "occurred_at": one.occurred_at,
        "external_system": one.external_system,
        "external_id": one.external_id,
    }
    row = row_of(Engagement, values, is_new=True)
    if whose.lead:
        # Whoever says what was taken in need not read them again.
        row._state.fields_cache["lead"] = whose.lead
    return row


def _announce(rows: Sequence[Engagement]) -> None:
    leads: dict[int | None, dt.datetime] = {}
    accounts: dict[int | None, dt.datetime] = {}
    for row in sorted(rows, key=attrgetter("occurred_at")):
        leads[row.lead_id] = accounts[row.account_id] = row.occurred_at
    leads.pop(None, None)
    accounts.pop(None, None)
    if rows:
        engaged.send(sender=Engagement, leads=leads, accounts=accounts)


Given = TypeVar("Given")
Row = TypeVar("Row")


def _by_index(
    given: Sequence[EngagementInput],
    pick: Callable[[EngagementInput], Given | None],
    upsert_all: Callable[[list[Given]], list[Row]],
) -> dict[int, Row]:
    """The rows that `upsert_all` makes of what `pick` finds, by the index of the engagement."""
    picked = {at: found for at, one in enumerate(given) if (found := pick(one)) is not None}
    return dict(zip(picked, upsert_all(list(picked.values())), strict=True)) if picked else {}

"""Taking in what leads and unknown visitors did."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db import transaction

from leads.actions.bulk import insert_rows
from leads.actions.clock import database_now
from leads.actions.people import (
    AccountInput,
    CampaignInput,
    LeadInput,
    clean_account,
    clean_campaign,
    clean_lead,
    upsert_accounts,
    upsert_campaigns,
    upsert_leads,
)
from leads.actions.upsert import Kept, Wanted, upsert
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line
from leads.models import Engagement, EngagementKind, RowResult
from leads.signals import engaged

_LONGEST_STAY = 7 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class EngagementInput:
    """What somebody did: a lead, or an unknown visitor of an account. `kind` is an EngagementKind, `occurred_at` aware.

    Known by external id; without one it is always a new one.
    """

    kind: str
    occurred_at: dt.datetime
    lead: LeadInput | None = None
    account: AccountInput | None = None
    campaign: CampaignInput | None = None
    subject: str = ""
    duration_seconds: int | None = None
    external_system: str = ""
    external_id: str = ""


def clean_engagement(given: EngagementInput, *, now: dt.datetime) -> EngagementInput:
    """The same engagement with every field trimmed and checked. InvalidInput(<field>)."""
    if given.lead is None and given.account is None:
        raise InvalidInput("An engagement needs a lead, or the account of an unknown visitor.", field="lead")
    if given.kind not in EngagementKind.values:
        raise InvalidInput(f"kind must be one of: {', '.join(EngagementKind.values)}.", field="kind")
    if given.occurred_at.tzinfo is None or given.occurred_at > now:
        raise InvalidInput("occurred_at must have an offset from UTC and not lie in the future.", field="occurred_at")
    seconds = given.duration_seconds
    if seconds is not None and not 0 <= seconds <= _LONGEST_STAY:
        raise InvalidInput(f"duration_seconds must be from 0 to {_LONGEST_STAY}.", field="duration_seconds")
    return replace(
        given,
        lead=clean_lead(given.lead) if given.lead else None,
        account=clean_account(given.account) if given.account else None,
        campaign=clean_campaign(given.campaign) if given.campaign else None,
        subject=one_line(given.subject, field="subject", longest=200),
        external_system=one_line(given.external_system, field="external_system", longest=50),
        external_id=one_line(given.external_id, field="external_id", longest=200),
    )


@transaction.atomic
def keep_engagements(given: Sequence[EngagementInput]) -> list[Kept[Engagement]]:
    """The engagements with what was done to each, one per (clean) input and in its order; who is not known yet is made.

    A fixed number of statements. Locks accounts, leads, campaigns, engagements. Sends engaged for what is new or has
    changed.
    """
    leads = _by_index(given, lambda one: one.lead, upsert_leads)
    accounts = _by_index(given, lambda one: None if one.lead else one.account, upsert_accounts)
    campaigns = _by_index(given, lambda one: one.campaign, upsert_campaigns)

    def values(at: int, one: EngagementInput) -> dict[str, object]:
        lead, account, campaign = leads.get(at), accounts.get(at), campaigns.get(at)
        return {
            "lead_id": lead.pk if lead else None,
            "account_id": lead.account_id if lead else account.pk if account else None,
            "campaign_id": campaign.pk if campaign else None,
            **{name: getattr(one, name) for name in _COLUMNS},
        }

    rows = [values(at, one) for at, one in enumerate(given)]
    keyed = [at for at, one in enumerate(given) if one.external_id]
    wanted = [
        Wanted(keys=(("external", given[at].external_system, given[at].external_id),), values=rows[at]) for at in keyed
    ]
    kept = dict(zip(keyed, upsert(Engagement, wanted), strict=True)) if wanted else {}
    fresh = {at: Engagement(**row) for at, row in enumerate(rows) if at not in kept}
    insert_rows(Engagement, list(fresh.values()))
    done = [kept[at] if at in kept else Kept(fresh[at], RowResult.CREATED) for at in range(len(given))]
    _announce([one.row for one in done if one.result is not RowResult.UNCHANGED])
    return done


def record_engagements(given: Sequence[EngagementInput]) -> list[Engagement]:
    """The engagements, one per input and in its order, all or none. InvalidInput(<field>). Locks as
    keep_engagements.
    """
    now = database_now()
    return [kept.row for kept in keep_engagements([clean_engagement(one, now=now) for one in given])]


def _announce(rows: Sequence[Engagement]) -> None:
    leads: dict[int, dt.datetime] = {}
    accounts: dict[int, dt.datetime] = {}
    for row in sorted(rows, key=lambda row: row.occurred_at):
        if row.lead_id:
            leads[row.lead_id] = row.occurred_at
        if row.account_id:
            accounts[row.account_id] = row.occurred_at
    if rows:
        engaged.send(sender=Engagement, leads=leads, accounts=accounts)


_COLUMNS = ("kind", "subject", "duration_seconds", "occurred_at", "external_system", "external_id")

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

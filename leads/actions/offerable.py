"""What keeps marketing from offering who is sales-ready by the rules."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from leads.logic import qualifying
from leads.logic.agreement import ANYBODY, Duties
from leads.models import Account, Consent, EngagementDay, Lead
from leads.signals import Qualified


def may_be_contacted(lead: Lead) -> bool:
    """Whether marketing may offer this person at all. No statement."""
    return not (lead.suppressed_at or lead.disqualified_at or lead.consent == Consent.OPT_OUT)


def held_back(one: Qualified, duties: Duties, *, now: dt.datetime) -> str:
    """Why marketing may not offer it, as a sentence; "" when it may. No statement."""
    lead, account = one.lead, one.account
    if lead and lead.suppressed_at:
        return f"{lead} may not be contacted: suppressed on {lead.suppressed_at:%Y-%m-%d}."
    if lead and lead.consent == Consent.OPT_OUT:
        return f"{lead} opted out."
    if lead and lead.disqualified_at:
        return f"{lead} was disqualified on {lead.disqualified_at:%Y-%m-%d}."
    if account and account.disqualified_at:
        return f"{account} was disqualified on {account.disqualified_at:%Y-%m-%d}."
    known = known_of(lead, account, campaign_id=one.campaign_id)
    if lead is None:
        # Of somebody nobody knows nothing of the person can be owed.
        known |= {key for key in duties.required if key.startswith("lead_")}
        duties = replace(duties, consent=ANYBODY)
    consent = lead.consent if lead else ""
    return qualifying.owed(duties, known, consent=consent, engaged_at=one.engaged_at, now=now)


def known_of(lead: Lead | None, account: Account | None, *, campaign_id: int | None) -> set[str]:
    """What is known of them, as keys of REQUIRABLE."""
    values: dict[str, object] = {"campaign": campaign_id, "account": account}
    if lead:
        values |= {
            "lead_name": lead.name,
            "lead_email": lead.email,
            "lead_phone": lead.phone,
            "lead_title": lead.title,
            "region": lead.country,
        }
    if account:
        values |= {"account_industry": account.industry, "account_employees": account.employee_count}
        values["region"] = values.get("region") or account.country
    return {key for key, value in values.items() if value not in (None, "")}


def with_strangers(offers: Sequence[Qualified], *, since: dt.datetime) -> set[int]:
    """The accounts to be offered without a person at which somebody unknown did something; one statement."""
    asked = [one.account.pk for one in offers if one.account and not one.lead]
    days = EngagementDay.objects.filter(account__in=asked, lead=None, happened_on__gte=since.date())
    return {pk for pk in days.values_list("account_id", flat=True).distinct() if pk} if asked else set()

"""What the page of a lead says."""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from feedback.logic.rights import Person
from feedback.logic.states import WORDS, State
from feedback.models import Handoff
from feedback.pages.around import Item, Pair, history_items, sight_items
from feedback.pages.scores import StandingCard, standing_card
from feedback.reports.leads import LeadDetail


@dataclass(frozen=True, kw_only=True)
class HandoffLine:
    url: str
    lead: str
    offered_at: dt.datetime
    state: str
    reason: str
    owner: str
    campaign: str


@dataclass(frozen=True, kw_only=True)
class LeadPage:
    """See templates/feedback/lead.html."""

    name: str
    job: str
    account: str
    account_url: str
    standing: StandingCard | None
    facts: tuple[Pair, ...]
    warning: str
    handoffs: tuple[HandoffLine, ...]
    timeline: tuple[Item, ...]
    history: tuple[Item, ...]


def handoff_line(handoff: Handoff) -> HandoffLine:
    """One handoff among others; it comes with lead, owner, reason and campaign."""
    return HandoffLine(
        url=reverse("feedback:handoff", args=[handoff.uid]),
        lead=str(handoff.lead) if handoff.lead else "Unknown visitor",
        offered_at=handoff.offered_at,
        state=WORDS[State(handoff.state)],
        reason=handoff.reason.label if handoff.reason else "",
        owner=str(handoff.owner) if handoff.owner else "nobody yet",
        campaign=handoff.campaign.name if handoff.campaign else "",
    )


def lead_page(found: LeadDetail, *, person: Person, now: dt.datetime) -> LeadPage:
    """Who it is, where they stand, what they did, and what became of each handoff."""
    lead, account = found.lead, found.lead.account
    facts = [
        Pair(label="Mail", value=lead.email, url=f"mailto:{lead.email}") if lead.email else None,
        Pair(label="Phone", value=lead.phone) if lead.phone else None,
        Pair(label="Consent", value=lead.get_consent_display()),
    ]
    return LeadPage(
        name=str(lead),
        job=lead.title,
        account=account.name if account else "",
        account_url=_account_url(found, person=person),
        standing=standing_card(found.standing, now=now),
        facts=tuple(fact for fact in facts if fact),
        warning=_warning(found),
        handoffs=tuple(handoff_line(handoff) for handoff in found.handoffs),
        timeline=tuple(sight_items(found.own)),
        history=tuple(history_items(found.history, person=person)),
    )


def _account_url(found: LeadDetail, *, person: Person) -> str:
    """ "" for who may not open the account: they need a handoff of it, not only of somebody there."""
    account = found.lead.account
    if account and (person.sees_all or any(one.account_id == account.pk for one in found.handoffs)):
        return reverse("feedback:account", args=[account.uid])
    return ""


def _warning(found: LeadDetail) -> str:
    if found.lead.suppressed_at:
        return "This person is suppressed: they are not offered to sales again."
    if found.lead.disqualified_at:
        return "Sales ruled this person out."
    if found.lead.account and found.lead.account.disqualified_at:
        return f"Sales ruled {found.lead.account.name} out."
    return ""

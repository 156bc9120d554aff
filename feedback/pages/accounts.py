"""What the page of an account says."""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from feedback.logic.states import ACTIVE
from feedback.pages.around import Pair
from feedback.pages.leads import HandoffLine, handoff_line
from feedback.pages.scores import StandingCard, standing_card
from feedback.reports.accounts import LATELY_DAYS, MOST_PEOPLE, AccountDetail, Visits
from leads.models import Account, Lead

_DONE = {
    "page_view": "Page views", "form": "Forms filled in", "email_click": "Clicks in mails",
    "email_open": "Mails opened", "webinar": "Webinars", "download": "Downloads", "trial": "Trials",
    "meeting": "Meetings", "other": "Other",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """`url` is "" for who may not open the page; scores are None for who was never scored."""

    name: str
    title: str
    url: str
    fit: int | None
    intent: int | None


@dataclass(frozen=True, kw_only=True)
class VisitLine:
    what: str
    known: int
    unknown: int
    note: str
    last_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """See templates/feedback/account.html."""

    name: str
    about: str
    warning: str
    facts: tuple[Pair, ...]
    standing: StandingCard | None
    people: tuple[PersonLine, ...]
    people_note: str
    visits: tuple[VisitLine, ...]
    visits_title: str
    open_handoffs: tuple[HandoffLine, ...]
    past_handoffs: tuple[HandoffLine, ...]


def account_page(found: AccountDetail, *, now: dt.datetime) -> AccountPage:
    """What is known of it, who is there, what they do, and what became of each handoff."""
    account = found.account
    place = ", ".join(part for part in (account.city, account.country) if part)
    people = f"{account.employee_count:,} people" if account.employee_count is not None else ""
    return AccountPage(
        name=account.name,
        about=" · ".join(part for part in (account.industry, people, place) if part),
        warning=f"Sales ruled {account.name} out." if account.disqualified_at else "",
        facts=_facts(account),
        standing=standing_card(found.standing, now=now),
        people=tuple(_person(lead, found) for lead in found.people),
        people_note=f"The {MOST_PEOPLE} most interested." if found.has_more_people else "",
        visits=tuple(_visit(one) for one in found.visits),
        visits_title=f"What was done in the last {LATELY_DAYS} days",
        open_handoffs=tuple(handoff_line(one) for one in found.handoffs if one.state in ACTIVE),
        past_handoffs=tuple(handoff_line(one) for one in found.handoffs if one.state not in ACTIVE),
    )


def _facts(account: Account) -> tuple[Pair, ...]:
    owned = getattr(account, "ownership", None)
    given = (
        ("Owner", str(owned.rep) if owned else "nobody: the routing rules decide"),
        ("Domain", account.domain),
        ("Segment", account.segment),
        ("Relation to us", account.get_relation_display() if account.relation else ""),
        ("Target account", "yes" if account.is_target else "no"),
        ("Known as", f"{account.external_system} {account.external_id}".strip() if account.external_id else ""),
    )
    return tuple(Pair(label=label, value=value) for label, value in given if value)


def _person(lead: Lead, found: AccountDetail) -> PersonLine:
    standing = getattr(lead, "standing", None)
    return PersonLine(
        name=str(lead),
        title=lead.title,
        url=reverse("feedback:lead", args=[lead.uid]) if lead.pk in found.visible else "",
        fit=standing.fit if standing else None,
        intent=standing.intent if standing else None,
    )


def _visit(one: Visits) -> VisitLine:
    return VisitLine(
        what=f"{_DONE.get(one.kind, one.kind)}{f': {one.page_group}' if one.page_group else ''}",
        known=one.known_count,
        unknown=one.unknown_count,
        note=f"{one.unsure_count} more are too little sure to count" if one.unsure_count else "",
        last_at=one.last_at,
    )

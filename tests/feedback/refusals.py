"""Leads that were routed and refused, and whose turn is owed for it."""

from feedback.actions import decisions
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Rep, RoutingRule, Turn
from feedback.reports.routing import ROUTED
from leads.actions.people import AccountInput, LeadInput
from leads.models import JournalEntry
from tests.factories import RepFactory, as_person, offered

SIZE = {"reason": "fit.company_size", "evidence": {"employee_count": 38}}


def a_line() -> RoutingRule:
    """A rule with two reps in its line."""
    rep = RepFactory(capacity=500)
    RepFactory(capacity=500, team=rep.team)
    return RoutingRule.objects.create(name="Everybody", team=rep.team)


def routed() -> Handoff:
    """A new lead, for whoever's turn it is."""
    number = Handoff.objects.count()
    company = AccountInput(name=f"Firm {number}")
    return offer(OfferInput(lead=LeadInput(email=f"{number}@vialto.example", account=company)), by=LEADLOOP).handoff


def rejected(rep: Rep | None = None) -> Handoff:
    """One that its rep rejected: of `rep`, or of whoever's turn it was."""
    handoff = offered(rep) if rep else routed()
    decisions.reject(handoff.uid, by=as_person(handoff.owner), **SIZE)
    return handoff


def owed() -> int:
    """How many turns are owed to anybody."""
    return sum(Turn.objects.values_list("owed", flat=True))


def was_owed(handoff: Handoff) -> bool:
    """Whether the handoff was given to its rep because a turn was owed to them."""
    return JournalEntry.objects.get(kind=ROUTED, handoff_uid=handoff.uid).data["steps"][-1].get("owed", False)

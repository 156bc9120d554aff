"""The demo's agreements, routing and website; called inside the transaction that loads the demo."""

import datetime as dt
from collections.abc import Mapping

from feedback.actions import agreements
from feedback.actions.ownership import OwnershipInput, own_accounts
from feedback.logic.rights import Person
from feedback.models import RoutingRule, Team
from leads.actions.agreements import digest_of
from leads.actions.people import AccountInput
from leads.actions.websites import new_key
from leads.logic import agreement as text
from leads.logic.agreement import Agreement
from leads.models import PageGroup, WebForm, Website
from sla.demo.agreed import CHANGED_BEFORE, FIRST, PAGE_GROUPS, SECOND, WHY_CHANGED
from sla.demo.people import AMERICAS, EMEA, MAIN_REP, NORTH

_MARKETER, _MANAGER = "mia", "nadia"
_RULES = (
    ("UK and the Nordics", NORTH, "GB, SE, NO, DK, FI"),
    ("The Americas", AMERICAS, "US, CA, MX"),
    ("Everybody else", EMEA, ""),
)
# Target accounts that nobody of has been offered yet: see README.
_TARGETS = (
    AccountInput(
        name="Fjordline Cargo",
        domain="fjordline.example",
        industry="logistics",
        employee_count=610,
        city="Rotterdam",
        country="NL",
        is_target=True,
    ),
    AccountInput(
        name="Kestrel Foods",
        domain="kestrel.example",
        industry="food",
        employee_count=330,
        city="Ghent",
        country="BE",
        is_target=True,
    ),
)
_SITE = "https://www.leadloop.example"


def make_agreements(people: Mapping[str, Person], *, now: dt.datetime, first_at: dt.datetime) -> None:
    """The first agreement, in force from `first_at` on, and the second, both signed; with the page groups they name."""
    for position, (key, (label, begins)) in enumerate(PAGE_GROUPS.items(), start=1):
        patterns = [{"operator": "prefix", "value": begins}]
        PageGroup.objects.create(key=key, label=label, position=position, patterns=patterns)
    _publish(people, FIRST, at=first_at)
    _publish(people, SECOND, at=now - CHANGED_BEFORE, note=WHY_CHANGED)


def make_routing(people: Mapping[str, Person]) -> None:
    """A rule for each team's countries, an owner for the first target account, and a website with a form."""
    for position, (name, team, countries) in enumerate(_RULES, start=1):
        conditions = [{"field": "region", "operator": "in", "value": countries}] if countries else []
        RoutingRule.objects.create(
            name=name, position=position * 10, team=Team.objects.get(name=team), conditions=conditions
        )
    first, second = _TARGETS
    own_accounts([OwnershipInput(account=first, owner=MAIN_REP), OwnershipInput(account=second)], by=people[_MARKETER])
    website = Website.objects.create(name="LeadLoop demo", key=new_key(), origins=[_SITE])
    WebForm.objects.create(website=website, name="Book a demo", key=new_key())


def _publish(people: Mapping[str, Person], agreed: Agreement, *, at: dt.datetime, note: str = "") -> None:
    marketer, manager = people[_MARKETER], people[_MANAGER]
    made = agreements.draft(by=marketer)
    made = agreements.edit(made.uid, by=marketer, document=text.written(agreed), note=note)
    digest = digest_of(made)
    agreements.sign(made.uid, by=marketer, side="marketing", digest=digest, at=at)
    agreements.sign(made.uid, by=manager, side="sales", digest=digest, at=at)
    agreements.publish(made.uid, by=marketer, digest=digest, at=at)

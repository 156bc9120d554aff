"""What cannot be offered, and what is left of it: nothing."""

import pytest

from feedback.actions.decisions import accept, reject
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer, offer_many
from feedback.models import Handoff, person_of
from leads.actions.people import AccountInput, LeadInput
from leads.logic.errors import InvalidInput, NotAllowed, StateConflict
from leads.models import Account, JournalEntry, Lead
from tests.factories import RepFactory, as_person, manager_of, marketer, offered

pytestmark = pytest.mark.django_db


def picture() -> tuple[int, ...]:
    """What a refused offer must leave as it was."""
    return tuple(model.objects.count() for model in (Account, Lead, Handoff, JournalEntry))


def test_who_asked_not_to_be_contacted_is_not_offered_again():
    rep = RepFactory()
    handoff = offered(rep)
    reject(handoff.uid, by=as_person(rep), reason="comp.do_not_contact")
    before = picture()
    with pytest.raises(StateConflict, match="may not be contacted"):
        offer(OfferInput(lead=LeadInput(email=handoff.lead.email), owner=str(rep.uid)), by=marketer())
    assert picture() == before


@pytest.mark.parametrize("decided", [False, True])
def test_who_is_with_sales_is_not_offered_twice(decided):
    rep = RepFactory()
    handoff = offered(rep)
    if decided:
        accept(handoff.uid, by=as_person(rep))
    before = picture()
    with pytest.raises(StateConflict, match="with sales already"):
        offer(OfferInput(lead=LeadInput(email=handoff.lead.email), owner=str(rep.uid)), by=marketer())
    assert picture() == before


def test_a_bad_offer_does_not_stop_the_others_and_leaves_nothing_behind():
    rep = RepFactory()
    good, bad, twice = offer_many(
        [
            OfferInput(
                lead=LeadInput(email="ana@nortex.example", account=AccountInput(name="Nortex")), owner=str(rep.uid)
            ),
            OfferInput(lead=LeadInput(email="no address", account=AccountInput(name="Vialto")), owner=str(rep.uid)),
            OfferInput(lead=LeadInput(email="ANA@nortex.example"), owner=str(rep.uid)),
        ],
        by=marketer(),
    )
    assert (good.is_new, isinstance(bad.error, InvalidInput), isinstance(twice.error, StateConflict)) == (
        True,
        True,
        True,
    )
    assert list(Account.objects.values_list("name", flat=True)) == ["Nortex"]
    assert (Lead.objects.count(), Handoff.objects.count()) == (1, 1)


def test_reps_and_managers_offer_nothing():
    rep = RepFactory()
    before = picture()
    for person in (as_person(rep), person_of(manager_of(rep.team))):
        with pytest.raises(NotAllowed):
            offer(OfferInput(lead=LeadInput(email="ana@nortex.example"), owner=str(rep.uid)), by=person)
    assert picture() == before

"""Accounts by mail domain, and the finder: who may be one is asked about, once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.logic.rights import LEADLOOP
from leads.actions import duplicates
from leads.actions.people import (
    AccountInput,
    LeadInput,
    clean_account,
    clean_lead,
    keep_leads,
    upsert_accounts,
    upsert_leads,
)
from leads.logic.errors import InvalidInput, StateConflict
from leads.models import Account, Changed, Duplicate, JournalEntry, Lead, Verdict
from tests.factories import marketer

pytestmark = pytest.mark.django_db


def lead(email: str, name: str = "", **more) -> Lead:
    return upsert_leads([clean_lead(LeadInput(email=email, name=name, **more))])[0]


def account(**given) -> Account:
    return upsert_accounts([clean_account(AccountInput(**given))])[0]


def looked() -> None:
    while duplicates.work():
        pass


def test_a_lead_gets_the_account_of_its_mail_domain():
    nortex = account(name="Nortex", domain="https://www.nortex.example/")
    assert lead("ana@nortex.example").account == nortex
    assert lead("tom@eu.nortex.example").account == nortex
    assert lead("eve@notnortex.example").account is None
    assert Account.objects.count() == 1


def test_the_exact_domain_comes_before_the_registered_one():
    account(name="Nortex", domain="nortex.example")
    europe = account(name="Nortex Europe", domain="eu.nortex.example")
    assert lead("ana@eu.nortex.example").account == europe


@pytest.mark.parametrize("domain", ["gmail.com", "gmx.de", "mailinator.com"])
def test_free_mail_matches_nobody(domain: str):
    account(name="A company that gave its mailbox for its domain", domain=domain)
    assert lead(f"ana@{domain}").account is None


def test_who_has_an_account_is_not_moved_and_who_has_none_is_matched_later():
    brenn = account(name="Brenn")
    moved = lead("ana@nortex.example", account=AccountInput(name="Brenn"))
    alone = lead("tom@nortex.example")
    assert alone.account is None
    nortex = account(name="Nortex", domain="nortex.example")
    assert lead("ana@nortex.example", "Ana").account == brenn
    assert lead("tom@nortex.example").account == nortex
    assert moved.pk == Lead.objects.get(email="ana@nortex.example").pk


def test_matching_costs_the_same_for_one_and_for_many():
    for number in range(60):
        account(name=f"C{number}", domain=f"c{number}.example")

    def statements(count: int, tag: str) -> int:
        given = [clean_lead(LeadInput(email=f"{tag}@c{number}.example")) for number in range(count)]
        with CaptureQueriesContext(connection) as found:
            keep_leads(given)
        return len(found)

    assert statements(50, "many") == statements(2, "few")


@pytest.mark.parametrize("domain", ["javascript:alert(1)", "ftp://127.0.0.1/", "127.0.0.1", "localhost", "a b.example"])
def test_a_domain_that_is_none_is_refused(domain: str):
    with pytest.raises(InvalidInput) as refused:
        clean_account(AccountInput(name="Nortex", domain=domain))
    assert refused.value.field == "account.domain"


def test_alike_leads_are_asked_about_once_and_apart_stays_apart():
    account(name="Nortex", domain="nortex.example")
    ana, twin = lead("ana.duarte@nortex.example", "Ana Duarte"), lead("a.duarte@nortex.example", "Duarte, Ana")
    lead("tom.lind@nortex.example", "Tom Lind")
    looked()
    pair = Duplicate.objects.get()
    assert (pair.lead, pair.other_lead, pair.verdict) == (ana, twin, Verdict.OPEN)
    assert pair.because == ["name", "company"]
    lead("a.duarte@nortex.example", "Ana Duarte", title="Head of Operations")
    looked()
    assert Duplicate.objects.count() == 1
    mia = marketer()
    duplicates.set_apart(pair.uid, by=mia)
    lead("a.duarte@nortex.example", phone="030 1234567")
    looked()
    pair.refresh_from_db()
    assert (Duplicate.objects.count(), pair.verdict, pair.decided_by_id) == (1, Verdict.APART, mia.user_id)
    with pytest.raises(StateConflict):
        duplicates.set_apart(pair.uid, by=mia)
    duplicates.ask_again(pair.uid, by=mia)
    pair.refresh_from_db()
    assert (pair.verdict, pair.decided_by, pair.decided_at) == (Verdict.OPEN, None, None)
    with pytest.raises(StateConflict):
        duplicates.ask_again(pair.uid, by=mia)
    kinds = JournalEntry.objects.filter(kind__startswith="duplicate.").values_list("kind", flat=True)
    assert sorted(kinds) == ["duplicate.parted", "duplicate.reopened"]


@pytest.mark.parametrize("is_first", [True, False])
def test_who_comes_later_or_changes_later_is_compared_with_who_was_there(is_first: bool):
    brenn = AccountInput(name="Brenn", domain="brenn.example")
    first = lead("ana.duarte@brenn.example", "Ana Duarte" if not is_first else "Somebody", account=brenn)
    looked()
    second = lead("a.duarte@brenn.example", "Ana Duarte", account=brenn)
    looked()
    if is_first:
        lead("ana.duarte@brenn.example", "Ana Duarte", account=brenn)
        looked()
    pair = Duplicate.objects.get(account=None)
    assert (pair.lead, pair.other_lead) == (first, second)
    account(name="Kestrel Foods GmbH")
    looked()
    account(name="Kestrel Foods")
    looked()
    assert Duplicate.objects.filter(lead=None).count() == 1


def test_names_that_look_the_same_are_flagged_wherever_they_are():
    """A25: a Cyrillic letter, a direction mark, a space of no width."""
    lead("ana@nortex.example", "Ana Duarte", account=AccountInput(name="Nortex"))
    lead("ana@brenn.example", "Аna Duarte", account=AccountInput(name="Brenn"))
    looked()
    assert Duplicate.objects.get().because == ["looks"]
    assert lead("x@brenn.example", "\u202eAna\u200b Duarte\u2066").name == "Ana Duarte"


def test_alike_companies_are_found_by_domain_by_name_and_by_letters():
    nortex = account(name="Nortex Logistics GmbH", domain="nortex.example")
    same_domain = account(name="NX", domain="eu.nortex.example")
    same_name = account(name="NORTEX LOGISTICS Ltd.")
    alike_name = account(name="Nortex Logistik")
    account(name="Brenn", domain="brenn.example")
    looked()
    others = {pair.other_account for pair in Duplicate.objects.filter(account=nortex)}
    assert others == {same_domain, same_name, alike_name}


def test_each_is_looked_at_when_it_is_new_or_changed_and_then_no_more():
    lead("ana@nortex.example", "Ana", account=AccountInput(name="Nortex"))
    assert Changed.objects.count() == 2
    assert duplicates.work(limit=1) == 1
    looked()
    assert Changed.objects.count() == 0
    lead("ana@nortex.example", "Ana", account=AccountInput(name="Nortex"))
    assert Changed.objects.count() == 0
    lead("ana@nortex.example", "Ana Duarte")
    assert list(Changed.objects.values_list("account_id", flat=True)) == [None]


def test_finding_costs_the_same_statements_for_few_and_for_many():
    account(name="Nortex", domain="nortex.example")
    for number in range(60):
        lead(f"a{number}.b{number}@nortex.example", f"Ana{number} Duarte")

    def statements(limit: int) -> int:
        with CaptureQueriesContext(connection) as found:
            assert duplicates.work(limit) == limit
        return len(found)

    # Everybody shares a name with somebody who was looked at before.
    duplicates.work(10)
    assert statements(2) == statements(40)


def test_what_cannot_be_compared_is_left_out_and_the_rest_goes_on(monkeypatch, caplog):
    lead("ana@nortex.example", "Ana Duarte")

    def fail(*_):
        raise ValueError("no such thing")

    monkeypatch.setattr(duplicates, "alike_people", fail)
    lead("a@nortex.example", "Ana Duarte")
    assert duplicates.work() == 2
    assert "could not be compared" in caplog.text
    assert Changed.objects.count() == 0


def test_a_rep_who_says_so_is_heard_once_even_after_somebody_said_no():
    ana, twin = lead("ana@nortex.example", "Ana Duarte"), lead("a@nortex.example", "Ana Duarte")
    looked()
    pair = Duplicate.objects.get()
    duplicates.set_apart(pair.uid, by=LEADLOOP)
    assert duplicates.say_same(twin, ana) == pair
    pair.refresh_from_db()
    assert (pair.lead, pair.other_lead, pair.score, pair.verdict) == (ana, twin, 100, Verdict.OPEN)
    assert pair.because[0] == "said"
    duplicates.set_apart(pair.uid, by=LEADLOOP)
    duplicates.say_same(ana, twin)
    assert Duplicate.objects.get().verdict == Verdict.APART

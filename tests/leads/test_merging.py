"""Two become one: nothing of either is lost, and whoever names the other means the one that was kept."""

import datetime as dt

import pytest

from feedback.actions import attempts, decisions, holds
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import AccountOwner, Handoff
from feedback.reports.leads import lead_detail
from leads.actions import duplicates
from leads.actions.merging import merge_accounts, merge_leads
from leads.actions.people import AccountInput, LeadInput, clean_account, clean_lead, upsert_accounts, upsert_leads
from leads.logic.errors import InvalidInput, NotFound, StateConflict
from leads.models import (
    Account,
    Consent,
    Duplicate,
    Engagement,
    EngagementDay,
    JournalEntry,
    Lead,
    Touched,
    Verdict,
    Visitor,
)
from sla.models import Clock
from tests.calling import rows
from tests.factories import RepFactory, ago, as_person, marketer, offered, policy

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 20)


def lead(email: str = "", name: str = "", **more) -> Lead:
    return upsert_leads([clean_lead(LeadInput(email=email, name=name, **more))])[0]


def account(**given) -> Account:
    return upsert_accounts([clean_account(AccountInput(**given))])[0]


def engaged(who: Lead, *, count: int = 1, group: str = "pricing", at: dt.datetime | None = None) -> None:
    at = at or ago(hours=1)
    Engagement.objects.create(lead=who, account=who.account, kind="page_view", page_group=group, occurred_at=at)
    EngagementDay.objects.create(
        lead=who, account=who.account, kind="page_view", page_group=group, happened_on=TODAY, count=count, last_at=at
    )


def test_the_kept_one_takes_what_it_lacks_and_gives_nothing_up():
    mia = marketer()
    keep = lead("ana@nortex.example", "Ana Duarte", title="Head of Operations")
    drop = lead(
        "a.duarte@nortex.example", "A. Duarte", phone="030 1234567", title="Ops", external_id="7", external_system="crm"
    )
    kept = merge_leads(keep.uid, drop.uid, by=mia)
    kept.refresh_from_db()
    drop.refresh_from_db()
    assert (kept.email, kept.name, kept.title, kept.phone) == (
        "ana@nortex.example",
        "Ana Duarte",
        "Head of Operations",
        "030 1234567",
    )
    assert (kept.external_system, kept.external_id) == ("crm", "7")
    assert (drop.email, drop.external_id, drop.merged_into, drop.account) == ("a.duarte@nortex.example", "", kept, None)
    entry = JournalEntry.objects.get(kind="lead.merged")
    assert (entry.lead_uid, entry.actor_id) == (kept.uid, mia.user_id)
    assert entry.data == {
        "kept": str(kept.uid),
        "dropped": str(drop.uid),
        "filled": ["phone", "external_id"],
        "differs": ["email", "name", "title"],
    }


def test_a_lead_without_a_mail_address_takes_the_others():
    keep = lead(name="Ana Duarte", external_system="crm", external_id="1")
    drop = lead("ana@nortex.example")
    merge_leads(keep.uid, drop.uid, by=LEADLOOP)
    keep.refresh_from_db()
    drop.refresh_from_db()
    assert (keep.email, drop.email) == ("ana@nortex.example", "")
    assert lead("ana@nortex.example") == keep


def test_engagements_counters_visitors_and_standing_follow():
    keep, drop = lead("ana@nortex.example"), lead("a@nortex.example")
    nortex = account(name="Nortex")
    Lead.objects.filter(pk__in=[keep.pk, drop.pk]).update(account=nortex)
    keep.refresh_from_db()
    drop.refresh_from_db()
    latest = ago(minutes=1)
    engaged(keep, count=2)
    engaged(drop, count=3, at=latest)
    engaged(drop, count=1, group="docs")
    visitor = Visitor.objects.create(external_id="v1", lead=drop, identified_at=ago())
    Touched.objects.all().delete()
    merge_leads(keep.uid, drop.uid, by=LEADLOOP)
    visitor.refresh_from_db()
    assert visitor.lead == keep
    assert set(Engagement.objects.values_list("lead_id", flat=True)) == {keep.pk}
    found = EngagementDay.objects.order_by("page_group").values_list("lead_id", "page_group", "count", "last_at")
    assert [row[:3] for row in found] == [(keep.pk, "docs", 1), (keep.pk, "pricing", 5)]
    assert found[1][3] == latest
    assert set(Touched.objects.values_list("lead_id", "account_id")) == {(keep.pk, None), (None, nortex.pk)}


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_stricter_wins(is_kept: bool):
    free, strict = lead("ana@nortex.example", consent="opt_in"), lead("a@nortex.example", consent="opt_out")
    early, late = ago(days=9), ago(days=2)
    Lead.objects.filter(pk=strict.pk).update(suppressed_at=early, disqualified_at=late)
    Lead.objects.filter(pk=free.pk).update(disqualified_at=early)
    keep, drop = (strict, free) if is_kept else (free, strict)
    kept = merge_leads(keep.uid, drop.uid, by=LEADLOOP)
    kept.refresh_from_db()
    assert (kept.consent, kept.suppressed_at, kept.disqualified_at) == (Consent.OPT_OUT, early, early)
    with pytest.raises(StateConflict):
        offer(OfferInput(lead=LeadInput(email=drop.email), owner=str(RepFactory().uid)), by=LEADLOOP)


def test_naming_the_dropped_one_means_the_kept_one_through_chains_as_well():
    first, second, third = lead("1@nortex.example"), lead("2@nortex.example", external_id="2"), lead("3@nortex.example")
    merge_leads(second.uid, first.uid, by=LEADLOOP)
    merge_leads(third.uid, second.uid, by=LEADLOOP)
    assert [
        one.pk for one in upsert_leads([clean_lead(LeadInput(email=f"{n}@nortex.example")) for n in (1, 2, 3)])
    ] == [third.pk] * 3
    assert lead(external_id="2", title="Ops") == third
    third.refresh_from_db()
    assert (third.email, third.title) == ("3@nortex.example", "Ops")
    assert Lead.objects.count() == 3
    assert set(Lead.objects.exclude(pk=third.pk).values_list("merged_into_id", flat=True)) == {third.pk}


def test_one_batch_may_name_both():
    keep, drop = lead("ana@nortex.example"), lead("a@nortex.example")
    merge_leads(keep.uid, drop.uid, by=LEADLOOP)
    given = [LeadInput(email="a@nortex.example", title="Ops"), LeadInput(email="ana@nortex.example", phone="1234567")]
    found = upsert_leads([clean_lead(one) for one in given])
    keep.refresh_from_db()
    assert [one.pk for one in found] == [keep.pk, keep.pk]
    assert (keep.title, keep.phone) == ("Ops", "1234567")


def test_asking_again_changes_nothing_and_a_third_is_refused():
    keep, drop, other = lead("ana@nortex.example"), lead("a@nortex.example"), lead("o@nortex.example")
    firm = account(name="Nortex")
    merge_leads(keep.uid, drop.uid, by=LEADLOOP)
    before = rows()
    assert merge_leads(keep.uid, drop.uid, by=LEADLOOP) == keep
    for call, refusal in (
        (lambda: merge_leads(drop.uid, keep.uid, by=LEADLOOP), StateConflict),
        (lambda: merge_leads(other.uid, drop.uid, by=LEADLOOP), StateConflict),
        (lambda: merge_leads(keep.uid, keep.uid, by=LEADLOOP), InvalidInput),
        (lambda: merge_leads(keep.uid, firm.uid, by=LEADLOOP), NotFound),
    ):
        with pytest.raises(refusal):
            call()
    assert rows() == before


def test_handoffs_follow_and_the_further_of_two_open_ones_goes_on():
    policy()
    rep, lena = RepFactory(), RepFactory()
    older, newer = offered(rep, at=ago(hours=2)), offered(lena, at=ago(minutes=5))
    decisions.accept(newer.uid, by=as_person(lena))
    keep, drop = older.lead, newer.lead
    mia = marketer()
    merge_leads(keep.uid, drop.uid, by=mia)
    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.state, newer.state) == ("recalled", "accepted")
    assert (older.lead, newer.lead) == (keep, keep)
    assert not Clock.objects.filter(handoff=older, state="running").exists()
    entry = JournalEntry.objects.get(kind="handoff.recalled")
    assert (entry.handoff_uid, entry.actor_id, entry.data["cause"], entry.data["was"]) == (
        older.uid,
        mia.user_id,
        "merged",
        "pending",
    )
    assert entry.data["goes_on"] == str(newer.uid)
    attempts.log_attempt(newer.uid, by=as_person(lena), kind="call")
    assert JournalEntry.objects.filter(kind="attempt.logged", lead_uid=keep.uid).exists()


def test_of_two_accepted_the_older_goes_on_and_the_hold_of_the_other_ends():
    policy(targets=("decide", "first_attempt"))
    rep, lena = RepFactory(), RepFactory()
    older, newer = offered(rep, at=ago(hours=2)), offered(lena, at=ago(minutes=5))
    for handoff, owner in ((older, rep), (newer, lena)):
        decisions.accept(handoff.uid, by=as_person(owner))
    holds.hold(newer.uid, by=as_person(lena), reason="prospect_away", until=ago(days=-2))
    merge_leads(newer.lead.uid, older.lead.uid, by=marketer())
    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.state, newer.state, newer.decided_at) == ("accepted", "recalled", None)
    assert not newer.holds.filter(ended_at=None).exists()
    assert not Clock.objects.filter(handoff=newer, state__in=("running", "held")).exists()
    assert Clock.objects.filter(handoff=older, state="running").exists()
    assert JournalEntry.objects.filter(kind="handoff.accepted", handoff_uid=newer.uid).exists()


def test_two_qualified_are_not_merged():
    rep = RepFactory()
    one, other = offered(rep), offered(rep)
    for handoff in (one, other):
        decisions.accept(handoff.uid, by=as_person(rep))
        decisions.qualify(handoff.uid, by=as_person(rep))
    before = rows()
    with pytest.raises(StateConflict, match="record the outcome"):
        merge_leads(one.lead.uid, other.lead.uid, by=LEADLOOP)
    assert rows() == before


def test_the_page_of_either_tells_both_histories():
    rep = RepFactory()
    one, other = offered(rep), offered(rep)
    decisions.reject(other.uid, by=as_person(rep), reason="fit.industry", evidence={"industry": "farming"})
    merge_leads(one.lead.uid, other.lead.uid, by=marketer())
    for uid in (one.lead.uid, other.lead.uid):
        found = lead_detail(uid, person=as_person(rep))
        assert found.lead == one.lead
        assert {handoff.pk for handoff in found.handoffs} == {one.pk, other.pk}
        kinds = [entry.kind for entry in found.history]
        assert sorted(kinds) == ["handoff.offered", "handoff.offered", "handoff.rejected", "lead.merged"]


def test_pairs_on_the_queue_follow_and_their_own_is_merged():
    one, two, three = (lead(f"{n}@nortex.example", "Ana Duarte") for n in (1, 2, 3))
    while duplicates.work():
        pass
    assert Duplicate.objects.count() == 3
    duplicates.set_apart(Duplicate.objects.get(lead=two, other_lead=three).uid, by=LEADLOOP)
    Duplicate.objects.get(lead=one, other_lead=three).delete()
    merge_leads(one.uid, two.uid, by=LEADLOOP)
    assert set(Duplicate.objects.values_list("lead_id", "other_lead_id", "verdict")) == {
        (one.pk, two.pk, Verdict.MERGED),
        (one.pk, three.pk, Verdict.APART),
    }
    while duplicates.work():
        pass
    assert Duplicate.objects.count() == 2


def test_accounts_become_one_with_their_people_handoffs_and_owner():
    rep, lena = RepFactory(), RepFactory()
    keep, drop = (
        account(name="Nortex", city="Berlin"),
        account(name="Nortex GmbH", domain="nortex.example", city="Bonn", is_target=True),
    )
    ana, tom = lead("ana@nortex.example"), lead("tom@nortex.example")
    assert {ana.account, tom.account} == {drop}
    for who in (ana, tom):
        engaged(who)
    EngagementDay.objects.create(account=drop, kind="page_view", happened_on=TODAY, count=2, last_at=ago())
    EngagementDay.objects.create(account=keep, kind="page_view", happened_on=TODAY, count=1, last_at=ago())
    of_ana = offer(OfferInput(lead=LeadInput(email=ana.email), owner=str(rep.uid)), by=LEADLOOP).handoff
    unknown = [
        offer(OfferInput(account=AccountInput(name=one.name), owner=str(who.uid), offered_at=at), by=LEADLOOP).handoff
        for one, who, at in ((keep, rep, ago(minutes=5)), (drop, lena, ago(hours=5)))
    ]
    AccountOwner.objects.create(account=drop, rep=lena)
    merge_accounts(keep.uid, drop.uid, by=marketer())
    keep.refresh_from_db()
    drop.refresh_from_db()
    assert (keep.name, keep.domain, keep.city, keep.is_target, drop.merged_into) == (
        "Nortex",
        "nortex.example",
        "Berlin",
        True,
        keep,
    )
    assert set(Lead.objects.values_list("account_id", flat=True)) == {keep.pk}
    assert set(Engagement.objects.values_list("account_id", flat=True)) == {keep.pk}
    assert EngagementDay.objects.get(lead=None).count == 3
    assert AccountOwner.objects.get().account == keep
    assert set(Handoff.objects.values_list("account_id", flat=True)) == {keep.pk}
    assert of_ana is not None
    assert sorted(Handoff.objects.filter(lead=None).values_list("pk", "state")) == sorted(
        [(unknown[0].pk, "recalled"), (unknown[1].pk, "pending")]
    )
    assert JournalEntry.objects.get(kind="account.merged").data["differs"] == ["name", "city"]
    assert account(domain="nortex.example") == account(name="Nortex GmbH") == keep
    assert lead("eve@nortex.example").account == keep


def test_the_kept_accounts_owner_stays():
    rep, lena = RepFactory(), RepFactory()
    keep, drop = account(name="Nortex"), account(name="Nortex GmbH")
    AccountOwner.objects.create(account=keep, rep=rep)
    AccountOwner.objects.create(account=drop, rep=lena)
    merge_accounts(keep.uid, drop.uid, by=LEADLOOP)
    assert AccountOwner.objects.get().rep == rep


@pytest.mark.parametrize(
    "words", ["{uid}", "{email}", "https://leads.example/leads/{uid}/", "handoff {handoff}", "Ana, I think"]
)
def test_a_rejection_as_duplicate_puts_the_pair_on_the_queue(words: str):
    rep = RepFactory()
    handoff, first = offered(rep), offered(rep)
    said = words.format(uid=first.lead.uid, email=first.lead.email, handoff=first.uid)
    decisions.reject(handoff.uid, by=as_person(rep), reason="own.duplicate", evidence={"duplicate_of": said})
    if "think" in words:
        assert not Duplicate.objects.exists()
        return
    pair = Duplicate.objects.get()
    assert {pair.lead, pair.other_lead} == {handoff.lead, first.lead}
    assert (pair.score, pair.because, pair.verdict) == (100, ["said"], Verdict.OPEN)

"""Merging while somebody offers, accepts or takes in: some serial order, one open handoff, nothing lost."""

from functools import partial

import pytest

from feedback.actions import attempts, decisions
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff
from leads.actions.merging import merge_accounts, merge_leads
from leads.actions.people import AccountInput, LeadInput, clean_account, clean_lead, upsert_accounts, upsert_leads
from leads.logic.errors import StateConflict
from leads.models import Account, JournalEntry, Lead
from sla.models import Clock
from tests.factories import RepFactory, as_person, offered, policy
from tests.feedback.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20


def lead(email: str, **more) -> Lead:
    return upsert_leads([clean_lead(LeadInput(email=email, **more))])[0]


def test_merging_while_the_dropped_one_is_offered():
    policy()
    rep = RepFactory()
    for number in range(ROUNDS):
        keep, drop = offered(rep).lead, lead(f"drop{number}@brenn.example")
        merging, offering = together(
            lambda keep=keep, drop=drop: merge_leads(keep.uid, drop.uid, by=LEADLOOP),
            lambda drop=drop: offer(OfferInput(lead=LeadInput(email=drop.email), owner=str(rep.uid)), by=LEADLOOP),
        )
        assert merging == keep
        found = Handoff.objects.filter(lead=keep)
        assert found.filter(state="pending").count() == 1
        if isinstance(offering, StateConflict):
            assert found.count() == 1
        else:
            assert not isinstance(offering, Exception)
            assert sorted(found.values_list("state", flat=True)) == ["pending", "recalled"]
        assert not Handoff.objects.filter(lead=drop).exists()
        assert Clock.objects.filter(handoff__in=found, state="running").count() == 1


@pytest.mark.parametrize("is_kept", [True, False])
def test_merging_while_one_is_accepted(is_kept: bool):
    policy()
    rep, lena = RepFactory(), RepFactory()
    for _ in range(ROUNDS):
        older, newer = offered(rep), offered(lena)
        keep, drop = (newer.lead, older.lead) if is_kept else (older.lead, newer.lead)
        merging, accepting = together(
            lambda keep=keep, drop=drop: merge_leads(keep.uid, drop.uid, by=LEADLOOP),
            lambda newer=newer: decisions.accept(newer.uid, by=as_person(lena)),
        )
        assert merging == keep
        states = dict(Handoff.objects.filter(lead=keep).values_list("pk", "state"))
        if isinstance(accepting, StateConflict):
            assert states == {older.pk: "pending", newer.pk: "recalled"}
        else:
            assert not isinstance(accepting, Exception)
            assert states == {older.pk: "recalled", newer.pk: "accepted"}
            entries = JournalEntry.objects.filter(kind="handoff.accepted", handoff_uid=newer.uid)
            assert set(entries.values_list("lead_uid", flat=True)) <= {keep.uid, drop.uid}


def test_merging_while_an_attempt_is_logged_or_it_is_rejected_knows_the_lead():
    policy()
    rep, lena = RepFactory(), RepFactory()
    for _ in range(ROUNDS):
        going_on, keep = offered(rep), lead(f"keep{Lead.objects.count()}@brenn.example")
        decisions.accept(going_on.uid, by=as_person(rep))
        other, drop = offered(lena), lead(f"other{Lead.objects.count()}@brenn.example")
        answers = together(
            partial(merge_leads, keep.uid, going_on.lead.uid, by=LEADLOOP),
            partial(attempts.log_attempt, going_on.uid, by=as_person(rep), kind="call"),
            partial(merge_leads, drop.uid, other.lead.uid, by=LEADLOOP),
            partial(decisions.reject, other.uid, by=as_person(lena), reason="fit.industry", evidence={"industry": "x"}),
        )
        assert not [answer for answer in answers if answer is None or isinstance(answer, Exception)]
        for handoff, whose in ((going_on, keep), (other, drop)):
            handoff.refresh_from_db()
            assert handoff.lead == whose
            entries = JournalEntry.objects.filter(handoff_uid=handoff.uid)
            assert None not in set(entries.values_list("lead_uid", flat=True))


def test_merging_while_the_dropped_mail_comes_in():
    for number in range(ROUNDS):
        keep, drop = lead(f"keep{number}@brenn.example"), lead(f"drop{number}@brenn.example")
        if number % 2:
            keep, drop = drop, keep
        merging, taking, both = together(
            lambda keep=keep, drop=drop: merge_leads(keep.uid, drop.uid, by=LEADLOOP),
            lambda drop=drop: lead(drop.email, title="Head of Operations"),
            lambda keep=keep, drop=drop: upsert_leads(
                [clean_lead(LeadInput(email=one.email, phone="030 1234567")) for one in (drop, keep)]
            ),
        )
        assert merging == keep
        assert not [answer for answer in (taking, both) if answer is None or isinstance(answer, Exception)]
        keep.refresh_from_db()
        assert (keep.title, keep.phone) == ("Head of Operations", "030 1234567")
        assert lead(drop.email) == keep
    assert Lead.objects.count() == 2 * ROUNDS


def test_merging_accounts_while_people_of_the_dropped_one_come_in():
    for number in range(ROUNDS):
        keep, drop = upsert_accounts(
            [
                clean_account(AccountInput(name=f"Keep {number}")),
                clean_account(AccountInput(name=f"Drop {number}", domain=f"drop{number}.example")),
            ]
        )
        answers = together(
            lambda keep=keep, drop=drop: merge_accounts(keep.uid, drop.uid, by=LEADLOOP),
            lambda number=number: lead(f"ana@drop{number}.example"),
            lambda number=number: lead(f"tom@drop{number}.example", account=AccountInput(name=f"Drop {number}")),
        )
        assert not [answer for answer in answers if answer is None or isinstance(answer, Exception)]
        assert set(Lead.objects.filter(email__endswith=f"@drop{number}.example").values_list("account", flat=True)) == {
            keep.pk
        }
    assert not Lead.objects.filter(account__in=Account.objects.exclude(merged_into=None)).exists()


def test_two_who_merge_the_same_two_each_way_leave_one():
    for number in range(ROUNDS):
        one, other = lead(f"one{number}@brenn.example"), lead(f"other{number}@brenn.example")
        answers = together(
            lambda one=one, other=other: merge_leads(one.uid, other.uid, by=LEADLOOP),
            lambda one=one, other=other: merge_leads(other.uid, one.uid, by=LEADLOOP),
        )
        assert len([answer for answer in answers if isinstance(answer, StateConflict)]) == 1
        assert Lead.objects.filter(pk__in=[one.pk, other.pk], merged_into=None).count() == 1

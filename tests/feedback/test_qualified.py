"""From what was done to a rep's queue, with no hand between."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from feedback.actions import decisions, owners, recycling
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.actions.outcomes import OutcomeInput, record_outcome
from feedback.logic.rights import LEADLOOP
from feedback.models import AccountOwner, Handoff, RecyclePlan, RoutingRule
from leads.actions import qualification
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput, LeadInput
from leads.logic.errors import NotAllowed, StateConflict
from leads.models import Account, Engagement, JournalEntry, Lead, Notice, Standing, Touched
from sla.models import Clock
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, agreement, as_person, marketer, policy

pytestmark = pytest.mark.django_db

NORTEX = AccountInput(name="Nortex", domain="nortex.example", industry="Logistics", employee_count=420, is_target=True)
ANA = LeadInput(email="ana@nortex.example", name="Ana Duarte", title="Head of Operations", account=NORTEX)


@pytest.fixture
def rep():
    found = RepFactory()
    RoutingRule.objects.create(name="Everybody", team=found.team)
    return found


def look(count=1, *, lead=None, account=NORTEX, url="/pricing", **more):
    """The visitor, or the lead, looks at a page so many times, a minute ago."""
    who = {"lead": lead} if lead else {"account": account}
    more = {"kind": "page_view", "occurred_at": ago(minutes=1), "url": url, **more}
    return record_engagements([EngagementInput(**who, **more) for _ in range(count)])


def just_now():
    return dt.datetime.now(dt.UTC) - dt.timedelta(microseconds=1)


def standing(of):
    return Standing.objects.get(**({"lead": of} if isinstance(of, Lead) else {"account": of}))


def test_three_visits_of_somebody_unknown_become_a_handoff_with_owner_reason_trace_and_clock(rep):
    policy(minutes=60)
    signed = agreement()
    look(2)
    assert qualification.drain() > 0
    assert not Handoff.objects.exists()
    assert standing(Account.objects.get()).rule == ""
    look(1)
    qualification.drain()
    handoff = Handoff.objects.get()
    account = Account.objects.get()
    assert (handoff.lead, handoff.account, handoff.owner, handoff.state) == (None, account, rep, "pending")
    assert handoff.why == "A target account looks at pricing: page views of pricing 3 times in 7 days (3 asked)."
    assert (handoff.agreement, handoff.mql_rule) == (signed, "target-account")
    assert handoff.engaged_at == Engagement.objects.latest("occurred_at").occurred_at
    assert handoff.engaged_at < handoff.qualified_at <= handoff.offered_at
    assert handoff.score_parts["fit"]["Target account"] == 20
    assert handoff.score_parts["intent"]["Looked at pricing"] == 30
    assert Clock.objects.get(handoff=handoff).state == "running"
    kinds = set(JournalEntry.objects.filter(handoff_uid=handoff.uid).values_list("kind", flat=True))
    assert {"handoff.offered", "handoff.routed", "clock.started"} <= kinds
    assert not Touched.objects.exists()
    found = standing(account)
    assert (found.rule, found.held_back, found.agreement) == ("target-account", "", signed)


def test_without_a_published_agreement_nobody_is_an_mql(rep):
    look(9)
    assert qualification.drain() > 0
    assert not Handoff.objects.exists()
    assert not Standing.objects.exists()


def test_a_lead_is_offered_under_its_own_rule_once(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff = Handoff.objects.get()
    assert handoff.lead.email == "ana@nortex.example"
    assert handoff.mql_rule == "fit-and-intent"
    look(3, lead=ANA)
    qualification.drain()
    assert Handoff.objects.count() == 1
    assert standing(handoff.lead).held_back == "Ana Duarte is with sales already; one open handoff at a time."


def test_the_account_waits_while_one_of_its_people_is_with_sales(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    look(5)
    qualification.drain()
    assert Handoff.objects.count() == 1
    assert standing(Account.objects.get()).held_back == "Ana Duarte is with sales already; one open handoff at a time."


def test_an_account_rule_offers_the_person_known_there_who_was_active(rep):
    agreement(icp={"terms": []})
    look(1, lead=ANA)
    look(2)
    qualification.drain()
    assert Handoff.objects.get().lead.email == "ana@nortex.example"
    assert Handoff.objects.get().mql_rule == "target-account"


def test_the_account_waits_for_one_of_its_people_who_is_offered_at_the_same_time(rep):
    agreement()
    look(3, lead=ANA, occurred_at=ago(minutes=5))
    look(1, lead=LeadInput(email="bob@nortex.example", name="Bob Lind"))
    qualification.drain()
    assert Handoff.objects.get().lead.email == "ana@nortex.example"
    held = standing(Account.objects.get())
    assert (held.rule, held.held_back) == (
        "target-account",
        "Ana Duarte is offered in the same moment, by a rule of their own.",
    )


def test_the_account_waits_while_another_of_its_people_is_with_sales(rep):
    agreement()
    look(3, lead=ANA, occurred_at=ago(minutes=5))
    qualification.drain()
    look(1, lead=LeadInput(email="bob@nortex.example", name="Bob Lind"))
    qualification.drain()
    assert Handoff.objects.get().lead.email == "ana@nortex.example"
    assert standing(Account.objects.get()).held_back == "Ana Duarte is with sales already; one open handoff at a time."


def waiting_for_the_account(rep):
    """A handoff of the account alone that the rep qualified; somebody of it meets a rule of their own meanwhile."""
    agreement()
    look(3)
    qualification.drain()
    handoff = decisions.accept(Handoff.objects.get().uid, by=as_person(rep))
    decisions.qualify(handoff.uid, by=as_person(rep))
    look(3, lead=ANA)
    qualification.drain()
    return handoff


def test_its_people_wait_while_the_account_alone_is_qualified(rep):
    waiting_for_the_account(rep)
    assert Handoff.objects.get().lead is None
    assert standing(Lead.objects.get()).held_back == "Its account is with sales already; one open handoff at a time."


def test_who_is_refused_by_their_own_rule_does_not_keep_the_account_back(rep):
    agreement()
    look(3, lead=ANA, occurred_at=ago(minutes=5))
    Lead.objects.update(suppressed_at=ago(minutes=4))
    look(1, lead=LeadInput(email="bob@nortex.example", name="Bob Lind"))
    qualification.drain()
    assert Handoff.objects.get().lead.email == "bob@nortex.example"


def test_the_account_s_owner_comes_first(rep):
    agreement()
    theirs = RepFactory(team=rep.team)
    look(1)
    AccountOwner.objects.create(account=Account.objects.get(), rep=theirs)
    look(2)
    qualification.drain()
    assert Handoff.objects.get().owner == theirs


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"suppressed_at": ago(days=1)}, "may not be contacted", id="suppressed"),
        pytest.param({"consent": "opt_out"}, "opted out", id="opted out"),
        pytest.param({"disqualified_at": ago(days=1)}, "was disqualified", id="disqualified"),
        pytest.param({"email": "", "external_id": "x1"}, "Marketing owes a mail address.", id="owed"),
    ],
)
def test_who_may_not_be_contacted_is_never_offered(rep, change, words):
    agreement(mql={"rules": [{"key": "lead", "label": "Interest", "min_intent": 20}]})
    look(1, lead=ANA)
    Lead.objects.update(**change)
    look(3, lead=ANA if "email" not in change else LeadInput(external_id="x1"))
    qualification.drain()
    assert not Handoff.objects.exists()
    assert words in standing(Lead.objects.get()).held_back
    assert standing(Lead.objects.get()).rule == "lead"


def cooling_off(rep):
    """A handoff that the rep returned; its lead has done something since, and is held back."""
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff = decisions.accept(Handoff.objects.get().uid, by=as_person(rep))
    decisions.return_after_work(handoff.uid, by=as_person(rep), reason="intent.research_only")
    look(3, lead=ANA, occurred_at=just_now())
    qualification.drain()
    return handoff


def test_a_refusal_s_cool_off_is_kept_and_then_over(rep):
    handoff = cooling_off(rep)
    assert Handoff.objects.count() == 1
    assert standing(handoff.lead).held_back.startswith("Cooling off until ")
    RecyclePlan.objects.update(not_before_at=ago(seconds=1))
    look(1, lead=ANA, occurred_at=just_now())
    qualification.drain()
    assert Handoff.objects.count() == 2


def test_when_the_cool_off_is_over_nobody_has_to_do_anything(rep):
    handoff = cooling_off(rep)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    RecyclePlan.objects.update(not_before_at=soon)
    look(1, lead=ANA, occurred_at=just_now())
    qualification.drain()
    assert standing(handoff.lead).again_at == soon
    assert qualification.drain() == 0
    RecyclePlan.objects.update(not_before_at=ago(seconds=1))
    Standing.objects.update(again_at=ago(seconds=1))
    qualification.drain()
    assert Handoff.objects.count() == 2
    assert (standing(handoff.lead).held_back, standing(handoff.lead).again_at) == ("", None)


def test_who_is_left_alone_for_a_while_is_looked_at_again_meanwhile(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff = owners.recall(Handoff.objects.get().uid, by=marketer())
    qualification.drain()
    over = JournalEntry.objects.get(kind="handoff.recalled").occurred_at + dt.timedelta(days=30)
    found = standing(handoff.lead)
    assert found.held_back == f"Left alone until {over:%Y-%m-%d}: the last handoff was recalled."
    assert found.again_at == found.scored_at + dt.timedelta(days=1)


def test_whom_nobody_answered_comes_back_by_themselves(rep):
    agreement(duties={"again_after_days": 1})
    look(3, lead=ANA, occurred_at=ago(days=3))
    qualification.drain()
    Handoff.objects.update(offered_at=ago(days=3))
    owners.expire(Handoff.objects.get().uid, by=LEADLOOP, at=ago(days=2))
    assert Touched.objects.exists()
    qualification.drain()
    assert list(Handoff.objects.order_by("pk").values_list("state", flat=True)) == ["expired", "pending"]


def test_the_end_of_a_handoff_ends_the_wait_of_its_account_s_people(rep):
    handoff = waiting_for_the_account(rep)
    assert standing(Lead.objects.get()).held_back == "Its account is with sales already; one open handoff at a time."
    assert not Touched.objects.exists()
    record_outcome(handoff.uid, OutcomeInput(kind="lost"), by=as_person(rep))
    assert Touched.objects.filter(lead_id=Lead.objects.get().pk).exists()
    qualification.drain()
    assert Handoff.objects.exclude(pk=handoff.pk).get().lead.email == "ana@nortex.example"
    assert standing(Lead.objects.get()).held_back == ""


def test_who_is_held_back_is_judged_anew_once_a_day_whatever_for():
    agreement()
    team = TeamFactory()
    TeamFactory()
    look(3)
    qualification.drain()
    held = standing(Account.objects.get())
    assert held.held_back != ""
    assert held.again_at == held.scored_at + dt.timedelta(days=1)
    RoutingRule.objects.create(name="Everybody", team=team)
    assert qualification.drain() == 0
    Standing.objects.update(again_at=ago(seconds=1))
    qualification.drain()
    assert Handoff.objects.get().team == team
    assert standing(Account.objects.get()).met_at == held.met_at


def test_a_new_agreement_looks_back_when_it_is_published_so(rep):
    agreement(mql={"rules": [{"key": "lead", "label": "Interest", "min_intent": 100}]})
    look(2, lead=ANA)
    look(1, lead=LeadInput(email="bob@nortex.example", name="Bob Lind"), occurred_at=ago(days=1_000))
    qualification.drain()
    agreement(mql={"rules": [{"key": "lead", "label": "Interest", "min_intent": 10}]})
    assert qualification.drain() == 0
    easy = agreement(mql={"rules": [{"key": "lead", "label": "Interest", "min_intent": 11}]}, looks_back=True)
    assert set(Touched.objects.values_list("lead_id", "account_id")) == {
        (Lead.objects.get(name="Ana Duarte").pk, None),
        (None, Account.objects.get().pk),
    }
    qualification.drain()
    assert (Handoff.objects.get().lead.name, Handoff.objects.get().agreement) == ("Ana Duarte", easy)


def test_a_condition_waits_for_a_marketer_s_word(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff = Handoff.objects.get()
    decisions.reject(
        handoff.uid, by=as_person(rep), reason="data.invalid_contact", evidence={"channel_failed": "phone"}
    )
    look(1, lead=ANA, occurred_at=just_now())
    qualification.drain()
    assert standing(handoff.lead).held_back.startswith("Waits for “contact repaired”")
    recycling.meet(handoff.uid, by=marketer())
    qualification.drain()
    assert Handoff.objects.count() == 2
    assert JournalEntry.objects.filter(kind="recycle.met", handoff_uid=handoff.uid).count() == 1


def test_without_a_rule_that_takes_it_nothing_is_offered_and_it_is_said():
    TeamFactory()
    TeamFactory()
    agreement()
    look(3)
    qualification.drain()
    assert not Handoff.objects.exists()
    assert standing(Account.objects.get()).held_back != ""


def test_the_number_of_statements_does_not_grow(rep, django_assert_max_num_queries):
    agreement()

    def some(count, start):
        for number in range(start, start + count):
            firm = AccountInput(name=f"Firm {number}", domain=f"firm{number}.example", is_target=True)
            look(3, account=firm)

    def statements():
        with django_assert_max_num_queries(200) as found:
            assert qualification.work(1000) > 0
        return len(found)

    some(2, 0)
    few = statements()
    some(25, 100)
    assert statements() == few
    assert Handoff.objects.count() == 27


def test_one_that_cannot_be_judged_does_not_keep_the_others(rep, monkeypatch):
    agreement()
    look(3)
    look(3, account=AccountInput(name="Poison", domain="poison.example", is_target=True))
    poison = Account.objects.get(name="Poison")
    judge = qualification.qualifying.judge

    def judged(text, facts, days, *, of, on):
        if facts.get("account_name") == "Poison":
            raise RuntimeError("this one")
        return judge(text, facts, days, of=of, on=on)

    monkeypatch.setattr(qualification.qualifying, "judge", judged)
    qualification.drain()
    assert [handoff.account.name for handoff in Handoff.objects.all()] == ["Nortex"]
    assert set(Touched.objects.values_list("account_id", "try_count")) == {(poison.pk, 1)}
    monkeypatch.undo()
    assert qualification.drain() == 0
    Touched.objects.update(not_before_at=ago(seconds=1))
    qualification.drain()
    assert Handoff.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_offer_everybody_once(rep):
    agreement()
    for number in range(30):
        look(3, account=AccountInput(name=f"Firm {number}", domain=f"firm{number}.example", is_target=True))
        look(1, account=AccountInput(name=f"Firm {number}", domain=f"firm{number}.example", is_target=True))

    def drain():
        while qualification.work(7):
            pass
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(drain) for _ in range(4)]:
            done.result()
    assert Handoff.objects.count() == 30
    assert not Touched.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_comes_in_while_a_batch_is_judged_is_judged_next(rep):
    agreement()
    look(2)
    with transaction.atomic():
        touches = qualification._taken(500)
        assert touches

        def meanwhile():
            look(1)
            connections.close_all()

        other = threading.Thread(target=meanwhile)
        other.start()
        other.join(timeout=10)
        assert not other.is_alive()
    assert Touched.objects.exists()
    qualification.drain()
    assert Handoff.objects.count() == 1


def test_only_marketing_says_that_a_condition_is_met(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff = Handoff.objects.get()
    decisions.reject(
        handoff.uid, by=as_person(rep), reason="data.invalid_contact", evidence={"channel_failed": "phone"}
    )
    with pytest.raises(NotAllowed):
        recycling.meet(handoff.uid, by=as_person(rep))
    recycling.meet(handoff.uid, by=LEADLOOP)
    with pytest.raises(StateConflict):
        recycling.meet(handoff.uid, by=LEADLOOP)


def test_a_marketer_sees_what_is_waited_for_and_says_that_it_is_met(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff = Handoff.objects.get()
    decisions.reject(
        handoff.uid, by=as_person(rep), reason="data.invalid_contact", evidence={"channel_failed": "phone"}
    )
    mia, page = Client(), reverse("feedback:handoff", args=[handoff.uid])
    mia.force_login(UserFactory(roles=("marketer",)))
    before = mia.get(page).content.decode()
    assert "May be offered again once this is so: contact repaired." in before
    assert "Condition is met" in before
    assert mia.post(reverse("feedback:handoff-meet", args=[handoff.uid])).status_code == 302
    assert RecyclePlan.objects.get().met_at is not None
    assert "Condition is met" not in mia.get(page).content.decode().partition("History")[0]
    assert mia.post(reverse("feedback:handoff-meet", args=[handoff.uid])).status_code == 409


def test_who_says_their_name_is_given_the_handoff_that_waits_for_one(rep):
    policy(minutes=60)
    agreement()
    look(3)
    qualification.drain()
    handoff = Handoff.objects.get()
    frozen = (handoff.score_parts, handoff.why, handoff.mql_rule, handoff.due_at, handoff.offered_at)
    look(3, lead=ANA)
    qualification.drain()
    handoff = Handoff.objects.get()
    assert handoff.lead.email == "ana@nortex.example"
    assert (handoff.score_parts, handoff.why, handoff.mql_rule, handoff.due_at, handoff.offered_at) == frozen
    assert Clock.objects.get().state == "running"
    assert standing(handoff.lead).held_back == ""
    entry = JournalEntry.objects.get(kind="handoff.identified")
    assert (entry.handoff_uid, entry.lead_uid) == (handoff.uid, handoff.lead.uid)
    notice = Notice.objects.get(kind="handoff.identified")
    assert (notice.user_id, notice.subject, notice.handoff_uid) == (rep.user_id, "Ana Duarte", handoff.uid)
    look(1, lead=ANA)
    qualification.drain()
    assert Handoff.objects.count() == JournalEntry.objects.filter(kind="handoff.identified").count() == 1


def test_the_second_to_say_their_name_is_offered_as_well(rep):
    agreement()
    look(3)
    qualification.drain()
    other = LeadInput(email="ben@nortex.example", name="Ben Costa", title="Head of Sales", account=NORTEX)
    look(3, lead=ANA)
    look(3, lead=other)
    qualification.drain()
    assert sorted(Handoff.objects.values_list("lead__email", flat=True)) == ["ana@nortex.example", "ben@nortex.example"]
    assert JournalEntry.objects.filter(kind="handoff.identified").count() == 1


def test_people_who_opted_out_do_not_bring_their_account_to_sales(rep):
    agreement()
    out = LeadInput(email="out@nortex.example", name="Ola Out", consent="opt_out", account=NORTEX)
    look(4, lead=out)
    qualification.drain()
    assert not Handoff.objects.exists()
    assert standing(Account.objects.get()).held_back.startswith("Nobody there may be contacted")
    look(1)
    qualification.drain()
    assert Handoff.objects.get().lead is None


def test_a_customer_stays_one_whatever_was_offered_since(rep):
    agreement(duties={"required": [], "again_after_days": 0})
    look(3, lead=ANA)
    qualification.drain()
    handoff = decisions.accept(Handoff.objects.get().uid, by=as_person(rep))
    record_outcome(handoff.uid, OutcomeInput(kind="won"), by=as_person(rep))
    again = offer(OfferInput(lead=ANA, owner=str(rep.uid)), by=marketer()).handoff
    owners.recall(again.uid, by=marketer())
    look(3, lead=ANA, occurred_at=just_now())
    qualification.drain()
    assert Handoff.objects.count() == 2
    assert standing(handoff.lead).held_back == "A customer already: the last handoff was won."


def test_nobody_offers_by_hand_who_opted_out(rep):
    before = Handoff.objects.count()
    with pytest.raises(StateConflict, match="opted out"):
        offer(
            OfferInput(lead=LeadInput(email="out@nortex.example", consent="opt_out"), owner=str(rep.uid)), by=marketer()
        )
    assert Handoff.objects.count() == before
    assert not Lead.objects.exists()


def test_judging_lets_others_have_the_worker_and_goes_on_later(rep):
    agreement()
    look(3)
    look(3, account=AccountInput(name="Brenn", domain="brenn.example", is_target=True))
    waiting = Touched.objects.count()
    assert qualification.drain(1, seconds=0) == 1
    assert Touched.objects.count() == waiting - 1
    qualification.drain(1)
    assert Handoff.objects.count() == 2

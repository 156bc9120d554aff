"""Who is judged anew when nothing was done: in which turn, and by which of the handoffs they had."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from feedback.actions import decisions, owners, undo
from feedback.actions.outcomes import OutcomeInput, record_outcome
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff
from leads.actions import qualification, scoring, waking
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.merging import merge_leads
from leads.actions.people import LeadInput
from leads.actions.visitors import VisitorInput
from leads.models import Account, Lead, Standing, Touched
from tests.factories import ago, agreement, as_person, marketer
from tests.feedback.test_qualified import ANA, just_now, look, standing
from tests.feedback.test_qualified import rep as rep

pytestmark = pytest.mark.django_db

CUSTOMER = "own.existing_customer"


def test_who_was_refused_after_an_undone_turn_back_stays_refused(rep):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    first = Handoff.objects.get()
    decisions.turn_back(first.uid, by=as_person(rep))
    undo.undo(first.uid, by=as_person(rep))
    decisions.reject(first.uid, by=as_person(rep), reason=CUSTOMER)
    qualification.drain()
    assert list(Handoff.objects.order_by("pk").values_list("state", flat=True)) == ["rejected", "recalled"]
    assert standing(first.lead).held_back == "Refused for good: Already a customer."


def test_who_was_refused_after_a_merge_stays_refused(rep):
    agreement()
    ben = LeadInput(email="ben@nortex.example", name="Ben Costa", title="Head of Sales", account=ANA.account)
    look(3, lead=ANA)
    qualification.drain()
    first = decisions.accept(Handoff.objects.get().uid, by=as_person(rep))
    look(3, lead=ben)
    qualification.drain()
    merge_leads(first.lead.uid, Lead.objects.get(email=ben.email).uid, by=marketer())
    decisions.return_after_work(
        first.uid, by=as_person(rep), reason="person.wrong_function", evidence={"function": "sales"}
    )
    qualification.drain()
    assert list(Handoff.objects.order_by("pk").values_list("state", flat=True)) == ["returned", "recalled"]
    assert standing(first.lead).held_back == "Waits for “colleague engages”: Another department."


def test_an_older_handoff_that_was_won_by_another_route_is_not_the_last(rep):
    """A refusal stays the day's decision, whatever is recorded of it later."""
    agreement(duties={"required": [], "again_after_days": 1})
    look(3, lead=ANA)
    qualification.drain()
    first = Handoff.objects.get()
    decisions.reject(first.uid, by=as_person(rep), reason="intent.below_bar")
    long_ago = just_now() - dt.timedelta(days=40)
    Handoff.objects.update(offered_at=long_ago, decided_at=long_ago)
    first.recycle_plan.not_before_at = long_ago
    first.recycle_plan.save()
    look(1, lead=ANA)
    qualification.drain()
    owners.recall(Handoff.objects.latest("pk").uid, by=marketer())
    Handoff.objects.filter(pk=first.pk).update(closed_at=just_now())
    qualification.drain()
    assert standing(first.lead).held_back.endswith("the last handoff was recalled.")


def test_without_any_patience_nobody_is_offered_for_ever(rep):
    agreement(duties={"required": [], "again_after_days": 0})
    look(3, lead=ANA)
    qualification.drain()
    owners.recall(Handoff.objects.get().uid, by=marketer())
    qualification.drain()
    assert standing(Lead.objects.get()).held_back == "Nothing was done since the last handoff was recalled."
    look(1, lead=ANA, occurred_at=just_now())
    qualification.drain()
    assert Handoff.objects.filter(state="pending").count() == 1


ENDS = {
    "rejected": lambda uid, rep: decisions.reject(uid, by=rep, reason="intent.below_bar"),
    "returned": lambda uid, rep: decisions.return_after_work(uid, by=rep, reason="data.left_company"),
    "won": lambda uid, rep: record_outcome(uid, OutcomeInput(kind="won"), by=rep),
    "lost": lambda uid, rep: record_outcome(uid, OutcomeInput(kind="lost"), by=rep),
    "expired": lambda uid, rep: owners.expire(uid, by=LEADLOOP),
    "recalled": lambda uid, rep: owners.recall(uid, by=marketer()),
}


@pytest.mark.parametrize("state", ENDS)
def test_every_end_of_a_handoff_has_its_lead_judged_anew_and_nothing_before_it(rep, state: str):
    agreement()
    look(3, lead=ANA)
    qualification.drain()
    handoff, person = Handoff.objects.get(), as_person(rep)
    if state in ("returned", "won", "lost"):
        decisions.accept(handoff.uid, by=person)
    if state in ("won", "lost"):
        decisions.qualify(handoff.uid, by=person)
    assert not Touched.objects.exists()
    assert ENDS[state](handoff.uid, person).state == state
    assert (handoff.lead_id, None) in _touched()


def _held_back(number: int) -> None:
    """So many leads, and nobody else."""
    look(3, lead=ANA)
    qualification.drain()
    one = Standing.objects.get(lead__isnull=False)
    Standing.objects.update(held_back="", again_at=None)
    leads = Lead.objects.bulk_create(Lead(name=f"Lead {at}") for at in range(number))
    same = {name: getattr(one, name) for name in ("agreement_id", "rule", "why", "scored_at", "met_at")}
    Standing.objects.bulk_create(Standing(lead=lead, held_back="Waits.", **same) for lead in leads)


def test_whoever_does_something_does_not_wait_for_all_who_are_looked_at_again(rep):
    agreement()
    _held_back(1_200)
    assert waking.look_again() == 1_200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round(extract(epoch FROM not_before_at - clock_timestamp())) AS wait, count(*)"
            " FROM leads_touched GROUP BY 1 ORDER BY 1"
        )
        waits = [(int(wait), count) for wait, count in cursor.fetchall()]
    assert waits == [(0, 500), (1, 500), (2, 200)]


def test_who_waits_to_be_looked_at_again_does_not_wait_twice(rep):
    agreement()
    _held_back(3)
    assert (waking.look_again(), waking.look_again()) == (3, 0)
    assert Touched.objects.count() == 3


def _due(*seconds_ago: int) -> list[int]:
    """Leads that met a rule, each to be judged anew since so many seconds; by primary key."""
    _held_back(len(seconds_ago))
    leads = list(Standing.objects.exclude(held_back="").order_by("pk").values_list("lead_id", flat=True))
    for lead, seconds in zip(leads, seconds_ago, strict=True):
        Standing.objects.filter(lead=lead).update(again_at=ago(seconds=seconds))
    return leads


def _touched() -> list[tuple[int | None, int | None]]:
    return list(Touched.objects.order_by("id").values_list("lead_id", "account_id"))


def test_whose_time_came_first_is_woken_first_and_once(rep):
    agreement()
    last, first, early, second = _due(10, 300, -60, 200)
    assert waking.wake(2) == 2
    assert {lead for lead, _ in _touched()} == {first, second}
    assert not Standing.objects.filter(again_at=None, lead__in=(last, early)).exists()
    assert (waking.wake(2), waking.wake(2)) == (1, 0)
    assert _touched()[-1] == (last, None)
    assert Standing.objects.get(again_at__isnull=False).lead_id == early


def test_as_many_are_woken_as_are_judged(rep):
    agreement()
    leads = _due(30, 20, 10)
    before = Standing.objects.get(lead=leads[0]).scored_at
    assert qualification.work(3) == 3
    assert Standing.objects.filter(lead__in=leads, scored_at__gt=before).count() == 3


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_whom_somebody_scores_at_the_moment(rep):
    agreement()
    scored, free = _due(20, 10)

    def wake():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            return waking.wake()
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Standing.objects.select_for_update().get(lead=scored)
        assert pool.submit(wake).result() == 1
    assert _touched() == [(free, None)]
    assert waking.wake() == 1


def test_the_end_of_a_handoff_wakes_who_met_a_rule_there_and_nobody_else(rep):
    agreement()
    leads = _due(-60, -60, -60, -60)
    named, colleague, fading, elsewhere = leads
    home = Account.objects.get()
    Lead.objects.filter(pk__in=(colleague, fading)).update(account=home)
    Standing.objects.filter(lead=fading).update(rule="", held_back="")
    Standing.objects.filter(lead__isnull=False).exclude(lead__in=leads).delete()
    waking.wake_after(leads={named}, accounts=set())
    assert _touched() == [(named, None)]
    Touched.objects.all().delete()
    waking.wake_after(leads=set(), accounts={home.pk})
    assert set(_touched()) == {(colleague, None), (None, home.pk)}
    assert elsewhere not in {lead for lead, _ in _touched()}


def test_who_meets_no_rule_any_more_has_nothing_to_wait_for(rep):
    agreement()
    (lead,) = _due(-60)
    assert scoring.rescore_all() > 0
    now = Standing.objects.get(lead=lead)
    assert (now.rule, now.held_back, now.again_at, now.met_at) == ("", "", None, None)


def test_of_whom_nobody_knows_anything_nobody_is_judged():
    agreement()
    record_engagements(
        [
            EngagementInput(
                kind="page_view",
                occurred_at=ago(minutes=1),
                url="/pricing",
                visitor=VisitorInput(external_id="browser"),
            )
        ]
    )
    assert not Touched.objects.exists()

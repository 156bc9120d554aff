"""Two at once: one wins, the other is told; never both, never neither."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from feedback.actions import absences, attempts, decisions, holds, owners, undo
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import Absence, Handoff, Hold, Rep, person_of
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput, LeadInput
from leads.logic.errors import InvalidInput, LeadLoopError, NotFound, StateConflict
from leads.models import Account, JournalEntry, Lead, Notice
from sla.models import Clock
from tests.factories import RepFactory, ago, as_person, manager_of, marketer, offered, policy

pytestmark = pytest.mark.django_db(transaction=True)


def together(*work: Callable[[], object]) -> list[object]:
    """What each piece of work returned or was refused with, all started at one barrier."""
    barrier = threading.Barrier(len(work))
    answers: list[object] = [None] * len(work)

    def run(index: int, one: Callable[[], object]) -> None:
        barrier.wait()
        try:
            answers[index] = one()
        except LeadLoopError as error:
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_two_people_decide_and_one_is_told():
    policy()
    rep = RepFactory()
    boss = person_of(manager_of(rep.team))
    evidence = {"industry": "farming"}
    for _ in range(25):
        handoff = offered(rep)
        accepted, rejected = together(
            lambda uid=handoff.uid: decisions.accept(uid, by=as_person(rep)),
            lambda uid=handoff.uid: decisions.reject(uid, by=boss, reason="fit.industry", evidence=evidence),
        )
        handoff.refresh_from_db()
        kinds = Counter(JournalEntry.objects.filter(handoff_uid=handoff.uid).values_list("kind", flat=True))
        accepts, rejects = kinds["handoff.accepted"], kinds["handoff.rejected"]
        if isinstance(accepted, StateConflict):
            assert f"Already rejected by {boss.label} at " in accepted.message
            assert (handoff.state, accepts, rejects) == ("rejected", 0, 1)
        else:
            assert isinstance(rejected, StateConflict)
            assert f"Already accepted by {rep.user.first_name} at " in rejected.message
            assert (handoff.state, accepts, rejects) == ("accepted", 1, 0)
        assert Clock.objects.filter(handoff=handoff, state="running").count() == 0


def test_many_accept_and_exactly_one_does():
    rep = RepFactory()
    handoff = offered(rep)
    answers = together(*[lambda: decisions.accept(handoff.uid, by=as_person(rep)) for _ in range(8)])
    conflicts = [answer for answer in answers if isinstance(answer, StateConflict)]
    assert len(conflicts) == 7
    assert all("Already accepted by" in conflict.message for conflict in conflicts)
    assert JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.accepted").count() == 1


def test_reassigned_while_the_old_owner_accepts_is_some_serial_order():
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    boss = person_of(manager_of(rep.team))
    for _ in range(15):
        handoff = offered(rep)
        accepted, given = together(
            lambda uid=handoff.uid: decisions.accept(uid, by=as_person(rep)),
            lambda uid=handoff.uid: owners.reassign(uid, by=boss, to=lena.uid),
        )
        handoff.refresh_from_db()
        assert not isinstance(given, Exception)
        assert handoff.owner == lena
        assert handoff.state == ("pending" if isinstance(accepted, NotFound) else "accepted")


def test_two_reps_take_one():
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    handoff = offered(team=rep.team)
    answers = together(
        lambda: owners.take(handoff.uid, by=as_person(rep)), lambda: owners.take(handoff.uid, by=as_person(lena))
    )
    assert Counter(type(answer) for answer in answers) == {Handoff: 1, NotFound: 1}


def test_one_lead_offered_by_many_at_once_is_offered_once():
    rep = RepFactory()
    mia = marketer()

    def one(external_id: str) -> Callable[[], object]:
        lead = LeadInput(email="ana@nortex.example", account=AccountInput(name="Nortex"))
        return lambda: offer(
            OfferInput(lead=lead, owner=str(rep.uid), external_system="crm", external_id=external_id), by=mia
        )

    same = together(*[one("7") for _ in range(8)])
    assert {answer.handoff.uid for answer in same} == {Handoff.objects.get().uid}
    assert sum(answer.is_new for answer in same) == 1
    other = together(*[one(str(number)) for number in range(100, 108)])
    assert all(isinstance(answer, StateConflict) for answer in other)
    assert (Lead.objects.count(), Account.objects.count(), Handoff.objects.count()) == (1, 1, 1)


def test_undo_against_an_attempt_is_one_or_the_other():
    rep = RepFactory()
    for _ in range(15):
        handoff = offered(rep)
        decisions.accept(handoff.uid, by=as_person(rep))
        undone, tried = together(
            lambda uid=handoff.uid: undo.undo(uid, by=as_person(rep)),
            lambda uid=handoff.uid: attempts.log_attempt(uid, by=as_person(rep), kind="call"),
        )
        handoff.refresh_from_db()
        assert not isinstance(tried, Exception)
        assert handoff.state == ("accepted" if isinstance(undone, StateConflict) else "pending")


def test_an_answer_against_an_acceptance_ends_the_hold_once():
    policy()
    rep = RepFactory()
    mia = marketer()
    for _ in range(15):
        handoff = offered(rep)
        holds.hold(handoff.uid, by=as_person(rep), reason="missing_context", question="Which product?")
        answered, accepted = together(
            lambda uid=handoff.uid: holds.answer(uid, by=mia, text="The router."),
            lambda uid=handoff.uid: decisions.accept(uid, by=as_person(rep)),
        )
        hold = Hold.objects.get(handoff=handoff)
        kinds = Counter(JournalEntry.objects.filter(handoff_uid=handoff.uid).values_list("kind", flat=True))
        assert not isinstance(accepted, Exception)
        assert (kinds["handoff.resumed"], kinds["handoff.accepted"]) == (1, 1)
        if isinstance(answered, StateConflict):
            assert (hold.ended_because, hold.answer) == ("decided", "")
        else:
            assert (hold.ended_because, hold.answer) == ("answered", "The router.")


def test_a_limit_against_an_answer_ends_the_hold_once_and_keeps_the_answer():
    rep = RepFactory()
    mia = marketer()
    for _ in range(15):
        handoff = offered(rep, at=ago(hours=3))
        holds.hold(handoff.uid, by=as_person(rep), reason="missing_context", question="?", at=ago(hours=2))
        Hold.objects.update(limit_at=ago(hours=1))
        answers = together(
            holds.end_due, lambda uid=handoff.uid: holds.answer(uid, by=mia, text="The router."), holds.end_due
        )
        assert not any(isinstance(answer, Exception) for answer in answers)
        hold = Hold.objects.get(handoff=handoff)
        assert (hold.ended_because, hold.answer) == ("limit", "The router.")
        kinds = Counter(JournalEntry.objects.filter(handoff_uid=handoff.uid).values_list("kind", flat=True))
        assert (kinds["handoff.resumed"], kinds["hold.answered"]) == (1, 1)
        assert Notice.objects.filter(handoff_uid=handoff.uid, user=rep.user, kind="hold.limit").count() == 1


def test_a_hold_against_the_prospect_is_some_serial_order():
    rep = RepFactory()
    for _ in range(15):
        handoff = offered(rep)
        news = EngagementInput(
            kind="form", occurred_at=dt.datetime.now(dt.UTC), lead=LeadInput(email=handoff.lead.email)
        )
        held, engaged = together(
            lambda uid=handoff.uid: holds.hold(uid, by=as_person(rep), reason="prospect_away"),
            lambda news=news: record_engagements([news]),
        )
        assert not isinstance(held, Exception)
        assert not isinstance(engaged, Exception)
        hold = Hold.objects.get(handoff=handoff)
        assert (hold.ended_at is not None) == (news.occurred_at >= hold.began_at)


def test_two_holds_at_once_are_one():
    rep = RepFactory()
    boss = person_of(manager_of(rep.team))
    for _ in range(10):
        handoff = offered(rep)
        answers = together(
            lambda uid=handoff.uid: holds.hold(uid, by=as_person(rep), reason="prospect_away"),
            lambda uid=handoff.uid: holds.hold(uid, by=boss, reason="bad_data", question="Is it the right mail?"),
        )
        assert Counter(type(answer) for answer in answers) == {Handoff: 1, StateConflict: 1}


def test_overlapping_absences_at_once_are_one():
    rep = RepFactory()
    boss = person_of(manager_of(rep.team))
    span = {"starts_at": ago(hours=-1), "ends_at": ago(days=-3)}
    answers = together(
        *[lambda by=by: absences.add(rep.uid, by=by, **span) for by in (as_person(rep), boss, as_person(rep), boss)]
    )
    assert Counter(type(answer) for answer in answers) == {Absence: 1, InvalidInput: 3}


def test_benched_by_many_at_once_is_benched_once():
    rep = RepFactory()
    answers = together(*[lambda: absences.bench(rep.uid, by=LEADLOOP, cause="ladder", at=None) for _ in range(6)])
    assert {answer.pk for answer in answers} == {Absence.objects.get().pk}
    assert JournalEntry.objects.filter(kind="absence.added").count() == 1


def test_a_rep_who_leaves_while_they_are_given_something_gets_all_or_nothing():
    rep = RepFactory()
    boss = person_of(manager_of(rep.team))
    for _ in range(10):
        lena = RepFactory(team=rep.team)
        handoff = offered(rep)
        given, _ = together(
            lambda uid=handoff.uid, to=lena.uid: owners.reassign(uid, by=boss, to=to),
            lambda pk=lena.pk: Rep.objects.filter(pk=pk).update(is_active=False),
        )
        handoff.refresh_from_db()
        moved = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.reassigned").count()
        refused = isinstance(given, InvalidInput)
        assert (handoff.owner, moved) == ((rep, 0) if refused else (lena, 1))

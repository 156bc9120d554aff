"""When a clock starts, stops, starts over, and what it then says about the promise."""

import datetime as dt

import pytest

from feedback import panels
from feedback.actions import attempts, decisions, holds, outcomes, owners, undo
from feedback.actions.outcomes import OutcomeInput
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from sla.actions.policies import publish
from sla.mails import step_mail
from sla.models import Clock, Target
from tests.factories import RepFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db

ALL = ("decide", "first_attempt", "qualify")


@pytest.fixture
def rep():
    return RepFactory()


def clocks(handoff: Handoff) -> dict[str, str]:
    return dict(Clock.objects.filter(handoff=handoff).order_by("cycle").values_list("target", "state"))


def due(handoff: Handoff) -> dt.datetime | None:
    return Handoff.objects.values_list("due_at", flat=True).get(pk=handoff.pk)


def test_the_offer_starts_the_promise_and_orders_the_queue(rep):
    policy(minutes=60)
    handoff = offered(rep, at=ago(minutes=10))
    clock = Clock.objects.get(handoff=handoff)
    assert clock.due_at == handoff.offered_at + dt.timedelta(minutes=60) == due(handoff)
    assert clock.step_actions[:3] == ["warn", "breach", "notify_owner"]
    assert clock.next_action_at == clock.step_ats[0] == handoff.offered_at + dt.timedelta(minutes=45)


def test_accepting_ends_one_promise_and_starts_two(rep):
    policy(targets=ALL)
    handoff = offered(rep)
    accepted = decisions.accept(handoff.uid, by=as_person(rep))
    assert clocks(handoff) == {"decide": "stopped", "first_attempt": "running", "qualify": "running"}
    assert Clock.objects.get(handoff=handoff, target="decide").stopped_at == accepted.decided_at
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call")
    assert clocks(handoff)["first_attempt"] == "stopped"
    decisions.qualify(handoff.uid, by=as_person(rep))
    assert clocks(handoff) == {"decide": "stopped", "first_attempt": "stopped", "qualify": "stopped"}
    assert due(handoff) is None


def test_a_lead_tried_before_the_acceptance_needs_no_promise_of_a_first_attempt(rep):
    policy(targets=ALL)
    handoff = offered(rep)
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="mail")
    decisions.accept(handoff.uid, by=as_person(rep))
    assert clocks(handoff) == {"decide": "stopped", "qualify": "running"}


def test_a_win_ends_everything(rep):
    policy(targets=ALL)
    handoff = offered(rep)
    outcomes.record_outcome(handoff.uid, OutcomeInput(kind="won"), by=as_person(rep))
    assert clocks(handoff) == {"decide": "stopped", "first_attempt": "cancelled", "qualify": "stopped"}
    assert due(handoff) is None


def test_undo_lets_the_first_promise_run_on(rep):
    policy(targets=ALL)
    handoff = offered(rep)
    before = Clock.objects.filter(handoff=handoff).values().get()
    decisions.accept(handoff.uid, by=as_person(rep))
    undo.undo(handoff.uid, by=as_person(rep))
    assert Clock.objects.filter(handoff=handoff, target="decide").values().get() == before
    assert clocks(handoff) == {"decide": "running", "first_attempt": "cancelled", "qualify": "cancelled"}
    decisions.accept(handoff.uid, by=as_person(rep))
    assert Clock.objects.filter(handoff=handoff, state="running").count() == 2


def test_undoing_a_late_decision_leaves_the_breach_to_the_sweep(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=61))
    decisions.accept(handoff.uid, by=as_person(rep))
    assert Clock.objects.get(handoff=handoff).breached_at is not None
    undo.undo(handoff.uid, by=as_person(rep))
    clock = Clock.objects.get(handoff=handoff)
    assert (clock.state, clock.breached_at, clock.next_action_at) == ("running", None, clock.step_ats[0])


def test_undoing_a_decision_dated_before_its_promise_began_lets_it_run_on(rep):
    policy()
    lena = RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=61))
    owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=lena.uid)
    before = Clock.objects.filter(handoff=handoff).order_by("cycle").values().last()
    decisions.accept(handoff.uid, by=as_person(lena), at=ago(minutes=30))
    undo.undo(handoff.uid, by=as_person(lena))
    assert Clock.objects.filter(handoff=handoff).order_by("cycle").values().last() == before
    assert due(handoff) == before["due_at"]


def test_a_promise_that_an_offer_and_an_empty_queue_both_start_runs_once(rep):
    made = policy()
    Target.objects.filter(policy=made).update(starts=["offered", "unowned"])
    publish(made.pk, by=LEADLOOP)
    assert clocks(offered(team=rep.team)) == {"decide": "running"}
    assert clocks(offered(rep)) == {"decide": "running"}


def test_what_starts_while_the_handoff_waits_waits_too(rep):
    made = policy(targets=("qualify",), minutes=600)
    Target.objects.filter(policy=made).update(starts=["unowned"])
    publish(made.pk, by=LEADLOOP)
    handoff = offered(rep)
    holds.hold(handoff.uid, by=as_person(rep), reason="bad_data", question="Which Nortex is it?")
    owners.release(handoff.uid, by=LEADLOOP)
    assert clocks(handoff) == {"qualify": "held"}
    assert due(handoff) is None


def tried(handoff: Handoff, rep, *tries: tuple[str, int]) -> Clock:
    for kind, minutes in tries:
        attempts.log_attempt(handoff.uid, by=as_person(rep), kind=kind, at=ago(minutes=minutes))
    return Clock.objects.get(handoff=handoff, target="depth")


def test_enough_is_reached_by_the_attempt_that_was_made_last_whichever_was_logged_last(rep):
    policy(targets=("decide", "depth"), minutes=60)
    handoff = offered(rep, at=ago(minutes=100))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(minutes=90))
    clock = tried(handoff, rep, ("call", 80), ("mail", 10), ("call", 70))
    assert clock.state == "stopped"
    assert clock.stopped_at == handoff.attempts.get(kind="mail").attempted_at
    assert clock.breached_at == clock.due_at


@pytest.mark.parametrize("seconds_early", [1, 0, -1])
def test_in_time_is_decided_by_the_two_instants(rep, seconds_early):
    policy(minutes=60)
    handoff = offered(rep, at=ago(minutes=61))
    at = handoff.offered_at + dt.timedelta(minutes=60, seconds=-seconds_early)
    decisions.accept(handoff.uid, by=as_person(rep), at=at)
    clock = Clock.objects.get(handoff=handoff)
    assert (clock.breached_at is None) == (seconds_early >= 0)


def test_a_late_handoff_given_on_by_hand_gets_a_deadline_of_its_own(rep):
    policy()
    boss, lena = person_of(manager_of(rep.team)), RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=61))
    owners.reassign(handoff.uid, by=boss, to=lena.uid)
    old, new = Clock.objects.filter(handoff=handoff).order_by("cycle")
    assert (old.state, old.breached_at) == ("cancelled", old.due_at)
    assert (new.state, due(handoff)) == ("running", new.due_at)


def test_the_panel_says_what_is_left_and_what_comes_next(rep):
    policy(minutes=240)
    soon, late = offered(rep, at=ago(minutes=200)), offered(rep, at=ago(minutes=245))
    told = panels.promises([soon.pk, late.pk])
    assert (told[soon.pk].state, told[soon.pk].words) == ("soon", "39 min of business time left")
    assert told[soon.pk].share == pytest.approx(200 / 240, abs=0.01)
    assert told[soon.pk].then.startswith("then you are told, ")
    assert (told[late.pk].state, told[late.pk].words) == ("late", "5 min of business time late")


def test_business_time_is_counted_in_the_calendar_of_the_policy(rep):
    policy(minutes=60, weekly={"mon": [["09:00", "12:00"]]}, timezone="Europe/Paris")
    handoff = offered(rep, at=dt.datetime(2026, 11, 13, 15, 0, tzinfo=dt.UTC))
    assert due(handoff) == dt.datetime(2026, 11, 16, 9, 0, tzinfo=dt.UTC)


def test_a_mail_is_written_only_while_it_is_true(rep):
    policy()
    lena = RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=50))
    payload = {"clock": Clock.objects.get(handoff=handoff).pk, "step": 0, "user": rep.user_id}
    mail = step_mail(payload, handoff.uid)
    assert mail is not None
    assert mail.subject == f"Decide for {handoff.lead} is due soon"
    assert f"/{handoff.uid}/" in mail.body
    assert "9 min of business time left" in mail.body
    owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=lena.uid)
    assert step_mail(payload, handoff.uid) is None
    assert step_mail({**payload, "user": lena.user_id}, handoff.uid) is not None
    decisions.accept(handoff.uid, by=as_person(lena))
    assert step_mail({**payload, "user": lena.user_id}, handoff.uid) is None


def test_nobody_is_warned_of_a_deadline_that_has_passed(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=61))
    payload = {"clock": Clock.objects.get(handoff=handoff).pk, "step": 0, "user": rep.user_id}
    assert step_mail(payload, handoff.uid) is None
    late = step_mail({**payload, "step": 2}, handoff.uid)
    assert late is not None
    assert late.subject == f"Decide for {handoff.lead} is late"

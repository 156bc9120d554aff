"""What went wrong in other engines, once each: a test a bug.

Two stand with the sweep's own tests: killing it at every statement (test_sweep_killed.py), and a poisoned row that does
not stop the rest (test_sweep.py).
"""

import datetime as dt
import threading
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.actions import decisions, holds, owners, undo
from feedback.models import Handoff, Hold, person_of
from leads.models import JournalEntry, Lead, Notice, OutboxMessage
from sla.actions import clocks, moves
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.logic.business_time import Calendar
from sla.logic.events import Event
from sla.mails import step_mail
from sla.models import AppliesTo, CalendarException, Clock, Escalation, Target, Telling
from tests.factories import LEADLOOP, RepFactory, ago, as_person, calendar, manager_of, offered, policy

NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
WITH_LUNCH = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = dt.timedelta(hours=1)


def hours(**more) -> Calendar:
    return Calendar.from_dict({"timezone": "Europe/Berlin", "weekly": NINE_TO_FIVE, **more})


def berlin(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=BERLIN)


def clock_of(handoff: Handoff) -> Clock:
    return Clock.objects.filter(handoff=handoff).latest("cycle")


# Business time


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (berlin(2026, 11, 22, 12), berlin(2026, 11, 23, 11)),
        (berlin(2026, 12, 25, 10), berlin(2026, 12, 28, 11)),
        (berlin(2026, 11, 20, 18), berlin(2026, 11, 23, 11)),
    ],
    ids=["closed day", "holiday", "after closing"],
)
def test_what_starts_while_closed_begins_at_the_next_opening(start, due):
    assert hours(holidays=["2026-12-25"]).add(start, 2 * HOUR) == due


def test_a_lunch_break_does_not_count():
    assert hours(weekly=WITH_LUNCH).add(berlin(2026, 11, 23, 11), 2 * HOUR) == berlin(2026, 11, 23, 14)


def test_days_of_24_hours_join_without_a_gap():
    always = Calendar.from_dict({"timezone": "UTC", "weekly": {day: [["00:00", "24:00"]] for day in NINE_TO_FIVE}})
    start = dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC)
    assert always.add(start, HOUR) == dt.datetime(2026, 11, 24, 0, 30, tzinfo=dt.UTC)


def test_a_deadline_exactly_at_closing_is_closing_time():
    assert hours().add(berlin(2026, 11, 20, 15), 2 * HOUR) == berlin(2026, 11, 20, 17)


@pytest.mark.parametrize(("day", "elapsed"), [((2026, 3, 29), 3), ((2026, 10, 25), 5)], ids=["gap", "overlap"])
def test_a_change_of_the_clocks_inside_a_window_counts_real_seconds(day, elapsed):
    night = hours(weekly={"sun": [["00:00", "06:00"]]})
    start = berlin(*day, 1).astimezone(dt.UTC)
    assert night.between(start, berlin(*day, 5)) == elapsed * HOUR
    assert night.add(start, elapsed * HOUR) == berlin(*day, 5)


def test_three_zones_that_all_differ_do_not_mix(client, db):
    """A server in UTC, a calendar in Tokyo, a reader in New York: one instant, shown in the reader's zone."""
    policy(minutes=120, weekly=NINE_TO_FIVE, timezone="Asia/Tokyo")
    rep = RepFactory()
    handoff = offered(rep, at=dt.datetime(2026, 11, 18, 7, 30, tzinfo=dt.UTC))
    assert clock_of(handoff).due_at == dt.datetime(2026, 11, 19, 1, 30, tzinfo=dt.UTC)
    client.force_login(rep.user)
    client.cookies["leadloop_tz"] = "America/New_York"
    assert "20:30" in client.get(reverse("feedback:handoff", args=[handoff.uid])).content.decode()


# Calendars that change


@pytest.mark.django_db
def test_a_holiday_moves_open_deadlines_later_and_leaves_finished_ones():
    week = calendar(weekly=NINE_TO_FIVE, timezone="Europe/Berlin")
    policy(minutes=5 * 480, hours=week)
    rep = RepFactory()
    open_one, done = offered(rep), offered(rep)
    decisions.accept(done.uid, by=as_person(rep))
    before, finished = clock_of(open_one).due_at, Clock.objects.filter(handoff=done).values().get()
    soon = dt.datetime.now(BERLIN).date()
    days = [soon + dt.timedelta(days=number) for number in range(2, 6)]
    CalendarException.objects.bulk_create(CalendarException(calendar=week, on=on) for on in days)
    publish_calendar(week.pk, by=LEADLOOP)
    assert clock_of(open_one).due_at > before
    assert Handoff.objects.get(pk=open_one.pk).due_at == clock_of(open_one).due_at
    assert Clock.objects.filter(handoff=done).values().get() == finished
    CalendarException.objects.filter(calendar=week).delete()
    publish_calendar(week.pk, by=LEADLOOP)
    assert clock_of(open_one).due_at == before
    assert Clock.objects.filter(handoff=done).values().get() == finished


# Holds


def held(handoff: Handoff, *, since: dt.datetime) -> None:
    """Put on hold at an instant of the past."""
    with transaction.atomic():
        Hold.objects.create(
            handoff=handoff,
            reason="prospect_away",
            owed_by="prospect",
            began_at=since,
            limit_at=since + dt.timedelta(days=30),
        )
        moves.hold([handoff], "prospect", at=since)


@pytest.mark.django_db
def test_a_pause_over_a_weekend_costs_only_business_time():
    policy(minutes=240, weekly=NINE_TO_FIVE, timezone="Europe/Berlin")
    handoff = offered(RepFactory(), at=berlin(2026, 11, 13, 15))
    assert clock_of(handoff).due_at == berlin(2026, 11, 16, 11)
    held(handoff, since=berlin(2026, 11, 13, 16))
    assert (clock_of(handoff).state, clock_of(handoff).next_action_at) == ("held", None)
    moves.resume([handoff], began_at=berlin(2026, 11, 13, 16), at=berlin(2026, 11, 16, 10))
    assert clock_of(handoff).due_at == berlin(2026, 11, 16, 13)
    assert clock_of(handoff).state == "running"


@pytest.mark.django_db
def test_a_pause_survives_a_change_of_the_rules():
    made = policy(minutes=240)
    handoff = offered(RepFactory(), at=ago(minutes=120))
    began_at = handoff.offered_at + HOUR
    held(handoff, since=began_at)
    Target.objects.filter(policy=made).update(minutes=480)
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    assert clock_of(handoff).state == "held"
    assert clock_of(handoff).next_action_at is None
    at = handoff.offered_at + 2 * HOUR
    moves.resume([handoff], began_at=began_at, at=at)
    assert clock_of(handoff).due_at == at + 7 * HOUR
    assert clock_of(handoff).version.number == 2


@pytest.mark.django_db
def test_accepting_and_holding_in_one_save():
    policy(targets=("decide", "first_attempt", "qualify"))
    rep = RepFactory()
    handoff = offered(rep)
    with transaction.atomic():
        decisions.accept(handoff.uid, by=as_person(rep))
        holds.hold(handoff.uid, by=as_person(rep), reason="awaiting_reply")
    states = dict(Clock.objects.filter(handoff=handoff).values_list("target", "state"))
    assert states == {"decide": "stopped", "first_attempt": "held", "qualify": "held"}
    holds.release_hold(handoff.uid, by=as_person(rep))
    states = dict(Clock.objects.filter(handoff=handoff).values_list("target", "state"))
    assert states == {"decide": "stopped", "first_attempt": "running", "qualify": "running"}


@pytest.mark.django_db
def test_a_reopened_handoff_keeps_its_history_and_does_not_fire_at_once():
    policy(minutes=60)
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=50))
    sweep()
    fired = list(Escalation.objects.values_list("pk", "action"))
    assert [action for _, action in fired] == ["warn"]
    decisions.accept(handoff.uid, by=as_person(rep))
    undo.undo(handoff.uid, by=as_person(rep))
    sweep()
    assert list(Escalation.objects.values_list("pk", "action")) == fired
    assert clock_of(handoff).state == "running"
    kinds = list(JournalEntry.objects.filter(handoff_uid=handoff.uid).order_by("id").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind.startswith("clock.")] == ["clock.started", "clock.stopped", "clock.reopened"]


# The sweep


@pytest.mark.django_db
def test_a_breach_between_two_sweeps_followed_by_an_acceptance_is_a_breach():
    policy(minutes=60)
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=59))
    sweep()
    late_at = handoff.offered_at + dt.timedelta(minutes=60, milliseconds=1)
    Clock.objects.update(
        due_at=handoff.offered_at + dt.timedelta(minutes=58), step_ats=[late_at] * len(clock_of(handoff).step_ats)
    )
    decisions.accept(handoff.uid, by=as_person(rep))
    clock = clock_of(handoff)
    assert (clock.state, clock.breached_at) == ("stopped", clock.due_at)
    sweep()
    assert not Escalation.objects.filter(action__in=["breach", "notify_owner"]).exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_make_one_event_and_one_mail():
    policy(minutes=60, ladder=(("warn", 75, None),))
    rep = RepFactory()
    for _ in range(30):
        offered(rep, at=ago(minutes=50))
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait()
        sweep()
        connection.close()

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    sweep()
    assert Escalation.objects.count() == Telling.objects.count() == 30
    assert Escalation.objects.values("clock", "step").distinct().count() == 30
    assert OutboxMessage.objects.values("dedup_key").distinct().count() == OutboxMessage.objects.count()


@pytest.mark.django_db
def test_many_open_and_none_due_cost_the_same_few_queries():
    made = policy(minutes=60)
    rep = RepFactory(capacity=30_000)
    one = offered(rep)
    with CaptureQueriesContext(connection) as few:
        sweep()
    clock, version = clock_of(one), made.versions.get()
    handoffs = Handoff.objects.bulk_create(
        Handoff(account=None, lead=lead, team=rep.team, owner=rep, offered_at=one.offered_at)
        for lead in Lead.objects.bulk_create(Lead(name=f"Open {number}") for number in range(10_000))
    )
    Clock.objects.bulk_create(
        Clock(
            handoff=handoff,
            version=version,
            calendar_version=clock.calendar_version,
            target="decide",
            amount=clock.amount,
            started_at=clock.started_at,
            due_at=clock.due_at,
            step_actions=clock.step_actions,
            step_ats=clock.step_ats,
            step_refs=clock.step_refs,
            next_action_at=clock.next_action_at,
        )
        for handoff in handoffs
    )
    with CaptureQueriesContext(connection) as many:
        sweep()
    assert len(many) == len(few) < 15


@pytest.mark.django_db
def test_nothing_repeats_at_midnight():
    """A step that was taken is taken, whatever day it has become since."""
    policy(minutes=60, ladder=(("warn", 75, None), ("notify_owner", None, 0)))
    offered(RepFactory(), at=ago(minutes=100))
    sweep()
    before = (Escalation.objects.count(), Notice.objects.count(), OutboxMessage.objects.count())
    assert before[0] == 3
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_clock SET started_at = started_at - interval '1 day', due_at = due_at - interval '1 day',"
            " step_ats = ARRAY(SELECT at - interval '1 day' FROM unnest(step_ats) at)"
        )
        cursor.execute("UPDATE feedback_handoff SET offered_at = offered_at - interval '1 day'")
    sweep()
    assert (Escalation.objects.count(), Notice.objects.count(), OutboxMessage.objects.count()) == before


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["suppressed", "recalled", "reassigned"])
def test_a_lead_that_is_gone_gets_no_stale_mail(what):
    policy(minutes=60, ladder=(("warn", 75, None),))
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=50))
    sweep()
    message = OutboxMessage.objects.get()
    assert step_mail(message.payload, handoff.uid) is not None
    if what == "suppressed":
        Lead.objects.filter(pk=handoff.lead_id).update(suppressed_at=dt.datetime.now(dt.UTC))
    elif what == "recalled":
        owners.recall(handoff.uid, by=LEADLOOP)
    else:
        owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=RepFactory(team=rep.team).uid)
    assert step_mail(message.payload, handoff.uid) is None


@pytest.mark.django_db
def test_a_rep_deactivated_between_claim_and_reassign_gets_nothing(monkeypatch):
    policy(minutes=60, ladder=(("reassign", None, 0),))
    rep = RepFactory()
    leaving, staying = RepFactory(team=rep.team), RepFactory(team=rep.team, capacity=1)
    offered(staying)
    handoff = offered(rep, at=ago(minutes=61))
    chosen = owners.next_rep

    def and_then_leaves(*args, **kwargs):
        found = chosen(*args, **kwargs)
        assert found == leaving
        type(leaving).objects.filter(pk=leaving.pk).update(is_active=False)
        return found

    monkeypatch.setattr(owners, "next_rep", and_then_leaves)
    sweep()
    handoff.refresh_from_db()
    assert handoff.owner_id == rep.pk
    skipped = JournalEntry.objects.get(handoff_uid=handoff.uid, kind="step.skipped")
    assert skipped.data["because"]


@pytest.mark.django_db
def test_the_clock_of_a_queue_runs_each_time_nobody_has_the_handoff():
    policy(minutes=60, targets=("owner",))
    rep = RepFactory()
    handoff = offered(team=rep.team)
    assert clock_of(handoff).state == "running"
    owners.take(handoff.uid, by=as_person(rep))
    assert clock_of(handoff).state == "stopped"
    owners.release(handoff.uid, by=person_of(manager_of(rep.team)), cause="manager")
    assert (clock_of(handoff).cycle, clock_of(handoff).state) == (1, "running")
    assert clocks.start([handoff], Event.UNOWNED, at=dt.datetime.now(dt.UTC)) == []

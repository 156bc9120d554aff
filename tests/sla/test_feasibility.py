"""What its owner cannot answer in time is offered elsewhere, before the breach."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.actions import absences, decisions, holds
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.models import JournalEntry
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.logic.business_time import Calendar
from sla.logic.feasible import can_answer
from sla.models import CalendarException, CalendarUse, Clock, Target
from tests.factories import ALWAYS, RepFactory, ago, as_person, calendar, manager_of, offered, policy

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def owner_of(handoff: Handoff):
    return Handoff.objects.get(pk=handoff.pk).owner


def away(rep, *, hours_from_now: float = -1, length: float = 48) -> None:
    begins = dt.datetime.now(dt.UTC) + hours_from_now * HOUR
    absences.add(rep.uid, by=person_of(manager_of(rep.team)), starts_at=begins, ends_at=begins + length * HOUR)


@pytest.mark.django_db
def test_an_absent_owner_loses_it_to_who_is_there():
    policy(minutes=60)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    away(rep)
    handoff = offered(rep)
    assert Clock.objects.get(handoff=handoff).check_owner
    sweep()
    assert owner_of(handoff) == lena
    entry = JournalEntry.objects.get(handoff_uid=handoff.uid, kind="handoff.reassigned")
    assert entry.data["cause"] == "cannot_answer"
    assert not Clock.objects.filter(check_owner=True).exists()


@pytest.mark.django_db
def test_with_nobody_there_it_waits_in_the_queue_under_its_own_clock():
    policy(minutes=60, targets=("decide", "owner"))
    rep = RepFactory()
    away(RepFactory(team=rep.team))
    away(rep)
    handoff = offered(rep)
    sweep()
    assert owner_of(handoff) is None
    assert dict(Clock.objects.filter(handoff=handoff).values_list("target", "state")) == {
        "decide": "running",
        "owner": "running",
    }


@pytest.mark.django_db
def test_an_absence_that_ends_in_time_takes_nothing_away():
    policy(minutes=240)
    rep = RepFactory()
    RepFactory(team=rep.team)
    away(rep, length=2)
    handoff = offered(rep)
    sweep()
    assert owner_of(handoff) == rep


@pytest.mark.django_db
def test_hours_that_open_after_the_deadline_count_as_absence():
    policy(minutes=60)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    today = dt.datetime.now(dt.UTC).date()
    closed = calendar(holidays=[today, today + dt.timedelta(days=1)])
    CalendarUse.objects.create(calendar=closed, rep=rep)
    handoff = offered(rep)
    sweep()
    assert owner_of(handoff) == lena


@pytest.mark.django_db
def test_an_absence_that_is_added_later_is_seen_by_the_next_sweep():
    policy(minutes=600)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=5))
    sweep()
    assert owner_of(handoff) == rep
    away(rep)
    sweep()
    assert owner_of(handoff) == lena


@pytest.mark.django_db
def test_an_absence_that_is_added_on_hold_is_seen_once_the_hold_ends():
    policy(minutes=600)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=5))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away")
    away(rep)
    sweep()
    assert owner_of(handoff) == rep
    holds.release_hold(handoff.uid, by=as_person(rep))
    sweep()
    assert owner_of(handoff) == lena


@pytest.mark.django_db
def test_what_its_owner_has_accepted_stays_with_them():
    made = policy(minutes=600)
    Target.objects.filter(policy=made).update(starts=["accepted"], stops=["qualified"], cancels=["recalled"])
    publish(made.pk, by=LEADLOOP)
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=5))
    away(rep)
    decisions.accept(handoff.uid, by=as_person(rep))
    assert Clock.objects.get(handoff=handoff).check_owner
    assert sweep().failed == 0
    assert owner_of(handoff) == rep
    assert not Clock.objects.filter(check_owner=True).exists()


@pytest.mark.django_db
def test_hours_that_change_are_seen_by_the_next_sweep():
    policy(minutes=600)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    hours = calendar()
    CalendarUse.objects.create(calendar=hours, rep=rep)
    handoff = offered(rep, at=ago(minutes=5))
    sweep()
    assert owner_of(handoff) == rep
    today = dt.datetime.now(dt.UTC).date()
    for days in range(3):
        CalendarException.objects.create(calendar=hours, on=today + dt.timedelta(days=days))
    publish_calendar(hours.pk, by=LEADLOOP)
    sweep()
    assert owner_of(handoff) == lena


@pytest.mark.django_db
def test_what_is_late_already_is_the_ladders_business():
    policy(minutes=60, ladder=())
    rep = RepFactory()
    RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=90))
    away(rep)
    sweep()
    assert owner_of(handoff) == rep


spans = st.tuples(st.integers(-100, 300), st.integers(1, 200)).map(
    lambda span: (NOW + span[0] * dt.timedelta(minutes=1), NOW + sum(span) * dt.timedelta(minutes=1))
)


@given(absent=st.lists(spans, max_size=5), minutes=st.integers(1, 240))
@settings(deadline=None, database=None)
def test_a_calendar_that_is_always_open_changes_nothing(absent, minutes):
    always = Calendar.from_dict({"timezone": "UTC", "weekly": ALWAYS})
    due_at = NOW + dt.timedelta(minutes=minutes)
    told = can_answer(None, absent, since=NOW, due_at=due_at)
    assert told == can_answer(always, absent, since=NOW, due_at=due_at)
    free = any(
        not any(begins <= NOW + dt.timedelta(minutes=minute) < ends for begins, ends in absent)
        for minute in range(minutes)
    )
    assert told == free


def test_nobody_can_answer_after_the_deadline_or_while_away_without_end():
    assert not can_answer(None, [], since=NOW, due_at=NOW)
    assert not can_answer(None, [(NOW - HOUR, None)], since=NOW, due_at=NOW + HOUR)
    assert can_answer(None, [(NOW + HOUR, None)], since=NOW, due_at=NOW + HOUR)

"""What is published binds; what is edited afterwards does not reach back."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from feedback.logic.rights import LEADLOOP
from leads.logic.errors import InvalidInput, NotFound
from leads.models import JournalEntry
from sla.actions.policies import publish, publish_for_calendar
from sla.models import CalendarException, Clock, LadderStep, Policy, PolicyVersion, Target
from tests.factories import RepFactory, TeamFactory, ago, offered, policy

pytestmark = pytest.mark.django_db

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def test_publishing_what_did_not_change_makes_no_version():
    made = policy()
    first = made.versions.get()
    assert publish(made.pk, by=LEADLOOP) == first
    assert JournalEntry.objects.filter(kind="policy.published").count() == 1


def test_an_edit_makes_a_version_and_leaves_running_clocks_alone():
    made = policy(minutes=60)
    rep = RepFactory()
    old = Clock.objects.get(handoff=offered(rep))
    Target.objects.filter(policy=made).update(minutes=30)
    second = publish(made.pk, by=LEADLOOP)
    new = Clock.objects.get(handoff=offered(rep))
    kept = Clock.objects.get(pk=old.pk)
    assert second.number == 2
    assert (kept.version_id, kept.due_at, kept.step_ats) == (old.version_id, old.due_at, old.step_ats)
    assert (new.version, new.due_at - new.started_at) == (second, dt.timedelta(minutes=30))


def test_a_new_closed_day_publishes_every_policy_of_the_calendar():
    made = policy(weekly=OFFICE)
    CalendarException.objects.create(calendar=made.calendar, on=dt.date(2026, 12, 25), label="Christmas")
    (version,) = publish_for_calendar(made.calendar_id, by=LEADLOOP)
    assert version.number == 2
    assert version.rules["calendar"]["holidays"] == ["2026-12-25"]


@pytest.mark.parametrize("statement", ["UPDATE sla_policyversion SET number = 9", "DELETE FROM sla_policyversion"])
def test_a_version_cannot_be_rewritten(statement):
    policy()
    before = list(PolicyVersion.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(PolicyVersion.objects.values()) == before


def test_what_cannot_be_run_is_not_published():
    made = policy()
    calendar = made.calendar
    calendar.weekly = {}
    calendar.save()
    with pytest.raises(InvalidInput, match="open"):
        publish(made.pk, by=LEADLOOP)
    assert made.versions.count() == 1
    with pytest.raises(NotFound):
        publish(10**9, by=LEADLOOP)


def test_only_an_undecided_handoff_can_expire():
    made = policy(targets=("decide", "qualify"))
    LadderStep.objects.create(target=made.targets.get(key="qualify"), action="expire", minutes_after=1)
    with pytest.raises(InvalidInput, match="expire"):
        publish(made.pk, by=LEADLOOP)


def test_the_first_that_applies_wins():
    general, special = policy(minutes=600), policy(minutes=30)
    team = TeamFactory()
    Policy.objects.filter(pk=general.pk).update(position=2)
    Policy.objects.filter(pk=special.pk).update(position=1, team=team)
    publish(special.pk, by=LEADLOOP)
    inside, outside = offered(RepFactory(team=team)), offered(RepFactory())
    assert Clock.objects.get(handoff=inside).version.policy == special
    assert Clock.objects.get(handoff=outside).version.policy == general


def test_a_policy_promises_nothing_outside_its_dates_nor_when_it_is_off():
    made = policy()
    Policy.objects.filter(pk=made.pk).update(valid_from=ago(days=2), valid_until=ago(days=1))
    publish(made.pk, by=LEADLOOP)
    rep = RepFactory()
    before, during, after = offered(rep, at=ago(days=3)), offered(rep, at=ago(hours=36)), offered(rep)
    assert list(Clock.objects.values_list("handoff", flat=True)) == [during.pk]
    Policy.objects.filter(pk=made.pk).update(is_active=False, valid_until=None)
    offered(rep, at=ago(hours=30))
    assert Clock.objects.count() == 1
    assert before.due_at is None
    assert after.due_at is None

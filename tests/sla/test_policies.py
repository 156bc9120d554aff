"""What is published binds; what is edited afterwards does not reach back."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from feedback.actions.decisions import accept
from feedback.logic.rights import LEADLOOP
from feedback.models import person_of
from leads.logic.errors import InvalidInput, NotFound, StateConflict
from leads.models import JournalEntry
from sla.actions.policies import publish
from sla.models import AppliesTo, Clock, LadderStep, Policy, PolicyVersion, Target, WorkCalendar
from sla.reports.drafts import in_force_of, seen_of
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, offered, policy

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


def test_clocks_that_run_move_when_asked_and_what_is_finished_or_late_does_not():
    made = policy(minutes=60)
    rep = RepFactory()
    running, late = offered(rep, at=ago(minutes=20)), offered(rep, at=ago(minutes=90))
    done = offered(rep)
    accept(done.uid, by=as_person(rep))
    before = {clock.handoff_id: clock.due_at for clock in Clock.objects.all()}
    Target.objects.filter(policy=made).update(minutes=30)
    second = publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    clocks = {clock.handoff_id: clock for clock in Clock.objects.all()}
    assert clocks[running.pk].version == second
    assert abs(clocks[running.pk].due_at - (before[running.pk] - dt.timedelta(minutes=30))) < dt.timedelta(seconds=1)
    for handoff in (late, done):
        assert (clocks[handoff.pk].due_at, clocks[handoff.pk].version.number) == (before[handoff.pk], 1)
    assert JournalEntry.objects.filter(kind="clock.recounted").count() == 1


def test_a_version_for_reports_governs_nothing():
    made = policy(minutes=60)
    Target.objects.filter(policy=made).update(minutes=30)
    second = publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.REPORT)
    assert (second.number, second.applies_to) == (2, "report")
    assert Clock.objects.get(handoff=offered(RepFactory())).version.number == 1
    assert in_force_of(made).number == 1


def test_the_same_rules_for_something_else_are_another_version():
    made = policy()
    second = publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.REPORT)
    assert second.number == 2
    assert publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.REPORT) == second
    entry = JournalEntry.objects.filter(kind="policy.published").latest("pk")
    assert entry.data == {
        "policy": str(made.uid), "version": str(second.uid), "number": 2, "applies_to": "report",
    }  # fmt: skip


def test_who_published_is_on_the_version():
    made = policy()
    olga = person_of(UserFactory(roles=("operations",)))
    Target.objects.filter(policy=made).update(minutes=30)
    assert publish(made.pk, by=olga).published_by_id == olga.user_id


def test_what_was_looked_at_and_changed_since_is_not_published():
    made = policy()
    seen = seen_of(made)
    Target.objects.filter(policy=made).update(minutes=30)
    with pytest.raises(StateConflict, match="Somebody changed"):
        publish(made.pk, by=LEADLOOP, seen=seen)
    assert made.versions.count() == 1
    seen = seen_of(Policy.objects.get(pk=made.pk))
    assert publish(made.pk, by=LEADLOOP, seen=seen).number == 2
    with pytest.raises(StateConflict):
        publish(made.pk, by=LEADLOOP, seen=seen)


def test_a_calendar_that_was_never_published_is_published_with_its_first_policy():
    hours = WorkCalendar.objects.create(name="Office", weekly=OFFICE)
    made = Policy.objects.create(name="Standard", calendar=hours, valid_from=ago(days=1))
    Target.objects.create(policy=made, key="decide", minutes=60)
    publish(made.pk, by=LEADLOOP)
    assert hours.versions.get().hours["weekly"] == OFFICE
    assert offered(RepFactory()).clocks.get().calendar_version == hours.versions.get()


def test_a_draft_that_is_written_otherwise_but_says_the_same_makes_no_version():
    made = policy()
    steps = list(LadderStep.objects.filter(target__policy=made).order_by("-pk"))
    LadderStep.objects.filter(target__policy=made).delete()
    LadderStep.objects.bulk_create(
        LadderStep(target=one.target, action=one.action, percent=one.percent, minutes_after=one.minutes_after)
        for one in steps
    )
    assert publish(made.pk, by=LEADLOOP).number == 1


@pytest.mark.parametrize("statement", ["UPDATE sla_policyversion SET number = 9", "DELETE FROM sla_policyversion"])
def test_a_version_cannot_be_rewritten(statement):
    policy()
    before = list(PolicyVersion.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(PolicyVersion.objects.values()) == before


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda made: made.targets.all().delete(), "targets"),
        (lambda made: _step(made, "first_attempt", "expire", minutes_after=1), "targets.first_attempt.steps"),
        (lambda made: _step(made, "decide", "tell_nobody", minutes_after=1), "targets.decide.steps[2].action"),
        (lambda made: _step(made, "decide", "reassign", percent=50), "targets.decide.steps[0].percent"),
        (lambda made: _step(made, "decide", "warn", minutes_before=60), "targets.decide.steps[1].minutes_before"),
        (
            lambda made: _step(made, "decide", "notify_owner", minutes_after=601),
            "targets.decide.steps[5].minutes_after",
        ),
        (lambda made: made.targets.update(starts=["nonsense"]), "targets.decide.starts"),
        (lambda made: made.targets.update(stops=["offered"], starts=["offered"]), "targets.decide.starts"),
        (lambda made: made.conditions.create(field="fit", operator="prefix", value="8"), "conditions[0]"),
        (lambda made: made.conditions.create(field="password", operator="eq", value="x"), "conditions[0]"),
        (
            lambda made: [made.conditions.create(field="channel", operator="eq", value=str(n)) for n in range(21)],
            "conditions",
        ),
    ],
)
def test_what_cannot_be_run_is_not_published_and_says_where(spoil, field):
    made = policy(targets=("decide", "first_attempt"))
    spoil(made)
    with pytest.raises(InvalidInput) as caught:
        publish(made.pk, by=LEADLOOP)
    assert caught.value.field == field
    assert made.versions.count() == 1
    assert JournalEntry.objects.filter(kind="policy.published").count() == 1


def _step(made, key, action, **at):
    LadderStep.objects.create(target=made.targets.get(key=key), action=action, **at)


def test_a_calendar_that_never_opens_is_not_published_with_a_policy():
    hours = WorkCalendar.objects.create(name="Closed", weekly={})
    made = Policy.objects.create(name="Standard", calendar=hours, valid_from=ago(days=1))
    Target.objects.create(policy=made, key="decide", minutes=60)
    with pytest.raises(InvalidInput, match="open"):
        publish(made.pk, by=LEADLOOP)
    assert not made.versions.exists()
    with pytest.raises(NotFound):
        publish(10**9, by=LEADLOOP)


def test_the_first_that_applies_wins():
    general, special = policy(minutes=600), policy(minutes=30)
    team = TeamFactory()
    Policy.objects.filter(pk=general.pk).update(position=2)
    Policy.objects.filter(pk=special.pk).update(position=1)
    special.conditions.create(field="team", operator="eq", value=team.name.upper())
    for one in (general, special):
        publish(one.pk, by=LEADLOOP)
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
    publish(made.pk, by=LEADLOOP)
    offered(rep, at=ago(hours=30))
    assert Clock.objects.count() == 1
    assert before.due_at is None
    assert after.due_at is None

"""Clocks that move: other rules, another owner's hours."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from feedback.actions import decisions, holds, owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.models import JournalEntry
from sla.actions.moves import catch_up, migration_preview
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.models import AppliesTo, CalendarUse, Clock, CountsIn, Escalation, LadderStep, Policy, Target
from sla.reports.rules import rules_of, ruling
from tests.factories import RepFactory, ago, as_person, calendar, manager_of, offered, policy
from tests.sla.test_verify_clocks import assert_all_agree

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def clock_of(handoff: Handoff) -> Clock:
    return Clock.objects.filter(handoff=handoff).latest("cycle")


def all_of(model: type[Model]) -> list[dict[str, object]]:
    return list(model._default_manager.order_by("pk").values())


def shorten(made: Policy, minutes: int, applies_to: AppliesTo = AppliesTo.RUNNING):
    Target.objects.filter(policy=made).update(minutes=minutes)
    return publish(made.pk, by=LEADLOOP, applies_to=applies_to)


def test_new_rules_leave_running_clocks_alone_unless_they_are_told_to():
    made = policy(minutes=240)
    handoff = offered(RepFactory(), at=ago(minutes=60))
    before = clock_of(handoff)
    shorten(made, 120, AppliesTo.NEW)
    assert clock_of(handoff).due_at == before.due_at
    assert clock_of(handoff).version == before.version
    assert clock_of(offered(RepFactory())).amount == 2 * HOUR


def test_a_version_for_reports_alone_governs_nothing():
    made = policy(minutes=240)
    shorten(made, 120, AppliesTo.REPORT)
    assert clock_of(offered(RepFactory())).amount == 4 * HOUR


def test_a_migrated_clock_counts_what_it_used_against_the_new_amount():
    made = policy(minutes=240, ladder=(("warn", 50, None), ("notify_manager", None, 60)))
    handoff = offered(RepFactory(), at=ago(minutes=60))
    version = shorten(made, 180)
    clock = clock_of(handoff)
    assert clock.version == version
    assert clock.due_at == handoff.offered_at + 3 * HOUR == Handoff.objects.get(pk=handoff.pk).due_at
    assert list(zip(clock.step_actions, clock.step_ats, strict=True)) == [
        ("warn", handoff.offered_at + 1.5 * HOUR),
        ("breach", clock.due_at),
        ("notify_manager", clock.due_at + HOUR),
    ]
    entry = JournalEntry.objects.get(kind="clock.recounted")
    assert (entry.data["because"], entry.data["amount_us"]) == ("policy", 3 * 3600 * 10**6)


def test_a_deadline_that_is_used_up_is_due_now_and_never_earlier():
    made = policy(minutes=240, ladder=(("warn", 50, None),))
    handoff = offered(RepFactory(), at=ago(minutes=200))
    sweep()
    assert list(Escalation.objects.values_list("action", flat=True)) == ["warn"]
    version = shorten(made, 30)
    clock = clock_of(handoff)
    assert clock.due_at == version.published_at
    assert clock.step_actions == ["warn", "breach"]
    sweep()
    assert sorted(Escalation.objects.values_list("action", flat=True)) == ["breach", "warn"]


def test_what_has_breached_or_ended_is_never_moved():
    made = policy(minutes=60, ladder=())
    rep = RepFactory()
    late, done = offered(rep, at=ago(minutes=90)), offered(rep, at=ago(minutes=30))
    decisions.accept(done.uid, by=as_person(rep))
    before = all_of(Clock)
    shorten(made, 600)
    assert all_of(Clock) == before
    assert clock_of(late).due_at < dt.datetime.now(dt.UTC)


def test_migrating_many_clocks_takes_no_more_statements_than_one():
    made = policy(minutes=240)
    rep = RepFactory()

    def statements(minutes: int) -> int:
        Target.objects.filter(policy=made).update(minutes=minutes)
        with CaptureQueriesContext(connection) as captured:
            publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
        return len(captured)

    offered(rep, at=ago(minutes=10))
    few = statements(180)
    for minutes in range(20):
        offered(rep, at=ago(minutes=minutes))
    assert statements(200) == few
    assert JournalEntry.objects.filter(kind="clock.recounted").count() == 22


def waiting(rep, *, offered_minutes: int, held_minutes: int) -> Handoff:
    """A handoff on hold, its deadline an hour after the offer."""
    handoff = offered(rep, at=ago(minutes=offered_minutes))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=held_minutes))
    return handoff


def test_a_clock_on_hold_is_not_late_whatever_the_day_and_goes_on_under_new_rules():
    made = policy(minutes=60, ladder=())
    rep = RepFactory()
    handoff = waiting(rep, offered_minutes=90, held_minutes=70)
    late = waiting(rep, offered_minutes=90, held_minutes=20)
    before = clock_of(handoff), clock_of(late)
    version = shorten(made, 120)
    clock = clock_of(handoff)
    assert (clock.version, clock.state) == (version, "held")
    assert clock.due_at == before[0].due_at + HOUR
    assert (clock_of(late).version, clock_of(late).due_at) == (before[1].version, before[1].due_at)
    assert_all_agree(checked=2)


def test_a_clock_on_hold_follows_its_owner_after_the_deadline_that_stood():
    made = policy(minutes=60, ladder=())
    owner_hours(made)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    hours = calendar()
    CalendarUse.objects.create(calendar=hours, rep=lena)
    handoff = waiting(rep, offered_minutes=90, held_minutes=70)
    owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=lena.uid)
    assert clock_of(handoff).calendar_version == hours.versions.get()
    assert_all_agree(checked=1)


def test_a_target_that_is_promised_no_more_is_cancelled():
    made = policy(minutes=60, targets=("decide", "qualify"))
    rep = RepFactory()
    handoff = offered(rep)
    decisions.accept(handoff.uid, by=as_person(rep))
    Target.objects.filter(policy=made, key="qualify").delete()
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    assert Clock.objects.get(handoff=handoff, target="qualify").state == "cancelled"
    assert Handoff.objects.get(pk=handoff.pk).due_at is None


def test_the_preview_says_what_publishing_does_and_changes_nothing():
    made = policy(minutes=240)
    rep = RepFactory()
    for minutes in (10, 20, 30):
        offered(rep, at=ago(minutes=minutes))
    offered(rep, at=ago(minutes=300))
    Target.objects.filter(policy=made).update(minutes=480)
    before = all_of(Clock)
    rules = rules_of(publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.REPORT).pk)
    count, changes = migration_preview(made.pk, rules, at=dt.datetime.now(dt.UTC), limit=2)
    assert (count, len(changes)) == (3, 2)
    assert all_of(Clock) == before
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    for change in changes:
        assert change.becomes_at is not None
        assert abs(clock_of(change.handoff).due_at - change.becomes_at) < dt.timedelta(milliseconds=1)


def owner_hours(made: Policy) -> None:
    Target.objects.filter(policy=made).update(counts_in=CountsIn.OWNER)
    publish(made.pk, by=LEADLOOP)


def test_a_clock_in_the_owners_hours_follows_the_owner():
    made = policy(minutes=60, ladder=())
    owner_hours(made)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    closed_today = calendar(holidays=[tomorrow - dt.timedelta(days=1)])
    CalendarUse.objects.create(calendar=closed_today, rep=lena)
    handoff = offered(rep, at=ago(minutes=20))
    assert clock_of(handoff).due_at == handoff.offered_at + HOUR
    owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=lena.uid)
    clock = clock_of(handoff)
    moved = JournalEntry.objects.get(kind="handoff.reassigned", handoff_uid=handoff.uid).occurred_at
    left = HOUR - (moved - handoff.offered_at)
    assert clock.due_at == dt.datetime.combine(tomorrow, dt.time(), tzinfo=dt.UTC) + left
    assert clock.calendar_version == closed_today.versions.get()
    assert JournalEntry.objects.get(kind="clock.recounted").data["because"] == "owner"


def test_a_team_and_a_country_can_have_hours_of_their_own():
    monday_only = calendar(weekly={"mon": [["09:00", "17:00"]]})
    made = policy(minutes=60)
    owner_hours(made)
    rep = RepFactory()
    CalendarUse.objects.create(calendar=monday_only, team=rep.team)
    assert clock_of(offered(rep)).calendar_version == monday_only.versions.get()
    assert clock_of(offered(RepFactory())).calendar_version == made.calendar.versions.get()
    Target.objects.filter(policy=made).update(counts_in=CountsIn.REGION)
    publish(made.pk, by=LEADLOOP)
    CalendarUse.objects.create(calendar=monday_only, country="SE")
    handoff = offered(rep)
    handoff.account.country = "SE"
    handoff.account.save()
    assert clock_of(handoff).calendar_version == made.calendar.versions.get()
    decisions.accept(handoff.uid, by=as_person(rep))
    assert LadderStep.objects.filter(target__policy=made).exists()


def test_a_clock_that_began_while_its_rules_were_being_published_follows(monkeypatch):
    made = policy(minutes=240)
    before = ruling()
    version = shorten(made, 120)
    monkeypatch.setattr("sla.actions.clocks.ruling", lambda: before)
    handoff = offered(RepFactory())
    monkeypatch.undo()
    assert clock_of(handoff).amount == 4 * HOUR
    assert (catch_up(), catch_up()) == (1, 0)
    assert (clock_of(handoff).amount, clock_of(handoff).version) == (2 * HOUR, version)


def test_rules_for_new_handoffs_are_never_caught_up_with():
    made = policy(minutes=240)
    handoff = offered(RepFactory())
    shorten(made, 120, AppliesTo.NEW)
    assert catch_up() == 0
    assert clock_of(handoff).amount == 4 * HOUR


def test_a_hold_after_the_deadline_leaves_the_breach_a_breach():
    policy(minutes=60, ladder=())
    handoff = offered(RepFactory(), at=ago(minutes=90))
    holds.hold(handoff.uid, by=as_person(handoff.owner), reason="prospect_away")
    clock = clock_of(handoff)
    assert (clock.state, clock.breached_at) == ("held", clock.due_at)

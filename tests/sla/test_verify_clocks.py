"""Every clock says what its journal says; when one does not, the command finds it."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from feedback.actions import attempts, decisions, holds, owners, undo
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.models import JournalEntry
from sla.actions import excuses
from sla.actions.acknowledge import acknowledge
from sla.actions.calendars import catch_up, publish_calendar
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.models import AppliesTo, CalendarUse, Clock
from sla.reports.rules import ruling
from tests.factories import DAYS, RepFactory, ago, as_person, calendar, manager_of, offered, policy

pytestmark = pytest.mark.django_db

ALL = ("decide", "first_attempt", "depth", "qualify", "owner")
OFFICE = {day: [["06:00", "11:00"], ["11:30", "22:00"]] for day in DAYS}


@pytest.fixture
def rep():
    return RepFactory()


def verified(*options: str) -> tuple[int, dict]:
    out, code = StringIO(), 0
    try:
        call_command("verify_clocks", "--format=json", *options, stdout=out)
    except SystemExit as left:
        code = left.code
    return code, json.loads(out.getvalue())


def fields(found: dict) -> set[str]:
    return {one["field"] for one in found["differences"]}


def assert_all_agree(*, checked: int) -> None:
    code, found = verified()
    assert found["differences"] == []
    assert (code, found["checked_count"], found["older_count"]) == (0, checked, 0)


def edit(hours, weekly) -> None:
    hours.weekly = weekly
    hours.save()
    publish_calendar(hours.pk, by=LEADLOOP)


def test_nothing_to_verify_is_no_difference():
    assert_all_agree(checked=0)


def test_a_handoff_from_the_offer_to_the_verdict(rep):
    policy(targets=ALL, minutes=240)
    handoff = offered(rep, at=ago(minutes=200))
    sweep()
    assert_all_agree(checked=1)
    decisions.accept(handoff.uid, by=as_person(rep))
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call", is_two_way=True)
    assert_all_agree(checked=4)
    decisions.qualify(handoff.uid, by=as_person(rep))
    assert_all_agree(checked=4)


def test_a_breach_seen_by_the_sweep_and_one_that_nobody_saw(rep):
    policy()
    offered(rep, at=ago(minutes=70))
    sweep()
    late = offered(rep, at=ago(minutes=70))
    decisions.accept(late.uid, by=as_person(rep))
    assert Clock.objects.exclude(breached_at=None).count() == 2
    assert verified()[1]["differences"] == []


def test_holds_and_edits_of_the_calendar_in_any_order(rep):
    hours = calendar(weekly=OFFICE)
    policy(targets=("decide",), minutes=20 * 60, hours=hours)
    waiting, held = offered(rep, at=ago(hours=9)), offered(rep, at=ago(hours=8))
    holds.hold(held.uid, by=as_person(rep), reason="prospect_away", at=ago(hours=3))
    edit(hours, {day: [["00:00", "18:00"]] for day in DAYS})
    assert_all_agree(checked=2)
    holds.hold(waiting.uid, by=as_person(rep), reason="bad_data", question="Whose number is it?")
    edit(hours, {day: [["08:00", "24:00"]] for day in DAYS})
    holds.release_hold(held.uid, by=as_person(rep))
    assert_all_agree(checked=2)
    assert {str(clock.calendar_version) for clock in Clock.objects.all()} == {f"{hours} v3"}
    holds.release_hold(waiting.uid, by=as_person(rep))
    edit(hours, OFFICE)
    assert_all_agree(checked=2)


def test_what_ends_while_it_waits_is_not_late_for_the_wait(rep):
    policy(targets=ALL, minutes=60)
    handoff = offered(rep, at=ago(minutes=100))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(minutes=90))
    holds.hold(handoff.uid, by=as_person(rep), reason="awaiting_reply", at=ago(minutes=80))
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="mail")
    clock = Clock.objects.get(target="first_attempt")
    assert (clock.state, clock.breached_at) == ("stopped", None)
    assert clock.due_at > clock.stopped_at
    assert verified()[1]["differences"] == []


def test_what_waits_is_not_late_for_its_next_owner(rep):
    boss, lena = person_of(manager_of(rep.team)), RepFactory(team=rep.team)
    policy(minutes=60)
    handoff = offered(rep, at=ago(minutes=100))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=80))
    owners.reassign(handoff.uid, by=boss, to=lena.uid)
    assert (Clock.objects.get().state, Clock.objects.get().breached_at) == ("held", None)
    assert_all_agree(checked=1)


def test_an_older_version_follows_its_owner_too(rep):
    boss, lena = person_of(manager_of(rep.team)), RepFactory(team=rep.team)
    CalendarUse.objects.create(calendar=calendar(weekly=OFFICE), rep=lena)
    made = policy(minutes=300)
    made.targets.update(counts_in="owner")
    publish(made.pk, by=LEADLOOP)
    handoff = offered(rep)
    made.targets.update(minutes=200)
    publish(made.pk, by=LEADLOOP)
    owners.reassign(handoff.uid, by=boss, to=lena.uid)
    assert_all_agree(checked=1)


def test_excused_time_that_still_runs_when_a_hold_ends(rep):
    boss = person_of(manager_of(rep.team))
    policy(minutes=120)
    handoff = offered(rep, at=ago(minutes=100))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=10))
    span = {"begins_at": ago(minutes=50), "ends_at": ago(minutes=-300)}
    excuses.approve(excuses.request(handoff.uid, by=as_person(rep), why="A strike.", **span).uid, by=boss)
    holds.release_hold(handoff.uid, by=as_person(rep))
    assert Clock.objects.get().adjusted_due_at > span["ends_at"]
    assert_all_agree(checked=1)
    decisions.accept(handoff.uid, by=as_person(rep))
    assert_all_agree(checked=1)


def test_a_promise_that_begins_in_excused_time(rep):
    boss = person_of(manager_of(rep.team))
    policy(targets=ALL, minutes=120)
    handoff = offered(rep, at=ago(minutes=100))
    span = {"begins_at": ago(minutes=50), "ends_at": ago(minutes=-300)}
    excuses.approve(excuses.request(handoff.uid, by=as_person(rep), why="A strike.", **span).uid, by=boss)
    decisions.accept(handoff.uid, by=as_person(rep))
    assert Clock.objects.get(target="qualify").adjusted_due_at == span["ends_at"] + dt.timedelta(minutes=120)
    assert_all_agree(checked=4)


def test_a_calendar_that_leaves_running_clocks_alone(rep):
    hours = calendar(weekly=OFFICE)
    policy(hours=hours, minutes=20 * 60)
    offered(rep, at=ago(hours=1))
    hours.weekly = {day: [["00:00", "01:00"]] for day in DAYS}
    hours.save()
    publish_calendar(hours.pk, by=LEADLOOP, moves_running=False)
    assert_all_agree(checked=1)


def test_a_clock_that_began_while_its_calendar_was_being_published(rep, monkeypatch):
    hours = calendar(weekly=OFFICE)
    policy(hours=hours, minutes=20 * 60)
    before = ruling()
    edit(hours, {day: [["10:00", "18:00"]] for day in DAYS})
    monkeypatch.setattr("sla.actions.clocks.ruling", lambda: before)
    offered(rep)
    monkeypatch.undo()
    assert catch_up() == 1
    assert catch_up() == 0
    assert_all_agree(checked=1)


def test_a_clock_that_began_unseen_and_ended_before_anything_moved_it(rep, monkeypatch):
    """Its journal entries have a lower number than the calendar's, as in two transactions side by side."""
    hours = calendar(weekly=OFFICE)
    policy(hours=hours, minutes=20 * 60)
    handoff = offered(rep)
    started = Clock.objects.get()
    edit(hours, {day: [["10:00", "18:00"]] for day in DAYS})
    Clock.objects.update(
        calendar_version=started.calendar_version,
        due_at=started.due_at,
        step_ats=started.step_ats,
        next_action_at=started.next_action_at,
    )
    decisions.accept(handoff.uid, by=as_person(rep))
    assert_all_agree(checked=1)


@pytest.mark.parametrize("minutes", [10, 45, 600])
def test_rules_that_take_running_clocks_along(rep, minutes):
    made = policy(targets=("decide",), minutes=120)
    handoff, held = offered(rep, at=ago(minutes=30)), offered(rep, at=ago(minutes=30))
    holds.hold(held.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=5))
    made.targets.update(minutes=minutes)
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    assert_all_agree(checked=2)
    holds.release_hold(held.uid, by=as_person(rep))
    assert_all_agree(checked=2)
    decisions.accept(handoff.uid, by=as_person(rep))
    assert_all_agree(checked=2)


def test_a_target_that_is_promised_no_more(rep):
    made = policy(targets=("decide", "qualify"), minutes=120)
    offered(rep, at=ago(minutes=30))
    made.targets.get(key="decide").delete()
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    assert Clock.objects.get().state == "cancelled"
    assert_all_agree(checked=1)


def test_a_new_owner_brings_their_own_hours_and_a_late_one_a_new_cycle(rep):
    boss, lena = person_of(manager_of(rep.team)), RepFactory(team=rep.team)
    CalendarUse.objects.create(calendar=calendar(weekly=OFFICE), rep=lena)
    made = policy(minutes=300)
    made.targets.update(counts_in="owner")
    publish(made.pk, by=LEADLOOP)
    early, late = offered(rep, at=ago(minutes=10)), offered(rep, at=ago(minutes=301))
    for handoff in (early, late):
        owners.reassign(handoff.uid, by=boss, to=lena.uid)
    assert JournalEntry.objects.filter(kind="clock.recounted", data__because="owner").count() == 1
    assert_all_agree(checked=3)


def test_a_decision_that_was_undone(rep):
    policy(targets=ALL)
    handoff = offered(rep, at=ago(minutes=61))
    decisions.accept(handoff.uid, by=as_person(rep))
    undo.undo(handoff.uid, by=as_person(rep))
    assert_all_agree(checked=4)
    decisions.accept(handoff.uid, by=as_person(rep))
    assert_all_agree(checked=7)


def test_a_late_handoff_that_a_manager_acknowledged(rep):
    boss = person_of(manager_of(rep.team))
    made = policy(targets=("decide",), minutes=60)
    offered(rep, at=ago(minutes=70))
    early = offered(rep, at=ago(minutes=50))
    sweep()
    acknowledge(early.uid, by=boss)
    assert_all_agree(checked=2)
    made.targets.update(minutes=100)
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.RUNNING)
    assert_all_agree(checked=2)


def test_excused_time_counts_in_the_adjusted_deadline_alone(rep):
    boss = person_of(manager_of(rep.team))
    policy(minutes=120)
    handoff = offered(rep, at=ago(minutes=100))
    half_an_hour = dt.timedelta(minutes=30)
    begins_at = ago(minutes=50)
    span = {"begins_at": begins_at, "ends_at": begins_at + half_an_hour}
    asked = excuses.request(handoff.uid, by=as_person(rep), why="The line was down.", **span)
    excuses.approve(asked.uid, by=boss)
    clock = Clock.objects.get()
    assert clock.adjusted_due_at == clock.due_at + half_an_hour
    assert_all_agree(checked=1)


DAMAGE = {
    "state": "state = 'held', next_action_at = NULL",
    "started_at": "started_at = started_at + interval '1 microsecond'",
    "amount": "amount = amount + interval '1 microsecond'",
    "version": "version_id = (SELECT max(id) FROM sla_policyversion)",
    "calendar_version": "calendar_version_id = (SELECT max(id) FROM sla_calendarversion)",
    "due_at": "due_at = due_at + interval '1 microsecond'",
    "adjusted_due_at": "adjusted_due_at = due_at + interval '1 hour'",
    "breached_at": "breached_at = due_at",
    "acknowledged_at": "acknowledged_at = started_at",
    "steps": "step_ats[cardinality(step_ats)] = step_ats[cardinality(step_ats)] + interval '1 microsecond'",
    "next_action_at": "next_action_at = next_action_at + interval '1 microsecond'",
    "next_step": "next_step = 0, next_action_at = step_ats[1]",
}


@pytest.mark.parametrize("field", DAMAGE)
def test_damage_to_any_field_of_a_running_clock_is_found(rep, field):
    policy()
    offered(rep, at=ago(minutes=50))
    policy()
    sweep()
    assert verified()[0] == 0
    damage(DAMAGE[field])
    code, found = verified()
    assert code == 1
    assert field in fields(found)


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ("step_actions[cardinality(step_actions)] = 'warn'", "steps"),
        ("step_refs[cardinality(step_refs)] = 0", "steps"),
        ("next_step = next_step + 1, next_action_at = step_ats[next_step + 2]", "steps"),
        ("step_actions = step_actions[1:2], step_refs = step_refs[1:2], step_ats = step_ats[1:2]", "steps"),
        ("target = 'qualify'", "clock"),
        ("cycle = 3", "clock"),
    ],
)
def test_damage_to_the_ladder_and_to_the_name_of_a_clock_is_found(rep, how, field):
    policy()
    offered(rep, at=ago(minutes=50))
    sweep()
    damage(how)
    code, found = verified()
    assert (code, fields(found)) == (1, {field})


@pytest.mark.parametrize(
    "how",
    [
        "stopped_at = stopped_at + interval '1 microsecond'",
        "state = 'cancelled'",
        "breached_at = NULL",
        "due_at = due_at + interval '1 hour'",
    ],
)
def test_damage_to_a_finished_clock_is_found(rep, how):
    policy()
    handoff = offered(rep, at=ago(minutes=70))
    decisions.accept(handoff.uid, by=as_person(rep))
    assert verified()[0] == 0
    damage(how)
    assert verified()[0] == 1


def test_a_clock_that_is_gone_is_found_and_one_older_than_its_journal_is_counted_apart(rep):
    policy()
    gone, older = offered(rep), offered(rep)
    Clock.objects.filter(handoff=gone).delete()
    damage("cycle = 7")
    _, found = verified("--handoff", str(gone.uid))
    assert [one["field"] for one in found["differences"]] == ["clock"]
    _, found = verified("--handoff", str(older.uid))
    assert (found["checked_count"], found["older_count"]) == (1, 1)


def test_one_handoff_or_those_since_a_day(rep):
    policy()
    offered(rep, at=ago(days=10))
    handoff = offered(rep)
    assert verified("--handoff", str(handoff.uid))[1]["checked_count"] == 1
    assert verified("--since", ago(days=2).date().isoformat())[1]["checked_count"] == 1
    assert verified("--since", ago(days=20).isoformat())[1]["checked_count"] == 2


@pytest.mark.parametrize(
    "options", [("--since", "soon"), ("--since", "2026-02-31"), ("--handoff", "00000000-0000-4000-8000-000000000000")]
)
def test_what_cannot_be_asked_is_refused(options):
    with pytest.raises(CommandError):
        verified(*options)


def test_the_text_names_handoff_field_and_both_answers(rep):
    policy()
    handoff = offered(rep)
    damage("acknowledged_at = started_at")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_clocks", stdout=out)
    line, total = out.getvalue().splitlines()
    assert line.startswith(f"{handoff.uid} decide cycle 0: acknowledged_at: journal says none, clock says 20")
    assert total == ("1 clocks recounted, 1 differences. 0 older than the journal's clock entries, not recounted.")


def test_the_number_of_statements_does_not_grow_with_the_number_of_clocks(rep, django_assert_num_queries):
    policy(targets=ALL)
    for count in (1, 12):
        for _ in range(count):
            decisions.accept(offered(rep).uid, by=as_person(rep))
        with django_assert_num_queries(8):
            verified()
    assert Handoff.objects.count() == 13


def damage(how: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE sla_clock SET {how}")

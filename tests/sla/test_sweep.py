"""Every due step is taken, once, by whoever comes; nothing else is."""

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from feedback.actions import decisions, owners
from feedback.models import Handoff, person_of
from leads.models import JournalEntry, Notice, OutboxMessage
from sla.actions import sweep_sql
from sla.actions.sweep import sweep
from sla.models import Clock, Escalation, Heartbeat, Telling
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


def steps(handoff: Handoff) -> list[str]:
    return list(
        Escalation.objects.filter(clock__handoff=handoff)
        .order_by("clock__cycle", "step")
        .values_list("action", flat=True)
    )


def kinds(handoff: Handoff) -> list[str]:
    return list(JournalEntry.objects.filter(handoff_uid=handoff.uid).order_by("id").values_list("kind", flat=True))


def test_nothing_due_writes_nothing_but_the_heartbeat(rep):
    policy()
    offered(rep)
    before = JournalEntry.objects.count()
    done = sweep()
    assert (done.told, done.acted, done.failed) == (0, 0, 0)
    assert (Escalation.objects.count(), Notice.objects.count(), OutboxMessage.objects.count()) == (0, 0, 0)
    assert JournalEntry.objects.count() == before
    assert Heartbeat.objects.filter(name="sweep").exists()


def test_warning_reaches_the_owner_once_as_notice_and_as_mail(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    sweep()
    sweep()
    assert steps(handoff) == ["warn"]
    assert list(Notice.objects.values_list("user", "kind", "subject")) == [
        (rep.user_id, "sla.warn.decide", str(handoff.lead))
    ]
    assert list(OutboxMessage.objects.values_list("target", flat=True)) == [rep.user.email]
    assert kinds(handoff) == ["handoff.offered", "clock.started", "owner.warned"]


def test_the_whole_ladder_in_order(rep):
    policy()
    manager_of(rep.team)
    lena = RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=125))
    sweep()
    assert steps(handoff) == ["warn", "breach", "notify_owner", "notify_manager", "reassign"]
    handoff.refresh_from_db()
    assert handoff.owner == lena
    first, second = Clock.objects.filter(handoff=handoff).order_by("cycle")
    assert (first.state, first.breached_at) == ("cancelled", first.due_at)
    assert (second.state, second.breached_at, second.cycle) == ("running", None, 1)
    assert handoff.due_at == second.due_at
    told = [kind for kind in kinds(handoff) if not kind.startswith("clock.st")]
    assert told == [
        "handoff.offered",
        "owner.warned",
        "clock.breached",
        "owner.notified",
        "manager.notified",
        "handoff.reassigned",
        "clock.cancelled",
    ]


def test_the_manager_is_told_once_the_owner_is_late(rep):
    policy()
    boss = manager_of(rep.team)
    offered(rep, at=ago(minutes=95))
    sweep()
    assert dict(Notice.objects.values_list("user", "kind")) == {
        rep.user_id: "sla.notify_owner.decide",
        boss.pk: "sla.notify_manager.decide",
    }


def test_without_another_rep_the_reassignment_is_skipped_and_said_so(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=125))
    sweep()
    sweep()
    handoff.refresh_from_db()
    assert handoff.owner == rep
    skipped = JournalEntry.objects.filter(kind="step.skipped", handoff_uid=handoff.uid).order_by("id")
    assert [(entry.data["action"], entry.data["because"]) for entry in skipped] == [
        ("notify_manager", "there is nobody to tell"),
        ("reassign", "no other rep of the team is free"),
    ]


def test_expiry_ends_the_handoff_and_its_clock(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=661))
    sweep()
    handoff.refresh_from_db()
    assert (handoff.state, handoff.decided_at, handoff.due_at) == ("expired", None, None)
    assert not Clock.objects.filter(handoff=handoff, state="running").exists()
    assert kinds(handoff)[-2:] == ["handoff.expired", "clock.stopped"]


def test_a_step_that_is_on_record_is_not_taken_again(rep):
    policy(ladder=(("expire", None, 0),))
    handoff = offered(rep, at=ago(minutes=61))
    clock = Clock.objects.get(handoff=handoff)
    for step, action in enumerate(clock.step_actions):
        Escalation.objects.create(clock=clock, step=step, action=action, due_at=clock.step_ats[step])
    sweep()
    handoff.refresh_from_db()
    assert (handoff.state, kinds(handoff)) == ("pending", ["handoff.offered", "clock.started"])
    assert Clock.objects.values_list("next_step", "next_action_at").get() == (len(clock.step_actions), None)


def test_a_decided_handoff_hears_nothing_more(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    decisions.accept(handoff.uid, by=as_person(rep))
    sweep()
    assert steps(handoff) == []


def test_a_late_decision_between_two_sweeps_is_a_breach(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=61))
    decisions.accept(handoff.uid, by=as_person(rep))
    clock = Clock.objects.get(handoff=handoff, target="decide")
    assert (clock.breached_at, clock.breach_seen_at) == (clock.due_at, None)


def test_unowned_and_without_managers_operations_hears(rep):
    policy()
    watcher = UserFactory(roles=("operations",))
    offered(team=TeamFactory(), at=ago(minutes=50))
    sweep()
    assert list(Notice.objects.values_list("user", flat=True)) == [watcher.pk]


def test_a_deactivated_owner_is_replaced_by_the_manager(rep):
    policy()
    boss = manager_of(rep.team)
    offered(rep, at=ago(minutes=50))
    type(rep).objects.filter(pk=rep.pk).update(is_active=False)
    sweep()
    assert list(Notice.objects.values_list("user", flat=True)) == [boss.pk]


def test_reassigning_in_time_keeps_the_deadline_and_the_steps(rep):
    policy()
    boss, lena = manager_of(rep.team), RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=50))
    owners.reassign(handoff.uid, by=person_of(boss), to=lena.uid)
    sweep()
    assert Clock.objects.filter(handoff=handoff).count() == 1
    assert list(Notice.objects.values_list("user", flat=True)) == [lena.user_id]


def test_one_poisoned_row_does_not_stop_the_rest(rep, monkeypatch):
    policy()
    good, bad = offered(rep, at=ago(minutes=50)), offered(rep, at=ago(minutes=55))
    poison = sweep_sql.TELL.replace(
        "'LeadLoop', 'system',",
        f"CASE WHEN handoff_uid = '{bad.uid}' THEN repeat('x', 300) ELSE 'LeadLoop' END, 'system',",
    )
    assert poison != sweep_sql.TELL
    monkeypatch.setattr("sla.actions.sweep.TELL", poison)
    done = sweep()
    assert (done.told, done.failed) == (1, 1)
    assert (steps(good), steps(bad)) == (["warn"], [])
    clock = Clock.objects.get(handoff=bad)
    assert clock.failure_count == 1
    assert clock.last_error
    assert clock.next_action_at > ago(seconds=0)
    monkeypatch.undo()
    Clock.objects.filter(pk=clock.pk).update(next_action_at=ago(seconds=1))
    sweep()
    assert steps(bad) == ["warn"]


def test_idle_sweep_asks_six_times_and_beats_once_whatever_is_open(rep):
    policy()
    for _ in range(20):
        offered(rep)
    with CaptureQueriesContext(connection) as asked:
        sweep()
    real = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(real) == 7


def test_the_sweep_reads_the_due_index_and_nothing_else(rep):
    """An idle sweep must not walk what is open: the index condition itself bounds it."""
    policy()
    offered(rep)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + sweep_sql.TELLING, {"batch": 10})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "clock_due" in plan
    assert "Index Cond: (next_action_at <= statement_timestamp())" in plan


@pytest.mark.django_db(transaction=True)
def test_sweepers_side_by_side_take_each_step_once():
    policy()
    rep = RepFactory()
    manager_of(rep.team)
    for _ in range(60):
        offered(rep, at=ago(minutes=95))
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        try:
            sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep()
    assert Escalation.objects.count() == 60 * 4
    kinds = ["owner.warned", "clock.breached", "owner.notified", "manager.notified"]
    assert JournalEntry.objects.filter(kind__in=kinds).count() == 240
    assert Telling.objects.count() == 180
    # Two people, five single messages and a digest each.
    assert OutboxMessage.objects.count() == Notice.objects.count() == 12


@pytest.mark.django_db(transaction=True)
def test_a_handoff_that_somebody_holds_is_left_to_the_next_sweep():
    policy()
    rep = RepFactory()
    held, free = offered(rep, at=ago(minutes=661)), offered(rep, at=ago(minutes=661))
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Handoff.objects.select_for_update().get(pk=held.pk)
                holding.set()
                let_go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(20)
    sweep()
    states = dict(Handoff.objects.values_list("pk", "state"))
    let_go.set()
    thread.join()
    assert (states[held.pk], states[free.pk]) == ("pending", "expired")
    sweep()
    held.refresh_from_db()
    assert held.state == "expired"

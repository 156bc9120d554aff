"""The sweep: ten thousand due among a million open, and nothing due at all."""

import os
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter

from django.db import connection, connections, transaction
from django.utils import timezone

from benchmarks.company import SIZE, make_handoffs, make_people
from feedback.logic.rights import LEADLOOP
from leads.actions import journal, notices, outbox
from leads.models import Notice
from sla.actions import digests_sql
from sla.actions import sweep as sweeping
from sla.actions.sweep_sql import TELL
from sla.models import Clock, Escalation, Telling

DUE = min(10_000, SIZE // 10)
Line = tuple[str, float, str]


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    version = make_people()
    few = SIZE // 100
    make_handoffs(1, few, version=version)
    idle_few = _idle()
    make_handoffs(few + 1, SIZE, version=version)
    idle_many = _idle()
    yield f"idle sweep, {few:,} open", idle_few * 1000, "ms"
    yield f"idle sweep, {SIZE:,} open", idle_many * 1000, "ms"
    yield "idle sweep, many open : few open", idle_many / idle_few, "times, goal at most 2 (at 5,000,000 : 10,000)"
    ours = median(_timed(sweeping.sweep) for _ in range(3))
    bare = median(_timed(_bare) for _ in range(3))
    yield f"sweep of {DUE:,} due among {SIZE:,} open", DUE / ours, "steps a second"
    yield "the same statement, bare, in one go", DUE / bare, "steps a second"
    yield "sweep : bare statement", bare / ours, "times, goal at least 0.85"
    loop = _row_loop(200)
    yield "sweep : one clock at a time in Django", (DUE / ours) / loop, "times, goal at least 40"
    yield "two sweepers : one", ours / (_two_sweepers() / 2), "times, goal at least 1.4"
    yield from _mountain()
    doubled = Escalation.objects.count() - Escalation.objects.values("clock", "step").distinct().count()
    yield "steps taken twice", float(doubled), "goal 0"


def _mountain() -> Iterator[Line]:
    """Everything due at once for ten managers, after an outage: how long, and how many messages each of them gets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (username, first_name, last_name, email, password, is_superuser, is_staff,"
            " is_active, date_joined) SELECT 'boss' || n, 'Boss', n::text, 'boss' || n || '@leadloop.example', '!',"
            " false, false, true, now() FROM generate_series(0, 9) n"
        )
        cursor.execute(
            "INSERT INTO feedback_team_managers (team_id, user_id) SELECT t.id, u.id FROM feedback_team t"
            " JOIN auth_user u ON u.username = 'boss' || t.id % 10"
        )
        _forget_messages()
        _make_due(DUE)
        cursor.execute(
            "UPDATE sla_clock SET step_actions[2] = 'notify_manager'"
            " WHERE state = 'running' AND next_action_at <= now()"
        )
    yield f"{DUE:,} overdue at once, drained", _seconds(sweeping.sweep), "seconds"
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(count) FROM (SELECT count(*) FROM leads_outboxmessage GROUP BY target) one")
        yield "most mails to one person", float(cursor.fetchone()[0]), "goal at most 6"
    waiting = Telling.objects.filter(told_at=None).count()
    yield "steps that nobody was told of", float(waiting), "goal 0"


def _forget_messages() -> None:
    """Nobody was told anything lately."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE sla_telling, leads_notice, leads_outboxmessage")


def _idle() -> float:
    """Seconds of one sweep that finds nothing due, the median of many."""
    sweeping.sweep()
    return median(_seconds(sweeping.sweep) for _ in range(50))


def _make_due(count: int) -> None:
    """Let the deadline of `count` clocks have passed: their next step tells the owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_clock SET next_step = 1, next_action_at = now(), step_ats[2] = now() WHERE id IN "
            "(SELECT id FROM sla_clock WHERE state = 'running' AND next_step = 0 ORDER BY handoff_id LIMIT %s)",
            [count],
        )
        cursor.execute("VACUUM ANALYZE sla_clock")


def _timed(work: Callable[[], object]) -> float:
    before = Escalation.objects.count()
    _forget_messages()
    _make_due(DUE)
    took = _seconds(work)
    if Escalation.objects.count() - before != DUE:
        raise RuntimeError("not every due step was taken once")
    return took


def _bare() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TELL, {"one_id": None, "batch": DUE})
    _bare_messages()


def _bare_messages() -> None:
    """The other statement, for everybody at once, with nothing asked before it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(digests_sql.WAITING)
        people = [user_id for (user_id,) in cursor.fetchall()]
        now = timezone.now()
        values = {
            "users": people,
            "singles": [5] * len(people),
            "firsts": [0] * len(people),
            "may_digests": [True] * len(people),
            "stretches": [0] * len(people),
            "mail_ats": [now] * len(people),
            "told_at": now,
            "together_at": now,
        }
        cursor.execute(digests_sql.WRITE, values)


def _row_loop(count: int) -> float:
    """Steps a second when each due clock is loaded, changed and saved by itself, as a first version would."""
    _make_due(count)
    due = list(Clock.objects.filter(state="running", next_action_at__lte=timezone.now()).values_list("pk", flat=True))

    def loop() -> None:
        for pk in due:
            with transaction.atomic():
                clock = Clock.objects.select_for_update(of=("self",)).get(pk=pk)
                handoff = clock.handoff
                lead, owner = handoff.lead, handoff.owner
                if lead is None or owner is None:
                    raise RuntimeError("every handoff of the company has a lead and an owner")
                user, step = owner.user, clock.next_step
                Escalation.objects.create(clock=clock, step=step, action="notify_owner", due_at=clock.step_ats[step])
                entry = journal.Entry(
                    kind="owner.notified",
                    by=LEADLOOP,
                    at=timezone.now(),
                    handoff_uid=handoff.uid,
                    lead_uid=lead.uid,
                    data={"target": clock.target, "step": step},
                )
                journal.record(entry)
                key = f"step:{clock.pk}:{step}:{user.pk}"
                notices.tell_many([Notice(user=user, kind="sla.notify_owner.decide", subject=str(lead), dedup_key=key)])
                outbox.enqueue("mail", target=user.email, payload={"renderer": "sla.step"}, dedup_key=key)
                clock.next_step, clock.next_action_at = step + 1, None
                clock.save(update_fields=["next_step", "next_action_at"])

    return len(due) / _seconds(loop)


def _two_sweepers() -> float:
    """Seconds for twice the work, done by two processes at once."""
    _forget_messages()
    _make_due(2 * DUE)
    connections.close_all()

    def both() -> None:
        children = []
        for _ in range(2):
            child = os.fork()
            if child == 0:
                try:
                    sweeping.sweep()
                finally:
                    os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)

    return _seconds(both)


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start

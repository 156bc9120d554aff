"""A sweeper killed with SIGKILL, anywhere, leaves no step missing and none doubled."""

import datetime as dt
import os
import random
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, connections

from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff
from leads.actions.people import LeadInput
from leads.models import JournalEntry, Notice, OutboxMessage
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.models import ChatChannel, Clock, Escalation, LadderStep, Telling
from tests.factories import LADDER, RepFactory, TeamFactory, ago, manager_of, policy

# A forked child has one thread of its parent's: these tests come before any that starts a browser or a server.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.forks]

COMPLAINT = Path(tempfile.gettempdir()) / f"leadloop-sweeper-{os.getpid()}"
PATIENCE = 20.0
"""Seconds that the server gets to notice that a client was killed."""


@pytest.fixture(autouse=True)
def nobody_is_left():
    """A killed client's backend lives on until it next speaks to the client, and holds its locks until then: rows that
    it holds would be skipped by the next sweep, and tables that it holds could not be emptied.
    """
    yield
    wait_until_alone()


def wait_until_alone() -> None:
    """Return once this is the only client of the database; after PATIENCE end the others and fail."""
    ends = time.monotonic() + PATIENCE
    while left := backends("pid, state, query"):
        if time.monotonic() > ends:
            backends("pg_terminate_backend(pid)")
            pytest.fail(f"The backend of a killed client was still there after {PATIENCE:.0f} s: {left}")
        time.sleep(0.005)


def backends(what: str) -> list[tuple]:
    """`what` of every other client's backend in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return cursor.fetchall()


def company(*, warned: int, reassigned: int, expired: int) -> None:
    """Handoffs that are due for one, seven and eight steps."""
    ladder = policy(ladder=(*LADDER, ("raise_priority", None, 45)))
    LadderStep.objects.create(
        target=ladder.targets.get(),
        action="notify_channel",
        minutes_after=0,
        channel=ChatChannel.objects.create(name="sales", url="slack://x"),
    )
    publish(ladder.pk, by=LEADLOOP)
    team = TeamFactory()
    manager_of(team)
    first = RepFactory(team=team, capacity=10_000)
    RepFactory(team=team, capacity=10_000)
    lonely = RepFactory()
    manager_of(lonely.team)
    offer_many(
        [
            OfferInput(
                lead=LeadInput(email=f"{minutes}.{number}@nortex.example"),
                owner=str(rep.uid),
                offered_at=ago(minutes=minutes),
            )
            for rep, minutes, count in ((first, 50, warned), (first, 125, reassigned), (lonely, 700, expired))
            for number in range(count)
        ],
        by=LEADLOOP,
    )


def assert_exactly_once(*, warned: int, reassigned: int, expired: int) -> None:
    """Every step that was due left exactly one of everything it leaves."""
    both = reassigned + expired
    steps = Counter(Escalation.objects.values_list("action", flat=True))
    assert steps == Counter(
        {
            action: count
            for action, count in {
                "warn": warned + both,
                "breach": both,
                "notify_owner": both,
                "notify_manager": both,
                "notify_channel": both,
                "raise_priority": both,
                "reassign": both,
                "expire": expired,
            }.items()
            if count
        }
    )
    kinds = Counter(JournalEntry.objects.exclude(kind="handoff.offered").values_list("kind", flat=True))
    assert kinds["owner.warned"] == warned + both
    assert kinds["clock.breached"] == kinds["owner.notified"] == kinds["manager.notified"] == both
    assert kinds["channel.notified"] == kinds["handoff.raised"] == both
    assert (kinds["handoff.reassigned"], kinds["step.skipped"], kinds["handoff.expired"]) == (
        reassigned,
        expired,
        expired,
    )
    assert OutboxMessage.objects.filter(channel="chat").count() == both
    assert Telling.objects.count() == warned + 3 * both
    assert_told_exactly_once()
    assert Handoff.objects.filter(state="expired").count() == expired
    assert Clock.objects.filter(state="running", cycle=1).count() == reassigned
    assert not Clock.objects.filter(failure_count__gt=0).exists()


def assert_told_exactly_once() -> None:
    """Every telling is in exactly one message, or was no longer true when its turn came."""
    mails = list(OutboxMessage.objects.filter(channel="mail").values_list("dedup_key", "payload"))
    assert sorted(key for key, _ in mails) == sorted(Notice.objects.values_list("dedup_key", flat=True))
    singles = Counter(
        (mail["user"], mail["clock"], mail["step"]) for _, mail in mails if mail["renderer"] == "sla.step"
    )
    digests = Counter(
        (mail["user"], dt.datetime.fromisoformat(mail["told_at"]))
        for _, mail in mails
        if mail["renderer"] != "sla.step"
    )
    assert not [key for key, times in (singles + digests).items() if times > 1]
    tellings = list(Telling.objects.select_related("clock"))
    assert not [telling for telling in tellings if telling.told_at is None]
    assert digests.keys() <= {(telling.user_id, telling.told_at) for telling in tellings}
    said = {(telling.user_id, telling.clock_id, telling.step): telling.told_at for telling in tellings}
    assert singles.keys() <= said.keys()
    spoken_for = {(user, clock, said[user, clock, step]) for user, clock, step in singles}
    for telling in tellings:
        in_single = (telling.user_id, telling.clock_id, telling.told_at) in spoken_for
        in_digest = (telling.user_id, telling.told_at) in digests
        assert in_single + in_digest == 1 or (not in_single + in_digest and telling.clock.state != "running")


def fork_sweeper(work: Callable[[], object]) -> int:
    """The pid of a forked process that does `work` on a connection of its own, and ends with 1 where that fails."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - told to the parent, whatever it is
            COMPLAINT.write_text(traceback.format_exc())
            os._exit(1)
        os._exit(0)
    return child


def waited_for(child: int) -> bool:
    """Whether the child got to its end alive. Fails with what it complained of when that was an error."""
    _, status = os.waitpid(child, 0)
    wait_until_alone()
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        pytest.fail(COMPLAINT.read_text())
    return os.WIFEXITED(status)


def sweep_until_statement(number: int) -> bool:
    """Sweep in a forked process that kills itself at its statement `number`; whether it got to the end alive."""
    count = 0

    def counting(execute, sql, params, many, context):
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    def work() -> None:
        with connection.execute_wrapper(counting):
            sweep()

    return waited_for(fork_sweeper(work))


def test_killed_before_every_single_statement():
    """Each round gets one statement further from wherever the last one left off, until a whole sweep survives."""
    company(warned=2, reassigned=2, expired=2)
    number = 1
    while not sweep_until_statement(number):
        number += 1
    assert number > 20
    assert_exactly_once(warned=2, reassigned=2, expired=2)


def sweep_for(seconds: float) -> None:
    """Sweep in a forked process until it is killed from outside."""

    def work() -> None:
        while True:
            sweep()

    child = fork_sweeper(work)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    waited_for(child)


def test_killed_at_any_moment_of_a_thousand_handoffs(monkeypatch, settings):
    monkeypatch.setattr("sla.actions.sweep.BATCH", 20)
    settings.LEADLOOP_DIGEST_ABOVE, settings.LEADLOOP_DIGEST_MINUTES = 20, 0.002
    company(warned=700, reassigned=200, expired=100)
    chance = random.Random(20261122)
    kills = 0
    while Clock.objects.filter(state="running", next_action_at__lte=ago(seconds=0)).exists():
        # A machine so slow that nothing gets done between two kills gets more and more time.
        sweep_for(chance.uniform(0.02, 0.25 + kills / 400))
        kills += 1
    while sweep().messages or Telling.objects.filter(told_at=None).exists():
        time.sleep(0.12)
    assert kills >= 10
    assert_exactly_once(warned=700, reassigned=200, expired=100)

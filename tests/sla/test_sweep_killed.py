"""A sweeper killed with SIGKILL, anywhere, leaves no step missing and none doubled."""

import os
import random
import signal
import time
from collections import Counter

import pytest
from django.db import connection, connections

from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff
from leads.actions.people import LeadInput
from leads.models import JournalEntry, Notice, OutboxMessage
from sla.actions.sweep import sweep
from sla.models import Clock, Escalation
from tests.factories import RepFactory, TeamFactory, ago, manager_of, policy

pytestmark = pytest.mark.django_db(transaction=True)


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
    """Handoffs that are due for one, five and six steps."""
    policy()
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
                "reassign": both,
                "expire": expired,
            }.items()
            if count
        }
    )
    kinds = Counter(JournalEntry.objects.exclude(kind="handoff.offered").values_list("kind", flat=True))
    assert kinds["owner.warned"] == warned + both
    assert kinds["clock.breached"] == kinds["owner.notified"] == kinds["manager.notified"] == both
    assert (kinds["handoff.reassigned"], kinds["step.skipped"], kinds["handoff.expired"]) == (
        reassigned,
        expired,
        expired,
    )
    told = warned + 3 * both
    assert Notice.objects.count() == OutboxMessage.objects.count() == told
    assert Handoff.objects.filter(state="expired").count() == expired
    assert Clock.objects.filter(state="running", cycle=1).count() == reassigned
    assert not Clock.objects.filter(failure_count__gt=0).exists()


def sweep_until_statement(number: int) -> bool:
    """Sweep in a forked process that kills itself at its statement `number`; whether it got to the end alive."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            count = 0

            def counting(execute, sql, params, many, context):
                nonlocal count
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return execute(sql, params, many, context)

            with connection.execute_wrapper(counting):
                sweep()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    wait_until_alone()
    return os.WIFEXITED(status)


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
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            while True:
                sweep()
        finally:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    wait_until_alone()


def test_killed_at_any_moment_of_a_thousand_handoffs(monkeypatch):
    monkeypatch.setattr("sla.actions.sweep.BATCH", 50)
    company(warned=700, reassigned=200, expired=100)
    chance = random.Random(20261122)
    kills = 0
    while Clock.objects.filter(state="running", next_action_at__lte=ago(seconds=0)).exists():
        sweep_for(chance.uniform(0.02, 0.25))
        kills += 1
    sweep()
    assert kills >= 10
    assert_exactly_once(warned=700, reassigned=200, expired=100)

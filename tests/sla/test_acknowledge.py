"""A manager who deals with a late handoff ends its ladder; the fact that it was late stays."""

import pytest
from django.test import Client
from django.urls import reverse

from feedback.models import person_of
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry, JournalNote, Notice, OutboxMessage
from sla.actions.acknowledge import acknowledge
from sla.actions.sweep import sweep
from sla.mails import step_mail
from sla.models import Clock, Telling
from tests.calling import integrator
from tests.factories import RepFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def boss(rep):
    return manager_of(rep.team)


def pass_time(clock: Clock, *, hours: float) -> None:
    """Let everything of the clock have happened so much earlier."""
    clock.refresh_from_db()
    clock.step_ats = [at - (ago(hours=0) - ago(hours=hours)) for at in clock.step_ats]
    clock.next_action_at = clock.step_ats[clock.next_step] if clock.next_step < len(clock.step_ats) else None
    clock.save(update_fields=["step_ats", "next_action_at"])


def test_no_further_step_but_the_breach(rep, boss):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    sweep()
    acknowledge(handoff.uid, by=person_of(boss), note="I call them myself.")
    clock = Clock.objects.get(handoff=handoff)
    assert clock.acknowledged_at is not None
    assert clock.step_actions == ["warn", "breach"]
    assert clock.next_action_at == clock.due_at
    pass_time(clock, hours=100)
    sweep()
    sweep()
    clock.refresh_from_db()
    assert (clock.breached_at, clock.next_action_at, clock.state) == (clock.due_at, None, "running")
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.state) == (rep, "pending")
    assert Notice.objects.count() == 1
    entries = JournalEntry.objects.filter(handoff_uid=handoff.uid).order_by("id")
    kinds = list(entries.values_list("kind", flat=True))
    assert kinds[3:] == ["handoff.acknowledged", "step.cancelled", "clock.breached"]
    assert entries.get(kind="step.cancelled").data == {
        "target": "decide",
        "cycle": 0,
        "steps": ["notify_owner", "notify_manager", "reassign", "expire"],
        "because": "acknowledged",
    }
    acknowledged = entries.get(kind="handoff.acknowledged")
    assert (acknowledged.actor_id, acknowledged.data) == (boss.pk, {})
    assert JournalNote.objects.get(entry=acknowledged).text == "I call them myself."


def test_after_the_breach_nothing_is_left_to_do(rep, boss):
    policy()
    handoff = offered(rep, at=ago(minutes=61))
    sweep()
    acknowledge(handoff.uid, by=person_of(boss))
    clock = Clock.objects.get(handoff=handoff)
    assert (clock.next_action_at, len(clock.step_actions)) == (None, clock.next_step)


def test_what_waited_to_be_told_is_told_no_more(rep, boss, settings):
    settings.LEADLOOP_DIGEST_ABOVE = 1
    policy()
    handoffs = [offered(rep, at=ago(minutes=50 + number)) for number in range(3)]
    sweep()
    late = offered(rep, at=ago(minutes=50))
    sweep()
    assert Telling.objects.filter(told_at=None).count() == 1
    acknowledge(late.uid, by=person_of(boss))
    mail = OutboxMessage.objects.filter(payload__renderer="sla.step").get()
    assert step_mail(mail.payload, mail.handoff_uid) is not None
    acknowledge(handoffs[0].uid, by=person_of(boss))
    assert step_mail(mail.payload, mail.handoff_uid) is None


def test_all_clocks_of_the_handoff_are_meant(rep, boss):
    policy(targets=("decide", "owner", "qualify"))
    handoff = offered(rep, at=ago(minutes=10))
    Clock.objects.filter(handoff=handoff).update(target="qualify")
    Clock.objects.create(
        **{
            field.attname: getattr(Clock.objects.get(), field.attname)
            for field in Clock._meta.concrete_fields
            if field.attname not in ("id", "target")
        },
        target="decide",
    )
    acknowledge(handoff.uid, by=person_of(boss))
    assert not Clock.objects.filter(acknowledged_at=None).exists()
    assert JournalEntry.objects.filter(kind="step.cancelled").count() == 2
    assert JournalEntry.objects.filter(kind="handoff.acknowledged").count() == 1


def test_twice_is_refused_and_changes_nothing(rep, boss):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    acknowledge(handoff.uid, by=person_of(boss))
    before = (Clock.objects.values().get(), JournalEntry.objects.count())
    with pytest.raises(StateConflict):
        acknowledge(handoff.uid, by=person_of(boss))
    assert (Clock.objects.values().get(), JournalEntry.objects.count()) == before


def test_who_may_not_changes_nothing(rep, boss):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    elsewhere = person_of(manager_of(RepFactory().team))
    before = (Clock.objects.values().get(), JournalEntry.objects.count())
    for by, error in ((as_person(rep), NotAllowed), (elsewhere, NotFound)):
        with pytest.raises(error):
            acknowledge(handoff.uid, by=by)
    with pytest.raises(InvalidInput):
        acknowledge(handoff.uid, by=person_of(boss), note="x" * 1_001)
    assert (Clock.objects.values().get(), JournalEntry.objects.count()) == before


def test_without_a_clock_there_is_nothing_to_acknowledge(rep, boss):
    handoff = offered(rep)
    with pytest.raises(StateConflict, match="nothing to acknowledge"):
        acknowledge(handoff.uid, by=person_of(boss))
    assert not JournalEntry.objects.filter(kind="handoff.acknowledged").exists()


def test_the_page_acknowledges_and_returns_to_the_handoff(rep, boss):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    client = Client()
    client.force_login(boss)
    answer = client.post(reverse("sla:acknowledge", args=[handoff.uid]), {"note": "mine"}, follow=True)
    assert answer.status_code == 200
    assert "acknowledged" in answer.content.decode()
    assert Clock.objects.exclude(acknowledged_at=None).count() == 1


def test_the_api_acknowledges_and_answers_with_the_handoff(rep):
    policy()
    handoff = offered(rep, at=ago(minutes=50))
    crm, path = integrator(), f"/api/v1/handoffs/{handoff.uid}/acknowledge/"
    answer = crm.raw(path, '{"note": "seen"}')
    assert (answer.status_code, answer.data["uid"]) == (200, str(handoff.uid))
    assert crm.raw(path, "{}").status_code == 409
    assert crm.raw(path, '{"surplus": 1}').status_code == 400

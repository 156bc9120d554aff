"""What each step of a ladder does, and what it says where it no longer makes sense."""

import pytest

from feedback.actions import absences, decisions, holds, owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Absence, Handoff, Hold, person_of
from leads.models import JournalEntry, Notice, OutboxMessage
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.models import ChatChannel, Clock, LadderStep, Policy
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


def skipped(handoff: Handoff) -> list[tuple[str, str]]:
    entries = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="step.skipped").order_by("id")
    return [(entry.data["action"], entry.data["because"]) for entry in entries]


def channel_step(made: Policy, room: ChatChannel) -> None:
    LadderStep.objects.create(target=made.targets.get(), action="notify_channel", minutes_after=0, channel=room)
    publish(made.pk, by=LEADLOOP)


def test_raising_goes_up_to_the_highest_priority_and_says_when_it_is_there(rep):
    policy(ladder=tuple(("raise_priority", None, minutes) for minutes in (0, 1, 2)))
    handoff = offered(rep, at=ago(minutes=63))
    sweep()
    handoff.refresh_from_db()
    assert handoff.priority == 1
    raised = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.raised").order_by("id")
    assert [(entry.data["from"], entry.data["to"], entry.data["cause"]) for entry in raised] == [
        (3, 2, "ladder"),
        (2, 1, "ladder"),
    ]
    assert skipped(handoff) == [("raise_priority", "it has the highest priority already")]


def test_benching_takes_the_silent_rep_out_of_the_line_and_gives_the_handoff_on(rep):
    policy(ladder=(("bench", None, 0),))
    lena = RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=61))
    sweep()
    handoff.refresh_from_db()
    assert handoff.owner == lena
    assert list(Absence.objects.values_list("rep", "kind", "ends_at")) == [(rep.pk, "benched", None)]
    assert owners.next_rep(offered(lena)) is None


def test_benching_nobody_is_skipped():
    policy(ladder=(("bench", None, 0),))
    handoff = offered(team=TeamFactory(), at=ago(minutes=61))
    sweep()
    assert skipped(handoff) == [("bench", "nobody owns it who could be benched")]


def test_benching_without_anybody_to_take_over_benches_all_the_same(rep):
    policy(ladder=(("bench", None, 0),))
    handoff = offered(rep, at=ago(minutes=61))
    sweep()
    handoff.refresh_from_db()
    assert (handoff.owner, Absence.objects.count()) == (rep, 1)
    assert skipped(handoff) == [("bench", "no other rep of the team is free")]


def test_back_to_marketing_ends_the_handoff_and_tells_every_active_marketer(rep):
    policy(ladder=(("return_to_marketing", None, 0),))
    ana, _ = UserFactory(roles=("marketer",)), UserFactory(roles=("marketer",), is_active=False)
    handoff = offered(rep, at=ago(minutes=61))
    sweep()
    sweep()
    handoff.refresh_from_db()
    assert (handoff.state, handoff.due_at) == ("expired", None)
    assert list(Notice.objects.values_list("user", "kind", "handoff_uid")) == [
        (ana.pk, "sla.return_to_marketing.decide", handoff.uid)
    ]


def test_passing_on_ends_at_the_limit_and_never_returns_to_who_had_it(rep):
    made = policy(ladder=(("reassign", None, 0),), hop_limit=2)
    others = [RepFactory(team=rep.team) for _ in range(4)]
    handoff = offered(rep, at=ago(minutes=61))
    had = []
    for _ in range(3):
        sweep()
        handoff.refresh_from_db()
        had.append(handoff.owner)
        late = Clock.objects.filter(handoff=handoff, state="running")
        late.update(started_at=ago(minutes=62), due_at=ago(minutes=1), step_ats=[ago(minutes=1)] * 2)
        late.update(next_action_at=ago(minutes=1), next_step=0)
    assert had[0] != had[1] == had[2]
    assert {had[0], had[1]} <= set(others)
    assert skipped(handoff) == [("reassign", "it has been passed on 2 times, which is the most the policy allows")]
    assert made.hop_limit == 2


def test_passing_on_leaves_out_who_is_away(rep):
    policy(ladder=(("reassign", None, 0),))
    away, there = RepFactory(team=rep.team), RepFactory(team=rep.team)
    absences.bench(away.uid, by=LEADLOOP)
    handoff = offered(rep, at=ago(minutes=61))
    sweep()
    handoff.refresh_from_db()
    assert handoff.owner == there


def test_a_channel_gets_one_message_a_step(rep):
    made = policy(ladder=())
    room = ChatChannel.objects.create(name="sales", url="slack://secret")
    channel_step(made, room)
    handoff = offered(rep, at=ago(minutes=61))
    sweep()
    sweep()
    message = OutboxMessage.objects.get()
    assert (message.channel, message.target, message.handoff_uid) == ("chat", str(room.uid), handoff.uid)
    assert "secret" not in str(message.payload)
    assert JournalEntry.objects.filter(kind="channel.notified").count() == 1


def test_a_channel_that_is_no_longer_in_use_is_said_so(rep):
    made = policy(ladder=())
    room = ChatChannel.objects.create(name="sales", url="slack://secret")
    channel_step(made, room)
    handoff = offered(rep, at=ago(minutes=61))
    ChatChannel.objects.update(is_active=False)
    sweep()
    assert not OutboxMessage.objects.exists()
    assert skipped(handoff) == [("notify_channel", "the channel is no longer in use")]


def test_a_step_that_meets_an_accepted_handoff_changes_nothing(rep):
    """The clock says it is due, the handoff that it is too late: the handoff decides."""
    policy(ladder=(("return_to_marketing", None, 0),))
    UserFactory(roles=("marketer",))
    handoff = offered(rep, at=ago(minutes=61))
    clock = Clock.objects.get(handoff=handoff)
    decisions.accept(handoff.uid, by=as_person(rep))
    Clock.objects.filter(pk=clock.pk).update(
        state="running", stopped_at=None, next_action_at=ago(minutes=1), next_step=1
    )
    sweep()
    handoff.refresh_from_db()
    assert handoff.state == "accepted"
    assert not Notice.objects.exists()
    assert len(skipped(handoff)) == 1


def test_a_hold_whose_limit_passed_ends_in_the_sweep(rep):
    policy(minutes=600)
    boss = manager_of(rep.team)
    handoff = offered(rep, at=ago(minutes=60))
    holds.hold(handoff.uid, by=person_of(boss), reason="prospect_away", at=ago(minutes=50))
    Hold.objects.update(limit_at=ago(minutes=10))
    assert sweep().resumed == 1
    assert Clock.objects.get(handoff=handoff).state == "running"

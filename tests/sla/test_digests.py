"""Nobody gets one message per row: some one by one, what is above them together, and nothing that is no longer true."""

import datetime as dt
import threading
from collections import Counter

import pytest
from django.db import connection

from feedback.actions import decisions, owners
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.actions.clock import database_now
from leads.actions.people import LeadInput
from leads.actions.renderers import render
from leads.models import Notice, OutboxMessage
from sla.actions import digests_sql
from sla.actions.digests import write_messages
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.logic.storms import Storm, digest_key, single_key
from sla.models import CalendarUse, Clock, StepTemplate, Telling
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, calendar, manager_of, policy

pytestmark = pytest.mark.django_db

MANAGER_ONLY = (("notify_manager", None, 0),)


@pytest.fixture
def rep():
    return RepFactory(capacity=10_000)


def many(rep, count: int, *, minutes: float = 100) -> list[Handoff]:
    """Pending handoffs of the rep, offered so long ago, the last one a second after the one before."""
    begun = ago(minutes=minutes)
    number = Handoff.objects.count()
    return [
        row.handoff
        for row in offer_many(
            [
                OfferInput(
                    lead=LeadInput(email=f"{number + place}@nortex.example", name=f"Lead {number + place}"),
                    owner=str(rep.uid),
                    offered_at=begun + dt.timedelta(seconds=place),
                )
                for place in range(count)
            ],
            by=LEADLOOP,
        )
    ]


@pytest.fixture
def later(monkeypatch):
    """Call it to let messages be written as if so many minutes had passed since the test began."""

    def pass_time(minutes: float) -> None:
        monkeypatch.setattr("sla.actions.digests.database_now", lambda: database_now() + dt.timedelta(minutes=minutes))

    return pass_time


def rendered(message: OutboxMessage):
    return render(message.payload, message.handoff_uid)


def test_five_single_mails_then_one_digest(rep):
    policy(ladder=MANAGER_ONLY)
    boss = manager_of(rep.team)
    handoffs = many(rep, 20)
    sweep()
    assert Counter(Notice.objects.values_list("user", "kind")) == {
        (boss.pk, "sla.notify_manager.decide"): 5,
        (boss.pk, "sla.digest"): 1,
    }
    assert OutboxMessage.objects.count() == 6
    singles = Notice.objects.exclude(kind="sla.digest").values_list("handoff_uid", flat=True)
    assert set(singles) == {handoff.uid for handoff in handoffs[-5:]}
    digest = Notice.objects.get(kind="sla.digest")
    assert (digest.subject, digest.handoff_uid) == ("15 handoffs", None)
    assert not Telling.objects.filter(told_at=None).exists()


def test_the_digest_names_the_ten_most_urgent_newest_first_and_links_to_the_board(rep):
    policy(ladder=MANAGER_ONLY)
    manager_of(rep.team)
    many(rep, 20)
    sweep()
    mail = rendered(OutboxMessage.objects.get(payload__renderer="sla.digest"))
    assert mail.subject == "15 handoffs need an answer"
    named = [line for line in mail.body.splitlines() if line.startswith("Lead ")]
    assert named == [f"Lead {number}" for number in range(14, 4, -1)]
    assert "and 5 more: " in mail.body
    assert mail.body.rstrip().endswith("/board/")


def test_a_digest_says_what_is_still_true_when_it_leaves(rep):
    policy(ladder=MANAGER_ONLY)
    manager_of(rep.team)
    handoffs = many(rep, 8)
    sweep()
    digest = OutboxMessage.objects.get(payload__renderer="sla.digest")
    for handoff in handoffs[:1]:
        decisions.accept(handoff.uid, by=as_person(rep))
    assert rendered(digest).subject == "2 handoffs need an answer"
    decisions.accept(handoffs[1].uid, by=as_person(rep))
    assert rendered(digest).subject.startswith(str(rep))
    decisions.accept(handoffs[2].uid, by=as_person(rep))
    assert rendered(digest) is None


def test_several_steps_of_a_handoff_are_one_message(rep):
    policy()
    boss = manager_of(rep.team)
    many(rep, 7, minutes=95)
    type(rep).objects.update(is_active=False)
    sweep()
    assert Telling.objects.filter(user=boss).count() == 21
    assert Notice.objects.count() == 6
    assert Notice.objects.get(kind="sla.digest").subject == "2 handoffs"


def test_what_comes_after_a_digest_waits_until_the_window_is_over(rep, later):
    policy(ladder=MANAGER_ONLY)
    manager_of(rep.team)
    many(rep, 7)
    sweep()
    many(rep, 3)
    sweep()
    sweep()
    assert Notice.objects.count() == 6
    assert Telling.objects.filter(told_at=None).count() == 3
    later(14.9)
    sweep()
    assert Notice.objects.count() == 6
    later(15.1)
    sweep()
    assert Notice.objects.count() == 9
    assert Notice.objects.filter(kind="sla.digest").count() == 1


def test_without_single_messages_everything_is_a_digest(rep, settings):
    settings.LEADLOOP_DIGEST_ABOVE = 0
    policy(ladder=MANAGER_ONLY)
    manager_of(rep.team)
    many(rep, 3)
    sweep()
    assert list(Notice.objects.values_list("kind", "subject")) == [("sla.digest", "3 handoffs")]


def test_who_was_answered_or_lost_the_handoff_is_not_told(rep, settings, later):
    settings.LEADLOOP_DIGEST_ABOVE = 1
    policy(ladder=(("warn", 50, None),))
    boss, lena = manager_of(rep.team), RepFactory(team=rep.team)
    many(rep, 2, minutes=40)
    sweep()
    answered, moved, kept = many(rep, 3, minutes=40)
    sweep()
    assert Telling.objects.filter(told_at=None).count() == 3
    decisions.accept(answered.uid, by=as_person(rep))
    owners.reassign(moved.uid, by=person_of(boss), to=lena.uid)
    later(16)
    sweep()
    assert not Telling.objects.filter(told_at=None).exists()
    of_these = Notice.objects.filter(handoff_uid__in=[answered.uid, moved.uid, kept.uid])
    assert list(of_these.values_list("handoff_uid", flat=True)) == [kept.uid]


def test_a_person_who_was_deactivated_gets_nothing(rep):
    policy(ladder=(("warn", 50, None),))
    boss = manager_of(rep.team)
    many(rep, 1, minutes=40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sla.actions.digests.write_messages", lambda: 0)
        sweep()
    type(boss).objects.filter(pk=rep.user_id).update(is_active=False)
    assert write_messages() == 0
    assert not Notice.objects.exists()
    assert not Telling.objects.filter(told_at=None).exists()


# --- quiet hours -----------------------------------------------------------------------------------------------------


def closed_calendar():
    """Open for a single hour a day, twelve hours from now; and when it opens next."""
    opens = (database_now() + dt.timedelta(hours=12)).replace(minute=0, second=0, microsecond=0)
    if opens.hour == 23:
        opens -= dt.timedelta(hours=1)
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours = [[f"{opens:%H}:00", f"{opens.hour + 1:02d}:00"]]
    return calendar(weekly=dict.fromkeys(days, hours)), opens


def test_a_mail_waits_for_the_hours_of_the_rep_and_the_notice_does_not(rep):
    policy(minutes=48 * 60, ladder=(("warn", 1, None),))
    hours, opens = closed_calendar()
    CalendarUse.objects.create(calendar=hours, rep=rep)
    many(rep, 1, minutes=40)
    sweep()
    assert Notice.objects.count() == 1
    assert OutboxMessage.objects.get().not_before_at == opens


def test_a_manager_has_the_hours_of_the_first_team(rep):
    policy(ladder=MANAGER_ONLY)
    boss = manager_of(rep.team)
    TeamFactory().managers.add(boss)
    hours, opens = closed_calendar()
    CalendarUse.objects.create(calendar=hours, team=rep.team)
    many(rep, 1)
    sweep()
    assert OutboxMessage.objects.get(target=boss.email).not_before_at == opens


def test_without_a_calendar_no_hour_is_quiet(rep):
    policy(ladder=(("warn", 50, None),))
    hours, _ = closed_calendar()
    CalendarUse.objects.create(calendar=hours, team=TeamFactory())
    many(rep, 1, minutes=40)
    sweep()
    assert OutboxMessage.objects.get().not_before_at <= database_now()


def test_what_gathers_overnight_is_few_messages_in_the_morning(rep):
    policy(minutes=48 * 60, ladder=(("warn", 1, None),))
    hours, opens = closed_calendar()
    CalendarUse.objects.create(calendar=hours, rep=rep)
    for _ in range(3):
        many(rep, 4, minutes=40)
        sweep()
    assert set(OutboxMessage.objects.values_list("not_before_at", flat=True)) == {opens}
    assert OutboxMessage.objects.count() == 5
    CalendarUse.objects.all().delete()
    sweep()
    assert Notice.objects.filter(kind="sla.digest").values_list("subject", flat=True).get() == "2 handoffs"


# --- words -----------------------------------------------------------------------------------------------------------


def test_a_step_is_told_in_the_words_of_its_template(rep):
    made = policy(ladder=(("warn", 50, None),))
    words = StepTemplate.objects.create(
        name="gentle", subject="{name} waits, {owner}", body="{left}\n{link} {{as is}} {unknown}"
    )
    made.targets.get().steps.update(template=words)
    publish(made.pk, by=LEADLOOP)
    (handoff,) = many(rep, 1, minutes=40)
    sweep()
    message = OutboxMessage.objects.get()
    mail = rendered(message)
    assert mail.subject == f"Lead 0 waits, {rep}"
    assert "business time left" in mail.body
    assert str(handoff.uid) in mail.body
    assert mail.body.rstrip().endswith("{as is} {unknown}")
    made.targets.get().steps.update(template=None)
    StepTemplate.objects.all().delete()
    assert "is due soon" in rendered(message).subject


# --- storms ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_thousand_overdue_at_once_are_a_handful_of_messages_for_everybody():
    policy()
    bosses = [UserFactory(roles=("manager",)) for _ in range(4)]
    for boss in bosses:
        rep = RepFactory(capacity=10_000)
        rep.team.managers.add(boss)
        many(rep, 500, minutes=110)
    done = sweep()
    assert done.told == 2_000 * 4
    per_person = Counter(OutboxMessage.objects.values_list("target", flat=True))
    assert len(per_person) == 8
    assert max(per_person.values()) == 6
    assert Counter(Notice.objects.values_list("user", flat=True)).most_common(1)[0][1] == 6
    assert not Telling.objects.filter(told_at=None).exists()
    for boss in bosses:
        digest = OutboxMessage.objects.get(target=boss.email, payload__renderer="sla.digest")
        assert rendered(digest).subject == "495 handoffs need an answer"


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_write_each_message_once():
    policy(ladder=MANAGER_ONLY)
    for _ in range(12):
        rep = RepFactory(capacity=10_000)
        manager_of(rep.team)
        many(rep, 9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sla.actions.digests.write_messages", lambda: 0)
        sweep()
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        try:
            write_messages()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    write_messages()
    assert set(Counter(Notice.objects.values_list("user", flat=True)).values()) == {6}
    assert OutboxMessage.objects.count() == 72
    assert not Telling.objects.filter(told_at=None).exists()


def test_who_cannot_be_written_to_does_not_keep_the_others_waiting(monkeypatch):
    policy(ladder=(("warn", 50, None),))
    good, bad = RepFactory(), RepFactory()
    many(good, 1, minutes=40)
    many(bad, 1, minutes=40)
    poison = digests_sql.WRITE.replace("'Unknown visitor'), 200)", f"'?'), 200 / (user_id - {bad.user_id}))")
    assert poison != digests_sql.WRITE
    monkeypatch.setattr("sla.actions.digests.WRITE", poison)
    sweep()
    assert list(Notice.objects.values_list("user", flat=True)) == [good.user_id]
    monkeypatch.undo()
    sweep()
    assert Notice.objects.filter(user=bad.user_id).count() == 1
    assert Clock.objects.filter(failure_count__gt=0).count() == 0


# --- how many at a time ----------------------------------------------------------------------------------------------

STORM = Storm(above=2, window=dt.timedelta(minutes=15))
NOON = dt.datetime(2026, 11, 23, 12, 10, tzinfo=dt.UTC)


def allowance(written, *, now=NOON, leaves_at=None):
    return STORM.allowance(7, now=now, leaves_at=leaves_at or now, written=written)


def test_the_last_quarter_of_an_hour_counts_across_its_edges():
    here = STORM.stretch(NOON)
    written = {single_key(7, here - 1, 0): NOON - dt.timedelta(minutes=14)}
    assert (allowance(written).singles, allowance(written).first) == (1, 0)
    written = {single_key(7, here - 1, 0): NOON - dt.timedelta(minutes=15)}
    assert allowance(written).singles == 2
    written = {single_key(7, here, 0): NOON}
    assert (allowance(written).singles, allowance(written).first) == (1, 1)


def test_a_digest_leaves_once_a_window_and_not_outside_the_hours():
    here = STORM.stretch(NOON)
    assert allowance({}).may_digest
    assert not allowance({digest_key(7, here): NOON}).may_digest
    assert not allowance({digest_key(7, here - 1): NOON - dt.timedelta(minutes=14)}).may_digest
    assert allowance({digest_key(7, here - 1): NOON - dt.timedelta(minutes=15)}).may_digest
    assert not allowance({}, leaves_at=NOON + dt.timedelta(hours=20)).may_digest


def test_every_key_that_counts_is_asked_for():
    assert {single_key(7, 0, 0), single_key(7, 0, 1)} <= set(STORM.keys(7, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)))
    assert len(STORM.keys(7, NOON)) == len(set(STORM.keys(7, NOON))) == 6

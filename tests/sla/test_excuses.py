"""Excused time: who may ask and who may answer, and that it never changes the raw result."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from feedback.actions import attempts, decisions, holds
from feedback.models import person_of
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry, JournalNote, Notice
from sla.actions import excuses
from sla.models import Clock, Excuse
from tests.calling import rows
from tests.factories import RepFactory, UserFactory, ago, as_person, manager_of, offered, policy

MINUTE = dt.timedelta(minutes=1)
RAW = ("state", "due_at", "breached_at", "stopped_at", "step_ats", "next_action_at", "next_step")


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def boss(rep):
    return person_of(manager_of(rep.team))


def ask(handoff, by, *, begins=50, length=20, why="The line was down."):
    begins_at = ago(minutes=begins)
    return excuses.request(handoff.uid, by=by, begins_at=begins_at, ends_at=begins_at + length * MINUTE, why=why)


def refused(error, call, *args, **given):
    """The refusal, having made sure that nothing was written."""
    before = rows()
    with pytest.raises(error) as raised:
        call(*args, **given)
    assert rows() == before
    return raised.value


def raw():
    return list(Clock.objects.order_by("pk").values(*RAW))


@pytest.mark.django_db
class TestAsking:
    def test_it_is_written_down_with_its_words_apart_and_the_managers_are_told(self, rep, boss):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        excuse = ask(handoff, as_person(rep))
        assert (excuse.state, excuse.requested_by_id, excuse.settled_at) == ("requested", rep.user_id, None)
        entry = JournalEntry.objects.get(kind="excuse.requested")
        assert entry.data == {
            "excuse": str(excuse.uid),
            "begins_at": excuse.begins_at.isoformat(),
            "ends_at": excuse.ends_at.isoformat(),
        }
        assert JournalNote.objects.get(entry=entry).text == "The line was down."
        assert list(Notice.objects.values_list("user_id", "kind")) == [(boss.user_id, "excuse.requested")]
        assert Clock.objects.get().adjusted_due_at is None

    def test_the_owner_and_a_manager_may_and_nobody_else(self, rep, boss):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        assert ask(handoff, boss).requested_by_id == boss.user_id
        for role in ("marketer", "operations", "integrator"):
            refused(NotAllowed, ask, handoff, person_of(UserFactory(roles=(role,))))
        for stranger in (as_person(RepFactory(team=rep.team)), person_of(manager_of(RepFactory().team))):
            refused(NotFound, ask, handoff, stranger)

    def test_a_colleague_sees_an_unowned_handoff_but_may_not_ask(self, rep):
        policy()
        refused(NotAllowed, ask, offered(team=rep.team, at=ago(minutes=55)), as_person(rep))

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"begins": 60}, "begins_at"),
            ({"begins": -5}, "begins_at"),
            ({"length": 0}, "ends_at"),
            ({"length": -1}, "ends_at"),
            ({"length": 30 * 24 * 60 + 1}, "ends_at"),
            ({"why": "  \n"}, "why"),
            ({"why": "x" * 2_001}, "why"),
            ({"why": "a\x00b"}, "why"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, rep, given, field):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        assert refused(InvalidInput, ask, handoff, as_person(rep), **given).field == field

    def test_an_instant_needs_an_offset(self, rep):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        naive = ago(minutes=10).replace(tzinfo=None)
        given = {"by": as_person(rep), "begins_at": naive, "ends_at": ago(minutes=5), "why": "x"}
        assert refused(InvalidInput, excuses.request, handoff.uid, **given).field == "begins_at"

    def test_it_may_run_into_the_future_and_not_past_the_end_of_the_last_promise(self, rep):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        assert ask(handoff, as_person(rep), length=600)
        decisions.accept(handoff.uid, by=as_person(rep), at=ago(minutes=20))
        assert refused(InvalidInput, ask, handoff, as_person(rep), length=40).field == "ends_at"
        assert ask(handoff, as_person(rep), length=29)

    def test_the_same_span_is_asked_for_once_until_it_is_refused(self, rep, boss):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        begins_at = ago(minutes=50)
        given = {"by": as_person(rep), "begins_at": begins_at, "ends_at": begins_at + 20 * MINUTE, "why": "Down."}
        first = excuses.request(handoff.uid, **given)
        assert "waits for an answer" in refused(StateConflict, excuses.request, handoff.uid, **given).message
        refused(StateConflict, excuses.request, handoff.uid, **given | {"by": boss})
        excuses.refuse(first.uid, by=boss)
        second = excuses.request(handoff.uid, **given)
        excuses.approve(second.uid, by=boss)
        assert "already excused" in refused(StateConflict, excuses.request, handoff.uid, **given).message
        assert excuses.request(handoff.uid, **given | {"ends_at": begins_at + 21 * MINUTE})
        other = offered(rep, at=ago(minutes=55))
        assert excuses.request(other.uid, **given)

    def test_five_requests_wait_at_most(self, rep, boss):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        asked = [ask(handoff, as_person(rep), length=number) for number in range(1, 6)]
        assert refused(StateConflict, ask, handoff, as_person(rep)).message.startswith("5 requests on this handoff")
        excuses.refuse(asked[0].uid, by=boss)
        assert ask(handoff, as_person(rep))

    def test_words_that_nobody_can_see_are_none(self, rep):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        assert refused(InvalidInput, ask, handoff, as_person(rep), why="\ufeff \u200b\u2060").field == "why"

    def test_without_a_promise_there_is_nothing_to_excuse(self, rep):
        refused(InvalidInput, ask, offered(rep, at=ago(minutes=55)), as_person(rep))


@pytest.mark.django_db
class TestSettling:
    def test_approval_moves_the_adjusted_deadlines_and_nothing_else(self, rep, boss):
        policy(targets=("decide", "first_attempt", "qualify"), minutes=60)
        handoff = offered(rep, at=ago(minutes=100))
        decisions.accept(handoff.uid, by=as_person(rep), at=ago(minutes=30))
        attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call", at=ago(minutes=5))
        before = raw()
        excuse = ask(handoff, as_person(rep), begins=70, length=60)
        excuses.approve(excuse.uid, by=boss, note="It was on the news.")
        assert raw() == before
        moved = {clock.target: clock.adjusted_due_at - clock.due_at for clock in Clock.objects.all()}
        within = excuse.ends_at - Clock.objects.get(target="qualify").started_at
        assert moved == {"decide": 60 * MINUTE, "first_attempt": within, "qualify": within}
        entry = JournalEntry.objects.get(kind="excuse.approved")
        assert JournalNote.objects.get(entry=entry).text == "It was on the news."
        assert Notice.objects.filter(user_id=rep.user_id, kind="excuse.approved").count() == 1

    def test_overlapping_excuses_count_once_and_holds_count_once_too(self, rep, boss):
        policy(minutes=240)
        handoff = offered(rep, at=ago(minutes=100))
        holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=70))
        holds.release_hold(handoff.uid, by=as_person(rep), at=ago(minutes=60))
        first = ask(handoff, as_person(rep), begins=80, length=40)
        second = ask(handoff, as_person(rep), begins=60, length=40)
        for excuse in (first, second):
            excuses.approve(excuse.uid, by=boss)
        clock = Clock.objects.get()
        assert clock.adjusted_due_at - clock.due_at == second.ends_at - first.begins_at - 10 * MINUTE + _slack(handoff)

    def test_what_is_excused_outside_a_promise_changes_nothing(self, rep, boss):
        policy(targets=("decide",), minutes=10)
        handoff = offered(rep, at=ago(minutes=100))
        excuses.approve(ask(handoff, as_person(rep), begins=80, length=40).uid, by=boss)
        assert Clock.objects.get().adjusted_due_at is None

    def test_a_hold_that_ends_later_moves_both_deadlines(self, rep, boss):
        policy(minutes=600)
        handoff = offered(rep, at=ago(minutes=100))
        holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=30))
        excuse = ask(handoff, as_person(rep), begins=80, length=40)
        excuses.approve(excuse.uid, by=boss)
        holds.release_hold(handoff.uid, by=as_person(rep))
        clock = Clock.objects.get()
        assert clock.adjusted_due_at - clock.due_at == 40 * MINUTE

    def test_refusal_changes_no_deadline(self, rep, boss):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        excuse = excuses.refuse(ask(handoff, as_person(rep)).uid, by=boss, note="Others managed.")
        assert (excuse.state, excuse.settled_note) == ("refused", "Others managed.")
        assert Clock.objects.get().adjusted_due_at is None
        assert JournalEntry.objects.filter(kind="excuse.refused").count() == 1
        assert Notice.objects.filter(user_id=rep.user_id, kind="excuse.refused").count() == 1

    @pytest.mark.parametrize("second", [excuses.approve, excuses.refuse])
    @pytest.mark.parametrize("first", [excuses.approve, excuses.refuse])
    def test_it_is_settled_once(self, rep, boss, first, second):
        policy()
        excuse = ask(offered(rep, at=ago(minutes=55)), as_person(rep))
        first(excuse.uid, by=boss)
        other = person_of(manager_of(rep.team))
        assert refused(StateConflict, second, excuse.uid, by=other).message.startswith("Already ")

    @pytest.mark.parametrize("settle", [excuses.approve, excuses.refuse])
    def test_only_another_manager_of_the_team_settles_it(self, rep, boss, settle):
        policy()
        handoff = offered(rep, at=ago(minutes=55))
        own, asked = ask(handoff, boss), ask(handoff, as_person(rep))
        refused(NotAllowed, settle, own.uid, by=boss)
        refused(NotAllowed, settle, asked.uid, by=as_person(rep))
        refused(NotAllowed, settle, asked.uid, by=person_of(UserFactory(roles=("operations",))))
        refused(NotFound, settle, asked.uid, by=person_of(manager_of(RepFactory().team)))
        refused(NotFound, settle, handoff.uid, by=boss)
        refused(InvalidInput, settle, asked.uid, by=boss, note="x" * 2_001)


def _slack(handoff) -> dt.timedelta:
    """What the two calls to the clock, one after the other, are apart from ten minutes."""
    hold = handoff.holds.get()
    return 10 * MINUTE - (hold.ended_at - hold.began_at)


@pytest.mark.django_db(transaction=True)
def test_approve_against_refuse_and_one_of_them_wins(rep, boss):
    policy()
    excuse = ask(offered(rep, at=ago(minutes=55)), as_person(rep))
    barrier, said = threading.Barrier(2), []

    def settle(call):
        try:
            barrier.wait()
            said.append(call(excuse.uid, by=boss).state)
        except LeadLoopError as error:
            said.append(type(error))
        finally:
            connection.close()

    racers = [threading.Thread(target=settle, args=(call,)) for call in (excuses.approve, excuses.refuse)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    won = Excuse.objects.get().state
    assert set(said) == {won, StateConflict}
    assert (Clock.objects.get().adjusted_due_at is not None) == (won == "approved")
    kinds = JournalEntry.objects.filter(kind__startswith="excuse.").exclude(kind="excuse.requested")
    assert list(kinds.values_list("kind", flat=True)) == [f"excuse.{won}"]


@pytest.mark.django_db
class TestPages:
    def client(self, user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_a_rep_asks_on_the_proof_page_and_a_manager_approves(self, rep):
        policy()
        user, handoff = manager_of(rep.team), offered(rep, at=ago(hours=3))
        url = reverse("sla:excuse-request", args=[handoff.uid])
        begins_at = ago(hours=2).replace(second=0, microsecond=0)
        given = {
            "begins_at": f"{begins_at:%Y-%m-%dT%H:%M}",
            "ends_at": f"{begins_at + 30 * MINUTE:%Y-%m-%dT%H:%M}",
            "why": "The <b>line</b> was down.",
        }
        answer = self.client(rep.user).post(url, given)
        assert (answer.status_code, answer.url) == (302, reverse("sla:proof", args=[handoff.uid]))
        excuse = Excuse.objects.get()
        assert excuse.begins_at == begins_at
        listing = self.client(user).get(reverse("sla:excuses")).content.decode()
        assert "The &lt;b&gt;line&lt;/b&gt; was down." in listing
        answer = self.client(user).post(reverse("sla:excuse-approve", args=[excuse.uid]), {"note": "Yes."})
        assert answer.status_code == 302
        excuse.refresh_from_db()
        assert (excuse.state, excuse.settled_note) == ("approved", "Yes.")
        assert "approved" in self.client(user).get(reverse("sla:excuses")).content.decode()

    def test_the_reader_s_zone_is_what_was_typed_in(self, rep):
        policy()
        handoff = offered(rep, at=dt.datetime(2026, 6, 1, 0, 0, tzinfo=dt.UTC))
        client = self.client(rep.user)
        client.cookies["leadloop_tz"] = "Asia/Kathmandu"
        given = {"begins_at": "2026-06-02T09:00", "ends_at": "2026-06-02T10:00", "why": "x"}
        client.post(reverse("sla:excuse-request", args=[handoff.uid]), given)
        assert Excuse.objects.get().begins_at == dt.datetime(2026, 6, 2, 3, 15, tzinfo=dt.UTC)

    def test_what_cannot_be_taken_is_said_beside_its_field_and_kept(self, rep):
        policy()
        handoff = offered(rep, at=ago(hours=3))
        given = {"begins_at": "2020-01-01T09:00", "ends_at": "2020-01-01T10:00", "why": "My own words"}
        answer = self.client(rep.user).post(reverse("sla:excuse-request", args=[handoff.uid]), given)
        html = answer.content.decode()
        assert answer.status_code == 400
        assert "It cannot begin before the handoff was offered." in html
        assert "My own words" in html
        assert not Excuse.objects.exists()

    def test_the_form_is_for_who_may_ask(self, rep):
        policy()
        handoff = offered(rep, at=ago(hours=3))
        page = reverse("sla:proof", args=[handoff.uid])
        assert "Ask for excused time" in self.client(rep.user).get(page).content.decode()
        marketer = UserFactory(roles=("marketer",))
        assert "Ask for excused time" not in self.client(marketer).get(page).content.decode()
        assert (
            self.client(marketer)
            .post(
                reverse("sla:excuse-request", args=[handoff.uid]),
                {"begins_at": "2026-01-01T00:00", "ends_at": "2026-01-02T00:00", "why": "x"},
            )
            .status_code
            == 403
        )

    def test_a_manager_sees_no_buttons_beside_their_own_request(self, rep, boss):
        policy()
        excuse = ask(offered(rep, at=ago(minutes=55)), boss)
        user = rep.team.managers.get(pk=boss.user_id)
        html = self.client(user).get(reverse("sla:excuses")).content.decode()
        assert "another manager answers it" in html
        assert str(excuse.uid) not in html

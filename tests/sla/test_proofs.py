"""The page that proves a clock, and the same for machines."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from feedback.actions import decisions, holds, owners
from feedback.models import person_of
from leads.logic.errors import NotFound
from sla.actions import excuses
from sla.logic.proof import Kind
from sla.models import Clock
from sla.reports.proofs import proof_of
from tests.calling import Caller, answered, integrator
from tests.factories import DAYS, RepFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def rep():
    return RepFactory()


def proved(handoff, person):
    return proof_of(handoff.uid, person=person, now=dt.datetime.now(dt.UTC))


def page_of(user, handoff) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("sla:proof", args=[handoff.uid]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_intervals_say_who_had_it_and_why_it_waited(rep):
    policy(minutes=240)
    boss, lena = person_of(manager_of(rep.team)), RepFactory(team=rep.team)
    handoff = offered(rep, at=ago(minutes=100))
    holds.hold(handoff.uid, by=as_person(rep), reason="bad_data", question="Whose number is it?", at=ago(minutes=80))
    holds.release_hold(handoff.uid, by=as_person(rep), at=ago(minutes=60))
    owners.reassign(handoff.uid, by=boss, to=lena.uid, at=ago(minutes=30))
    found = proved(handoff, boss)
    one = found.clocks[0]
    assert [(span.kind, round((span.ends_at - span.begins_at) / MINUTE)) for span in one.proof.intervals] == [
        (Kind.OPEN, 20),
        (Kind.HELD, 20),
        (Kind.OPEN, 30),
        (Kind.OPEN, 30),
    ]
    held = one.proof.intervals[1]
    assert (held.holder, held.hold.by) == ("marketing", as_person(rep).label)
    assert [found.reps[span.rep] for span in one.proof.intervals] == [str(rep)] * 3 + [str(lena)]
    assert one.left == one.clock.due_at - found.now
    assert (one.disagreements, one.is_older, one.is_late) == ([], False, False)


def test_on_hold_what_was_left_when_it_began_is_what_is_left(rep):
    policy(minutes=60)
    handoff = offered(rep, at=ago(minutes=70))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=50))
    one = proved(handoff, as_person(rep)).clocks[0]
    assert round(one.left / MINUTE) == 40
    assert not one.is_late


def test_raw_and_adjusted_stand_side_by_side(rep):
    policy(minutes=60)
    boss, handoff = manager_of(rep.team), offered(rep, at=ago(minutes=90))
    decisions.accept(handoff.uid, by=as_person(rep))
    begins_at = ago(minutes=85)
    asked = excuses.request(
        handoff.uid, by=as_person(rep), begins_at=begins_at, ends_at=begins_at + 40 * MINUTE, why="The line was down."
    )
    excuses.approve(asked.uid, by=person_of(boss))
    one = proved(handoff, as_person(rep)).clocks[0]
    assert (one.is_late, one.is_late_adjusted) == (True, False)
    assert round(one.left_adjusted / MINUTE) == 10
    assert one.proof.excused == 40 * MINUTE
    html = page_of(rep.user, handoff)
    assert "Late by 30 min of business time" in html
    assert "Kept, with 9 min of business time to spare" in html
    assert f"Excused, approved by {person_of(boss).label}: The line was down." in html


def test_a_late_end_in_closed_time_is_late(rep):
    """No business time has passed since the deadline, yet it has passed."""
    yesterday = DAYS[(dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).weekday()]
    policy(minutes=60, weekly={yesterday: [["09:00", "10:00"]]})
    handoff = offered(rep, at=ago(days=2))
    decisions.accept(handoff.uid, by=as_person(rep))
    one = proved(handoff, as_person(rep)).clocks[0]
    assert (one.left, one.is_late) == (dt.timedelta(), True)


def test_the_page_says_the_promise_in_business_and_elapsed_time(rep):
    policy(minutes=240, weekly={day: [["00:00", "24:00"]] for day in DAYS})
    handoff = offered(rep, at=ago(minutes=10))
    html = page_of(rep.user, handoff)
    assert "4 business hours, due " in html
    assert "4 h after it began" in html
    assert str(Clock.objects.get().version) in html


def test_who_may_not_see_the_handoff_may_not_see_its_clocks(rep):
    policy()
    handoff, stranger = offered(rep), RepFactory()
    with pytest.raises(NotFound):
        proved(handoff, as_person(stranger))
    client = Client()
    client.force_login(stranger.user)
    assert client.get(reverse("sla:proof", args=[handoff.uid])).status_code == 404


def test_a_handoff_without_a_promise_says_so(rep):
    assert "No promise has run on it" in page_of(rep.user, offered(rep))


def test_what_row_and_journal_disagree_on_is_said(rep):
    policy()
    handoff = offered(rep)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sla_clock SET amount = amount + interval '1 minute'")
    assert "Its journal says otherwise on: amount." in page_of(rep.user, handoff)


def test_a_clock_older_than_its_journal_is_shown_as_such(rep):
    policy()
    handoff = offered(rep)
    Clock.objects.update(cycle=4)
    html = page_of(rep.user, handoff)
    assert "before the journal told of promises" in html


def test_a_thousand_nights_fit_on_the_page(rep):
    policy(minutes=60 * 24 * 300, weekly={day: [["09:00", "17:00"]] for day in DAYS})
    handoff = offered(rep, at=ago(days=400))
    html = page_of(rep.user, handoff)
    assert "earlier intervals are not shown" in html
    assert html.count('class="closed"') < 400


def test_the_statements_do_not_grow_with_the_clocks(rep, django_assert_max_num_queries):
    policy(targets=("decide", "first_attempt", "depth", "qualify"))
    handoff = offered(rep)
    decisions.accept(handoff.uid, by=as_person(rep))
    with django_assert_max_num_queries(14):
        assert len(proved(handoff, as_person(rep)).clocks) == 4


class TestForMachines:
    def test_intervals_and_sums_in_seconds(self, rep):
        policy(minutes=240)
        handoff = offered(rep, at=ago(minutes=100))
        holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=80))
        decisions.accept(handoff.uid, by=as_person(rep), at=ago(minutes=60))
        answer = integrator().client.get(reverse("sla-api:handoff-clocks", args=[handoff.uid]))
        [clock] = answered(answer).data["results"]
        assert (clock["target"], clock["state"], clock["is_late"], clock["promised"]) == (
            "decide",
            "stopped",
            False,
            14400,
        )
        assert [one["kind"] for one in clock["intervals"]] == ["open", "held"]
        assert clock["intervals"][1]["hold"]["reason"] == "prospect_away"
        assert clock["counted"] == sum(one["open_time"] for one in clock["intervals"] if one["kind"] == "open")
        assert clock["left"] == pytest.approx(clock["promised"] - clock["counted"])
        assert clock["intervals"][0]["begins_at"].endswith("Z")
        assert clock["terms"][0]["because"] == "started"

    def test_what_the_key_s_owner_may_not_see_does_not_exist(self, rep):
        policy()
        stranger = Caller(RepFactory().user)
        answer = stranger.client.get(reverse("sla-api:handoff-clocks", args=[offered(rep).uid]))
        assert answered(answer).status_code == 404

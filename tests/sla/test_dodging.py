"""How holds are used, per rep: late ones, ended without an answer, repeated; shares only where there are enough."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from feedback.actions import holds, owners
from feedback.models import person_of
from sla.actions.policies import publish
from sla.reports.dodging import WINDOW, dodging
from tests.factories import RepFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def boss(rep):
    return person_of(manager_of(rep.team))


def found(person):
    now = dt.datetime.now(dt.UTC)
    return dodging(person, since=now - WINDOW, now=now)


def held(rep, *, after: float, reason: str = "prospect_away", by=None):
    """A handoff offered 100 minutes ago and put on hold `after` minutes."""
    handoff = offered(rep, at=ago(minutes=100))
    question = {"question": "Whose number is it?"} if reason == "bad_data" else {}
    holds.hold(handoff.uid, by=by or as_person(rep), reason=reason, at=ago(minutes=100 - after), **question)
    return handoff


@pytest.mark.parametrize(("after", "is_late"), [(0, False), (79, False), (80.01, True), (99, True)])
def test_late_is_the_last_fifth_of_a_promise(rep, boss, after, is_late):
    policy(minutes=100)
    handoff = held(rep, after=after)
    [line] = found(boss)
    assert (line.rep, line.handoff_count, line.held) == (rep, 1, [handoff])
    assert line.late == ([handoff] if is_late else [])


def test_after_the_deadline_is_late_and_closed_time_does_not_use_a_promise_up(rep, boss):
    policy(minutes=60)
    late = held(rep, after=70)
    [line] = found(boss)
    assert line.late == [late]


def test_earlier_holds_do_not_use_a_promise_up(rep, boss):
    policy(minutes=100)
    handoff = held(rep, after=10)
    holds.release_hold(handoff.uid, by=as_person(rep), at=ago(minutes=10))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(minutes=5))
    [line] = found(boss)
    assert (line.late, line.repeated) == ([], [handoff])


def test_a_hold_that_does_not_pause_the_promise_is_not_late(rep, boss):
    made = policy(minutes=100)
    made.targets.update(runs_through=["prospect"])
    publish(made.pk, by=boss)
    held(rep, after=95)
    [line] = found(boss)
    assert line.late == []


def test_ended_by_the_rep_without_an_answer(rep, boss):
    policy(minutes=100)
    own, by_boss, answered = (held(rep, after=10, reason="bad_data") for _ in range(3))
    holds.release_hold(own.uid, by=as_person(rep))
    holds.release_hold(by_boss.uid, by=boss)
    holds.answer(answered.uid, by=person_of(UserFactory(roles=("marketer",))), text="Hers.")
    [line] = found(boss)
    assert line.unanswered == [own]
    assert set(line.held) == {own, by_boss, answered}


def test_a_hold_counts_for_who_began_it_whoever_owns_it_now(rep, boss):
    policy(minutes=100)
    lena = RepFactory(team=rep.team)
    handoff = held(rep, after=10)
    owners.reassign(handoff.uid, by=boss, to=lena.uid)
    [line] = found(boss)
    assert (line.rep, line.handoff_count) == (rep, 0)


def test_a_share_needs_twenty_handoffs(rep, boss):
    policy(minutes=1000)
    for _ in range(19):
        held(rep, after=50)
    assert found(boss)[0].held_share is None
    held(rep, after=50)
    assert found(boss)[0].held_share == pytest.approx(0.5, abs=0.01)


def test_a_manager_sees_their_own_teams_and_nobody_else_sees_any(rep, boss):
    policy(minutes=100)
    held(rep, after=10)
    assert found(person_of(manager_of(RepFactory().team))) == []
    assert found(as_person(rep)) == []
    assert found(person_of(UserFactory(roles=("operations",)))) == []


def test_what_is_older_than_the_window_is_left_out(rep, boss):
    policy(minutes=100)
    handoff = offered(rep, at=ago(days=40))
    holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", at=ago(days=5))
    assert len(found(boss)) == 1
    assert dodging(boss, since=ago(days=4), now=ago(days=0)) == []


def test_the_statements_do_not_grow_with_the_holds(rep, boss, django_assert_max_num_queries):
    policy(minutes=1000)
    for count in (1, 6):
        for _ in range(count):
            held(rep, after=50)
        with django_assert_max_num_queries(7):
            found(boss)


def test_the_page_names_counts_and_handoffs_without_a_rate_for_few(rep):
    policy(minutes=100)
    handoff = held(rep, after=90)
    client = Client()
    client.force_login(manager_of(rep.team))
    html = client.get(reverse("sla:excuses")).content.decode()
    assert reverse("sla:proof", args=[handoff.uid]) in html
    assert '<td class="num" data-word="Share of time on hold">–</td>' in html
    assert "can be the right thing to do" in html

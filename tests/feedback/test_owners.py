"""Who has a handoff next, how urgent it is, and how it goes back to the queue."""

import pytest

from feedback.actions import decisions, owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Rep, person_of
from feedback.signals import handoff_changed
from leads.logic.errors import InvalidInput, StateConflict
from leads.models import JournalEntry
from tests.calling import rows
from tests.factories import RepFactory, as_person, manager_of, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def handoff(rep):
    return offered(rep)


@pytest.fixture
def heard():
    news: list[tuple[str, dict]] = []

    def hear(change, data, **_):
        news.append((change, data))

    handoff_changed.connect(hear)
    yield news
    handoff_changed.disconnect(hear)


def last(handoff: Handoff) -> JournalEntry:
    return JournalEntry.objects.filter(handoff_uid=handoff.uid).latest("id")


def test_released_it_waits_in_the_teams_queue(rep, handoff, heard):
    lena = RepFactory(team=rep.team)
    done = owners.release(handoff.uid, by=LEADLOOP, cause="cannot_answer")
    done.refresh_from_db()
    assert (done.owner, done.team, done.state) == (None, rep.team, "pending")
    assert last(handoff).kind == "handoff.released"
    assert last(handoff).data == {"from": str(rep.uid), "cause": "cannot_answer"}
    assert heard == [("released", last(handoff).data)]
    before = rows()
    with pytest.raises(StateConflict, match="Nobody owns"):
        owners.release(handoff.uid, by=LEADLOOP, cause="cannot_answer")
    assert rows() == before
    assert owners.take(handoff.uid, by=as_person(lena)).owner == lena


def test_what_is_being_worked_is_not_released(rep, handoff):
    decisions.accept(handoff.uid, by=as_person(rep))
    before = rows()
    with pytest.raises(StateConflict, match="Already accepted"):
        owners.release(handoff.uid, by=LEADLOOP, cause="cannot_answer")
    assert rows() == before


def test_raised_up_to_the_top_and_no_further(rep, handoff, heard):
    boss = person_of(manager_of(rep.team))
    assert handoff.priority == 3
    assert owners.raise_priority(handoff.uid, by=boss, cause="manager").priority == 2
    assert last(handoff).data == {"from": 3, "to": 2, "cause": "manager"}
    assert owners.raise_priority(handoff.uid, by=LEADLOOP, cause="ladder").priority == 1
    before = rows()
    assert owners.raise_priority(handoff.uid, by=boss, cause="manager").priority == 1
    assert rows() == before
    assert [change for change, _ in heard] == ["raised", "raised"]
    decisions.accept(handoff.uid, by=as_person(rep))
    decisions.qualify(handoff.uid, by=as_person(rep))
    with pytest.raises(StateConflict):
        owners.raise_priority(handoff.uid, by=boss, cause="manager")


def test_the_least_loaded_below_capacity_and_never_twice(rep, handoff):
    busy, full, free = (RepFactory(team=rep.team) for _ in range(3))
    offered(busy)
    offered(full)
    Rep.objects.filter(pk=full.pk).update(capacity=1)
    RepFactory()
    RepFactory(team=rep.team, is_active=False)
    assert owners.next_rep(handoff) == free
    handoff = owners.reassign(handoff.uid, by=LEADLOOP, to=free.uid, cause="ladder")
    assert owners.next_rep(handoff) == busy
    handoff = owners.reassign(handoff.uid, by=LEADLOOP, to=busy.uid, cause="cannot_answer")
    assert owners.next_rep(handoff) is None
    handoff = owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=rep.uid)
    assert owners.hops(handoff) == 2


def test_who_had_it_before_a_release_does_not_get_it_back(rep, handoff):
    lena = RepFactory(team=rep.team)
    handoff = owners.release(handoff.uid, by=LEADLOOP, cause="cannot_answer")
    assert owners.next_rep(handoff) == lena
    handoff = owners.reassign(handoff.uid, by=LEADLOOP, to=lena.uid, cause="cannot_answer")
    handoff = owners.release(handoff.uid, by=LEADLOOP, cause="cannot_answer")
    assert owners.next_rep(handoff) is None
    assert owners.hops(handoff) == 1


def test_who_turned_it_back_does_not_get_it_back(rep, handoff):
    successor = decisions.turn_back(handoff.uid, by=as_person(rep)).successors.get()
    assert owners.next_rep(successor) is None
    lena = RepFactory(team=rep.team)
    assert owners.next_rep(successor) == lena


def test_hops_of_another_handoff_are_not_counted(rep, handoff):
    lena = RepFactory(team=rep.team)
    owners.reassign(offered(rep).uid, by=LEADLOOP, to=lena.uid, cause="ladder")
    assert owners.hops(handoff) == 0


@pytest.mark.parametrize("who", ["rep", "user"])
def test_a_rep_who_leaves_between_the_choice_and_the_gift_gets_nothing(rep, handoff, who):
    RepFactory(team=rep.team)
    chosen = owners.next_rep(handoff)
    gone = chosen if who == "rep" else chosen.user
    gone.is_active = False
    gone.save()
    before = rows()
    with pytest.raises(InvalidInput) as refused:
        owners.reassign(handoff.uid, by=LEADLOOP, to=chosen.uid, cause="ladder")
    assert refused.value.field == "to"
    assert rows() == before


def test_an_expiry_says_why(handoff, heard):
    owners.expire(handoff.uid, by=LEADLOOP, cause="ladder")
    assert heard == [("expired", {"cause": "ladder"})]
    assert last(handoff).data == {"cause": "ladder"}


def test_news_carries_what_the_journal_says(rep, handoff, heard):
    lena = RepFactory(team=rep.team)
    owners.reassign(handoff.uid, by=LEADLOOP, to=lena.uid, cause="ladder")
    decisions.reject(handoff.uid, by=as_person(lena), reason="fit.industry", evidence={"industry": "farming"})
    entries = JournalEntry.objects.filter(handoff_uid=handoff.uid).order_by("id")[1:]
    assert heard == [(entry.kind.partition(".")[2], entry.data) for entry in entries]

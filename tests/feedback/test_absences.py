"""Absences: who may say when somebody is away, and who is left out of the line meanwhile."""

import datetime as dt

import pytest
from django.db import transaction

from feedback.actions import absences, owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Absence, person_of
from feedback.signals import availability_changed
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry
from tests.calling import rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def heard():
    news: list[tuple[set[int], dt.datetime, str]] = []

    def hear(rep_ids, at, by, **_):
        assert transaction.get_connection().in_atomic_block
        news.append((rep_ids, at, by.label))

    availability_changed.connect(hear)
    yield news
    availability_changed.disconnect(hear)


def in_days(count: float) -> dt.datetime:
    return ago(days=-count)


def away(rep, *, begins: float = 1, ends: float = 5, by=None, note: str = "") -> Absence:
    return absences.add(rep.uid, by=by or as_person(rep), starts_at=in_days(begins), ends_at=in_days(ends), note=note)


def test_saying_when_one_is_away(rep, heard):
    starts_at = dt.datetime.now(dt.timezone(dt.timedelta(hours=2))) + dt.timedelta(days=1)
    absence = absences.add(
        rep.uid, by=as_person(rep), starts_at=starts_at, ends_at=starts_at + dt.timedelta(days=3), note=" Skiing\n"
    )
    absence.refresh_from_db()
    assert (absence.rep, absence.kind, absence.note, absence.by) == (rep, "away", "Skiing", rep.user)
    assert absence.starts_at == starts_at
    entry = JournalEntry.objects.get()
    assert (entry.kind, entry.actor, entry.handoff_uid) == ("absence.added", rep.user, None)
    assert entry.data == {
        "rep": str(rep.uid),
        "absence": str(absence.uid),
        "kind": "away",
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": absence.ends_at.isoformat(),
    }
    assert "Skiing" not in str(entry.data)
    assert heard == [({rep.pk}, entry.occurred_at, str(rep))]


@pytest.mark.parametrize(
    ("begins", "ends", "field"),
    [
        (5, 4, "ends_at"),
        (-5, -1, "ends_at"),
        (1, 368, "ends_at"),
        (733, 735, "starts_at"),
        (2, 3, "starts_at"),
        (0.5, 2.5, "starts_at"),
        (3.5, 9, "starts_at"),
        (1, 9, "starts_at"),
    ],
)
def test_an_absence_that_cannot_be_changes_nothing(rep, heard, begins, ends, field):
    away(rep, begins=2, ends=4)
    before = rows()
    del heard[:]
    with pytest.raises(InvalidInput) as refused, transaction.atomic():
        away(rep, begins=begins, ends=ends)
    assert (refused.value.field, rows(), heard) == (field, before, [])


def test_instants_and_words_that_cannot_be(rep):
    before = rows()
    tomorrow = in_days(1)
    for starts_at, ends_at, note, field in (
        (tomorrow, tomorrow, "", "ends_at"),
        (in_days(1).replace(tzinfo=None), in_days(2), "", "starts_at"),
        (in_days(1), in_days(2).replace(tzinfo=None), "", "ends_at"),
        (in_days(1), dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=9))), "", "ends_at"),
        (dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=9))), in_days(2), "", "ends_at"),
        (in_days(1), in_days(2), "x" * 201, "note"),
        (in_days(1), in_days(2), "a\x00", "note"),
    ):
        with pytest.raises(InvalidInput) as refused, transaction.atomic():
            absences.add(rep.uid, by=as_person(rep), starts_at=starts_at, ends_at=ends_at, note=note)
        assert refused.value.field == field
    assert rows() == before


def test_absences_may_touch_and_colleagues_may_be_away_together(rep):
    first = away(rep, begins=1, ends=2)
    absences.add(rep.uid, by=as_person(rep), starts_at=first.ends_at, ends_at=in_days(3))
    away(RepFactory(team=rep.team))
    assert Absence.objects.count() == 3


def test_taking_an_absence_back(rep, heard):
    coming, running = away(rep, begins=3, ends=4), away(rep, begins=-2, ends=2)
    del heard[:]
    absences.remove(coming.uid, by=as_person(rep))
    assert not Absence.objects.filter(uid=coming.uid).exists()
    absences.remove(running.uid, by=as_person(rep))
    running.refresh_from_db()
    assert abs(running.ends_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    kinds = list(JournalEntry.objects.order_by("id").values_list("kind", flat=True))
    assert kinds[-2:] == ["absence.removed", "absence.removed"]
    assert [ids for ids, *_ in heard] == [{rep.pk}, {rep.pk}]
    before = rows()
    with pytest.raises(StateConflict, match="over"):
        absences.remove(running.uid, by=as_person(rep))
    with pytest.raises(NotFound):
        absences.remove(coming.uid, by=as_person(rep))
    assert rows() == before


def test_benched_until_somebody_else_puts_them_back(rep, heard):
    boss = person_of(manager_of(rep.team))
    bench = absences.bench(rep.uid, by=LEADLOOP, cause="ladder", at=None)
    assert (bench.kind, bench.ends_at, bench.by) == ("benched", None, None)
    assert JournalEntry.objects.get().data["cause"] == "ladder"
    assert absences.bench(rep.uid, by=boss, cause="manager", at=None) == bench
    assert (len(heard), JournalEntry.objects.count()) == (1, 1)
    before = rows()
    with pytest.raises(NotAllowed):
        absences.unbench(rep.uid, by=as_person(rep))
    with pytest.raises(StateConflict, match="benched"):
        absences.remove(bench.uid, by=boss)
    assert rows() == before
    absences.unbench(rep.uid, by=boss)
    bench.refresh_from_db()
    assert bench.ends_at is not None
    assert JournalEntry.objects.latest("id").kind == "absence.removed"
    assert len(heard) == 2
    with pytest.raises(StateConflict, match="not benched"):
        absences.unbench(rep.uid, by=boss)
    assert absences.bench(rep.uid, by=boss, cause="manager", at=None) != bench


def test_a_bench_and_an_absence_may_overlap(rep):
    absences.bench(rep.uid, by=LEADLOOP, cause="ladder", at=None)
    away(rep, begins=-1, ends=1)
    assert Absence.objects.count() == 2


DO = {
    "add": lambda rep, by: away(rep, by=by),
    "remove": lambda rep, by: absences.remove(Absence.objects.get(kind="away").uid, by=by),
    "bench": lambda rep, by: absences.bench(rep.uid, by=by, cause="manager", at=None),
    "unbench": lambda rep, by: absences.unbench(rep.uid, by=by),
}
# fmt: off
RIGHTS = """
           self        colleague   stranger   manager  elsewhere  marketer    operations  integrator  nobody
add        yes         NotAllowed  NotFound   yes      NotFound   NotAllowed  yes         yes         NotFound
remove     yes         NotAllowed  NotFound   yes      NotFound   NotAllowed  yes         yes         NotFound
bench      NotAllowed  NotAllowed  NotFound   yes      NotFound   NotAllowed  yes         yes         NotFound
unbench    NotAllowed  NotAllowed  NotFound   yes      NotFound   NotAllowed  yes         yes         NotFound
"""
# fmt: on
HEAD, *LINES = [line.split() for line in RIGHTS.strip().splitlines()]
CASES = [(line[0], who, wanted) for line in LINES for who, wanted in zip(HEAD, line[1:], strict=True)]


@pytest.mark.parametrize(("verb", "who", "wanted"), CASES)
def test_rights(rep, verb, who, wanted):
    people = {
        "self": lambda: rep.user,
        "colleague": lambda: RepFactory(team=rep.team).user,
        "stranger": lambda: RepFactory().user,
        "manager": lambda: manager_of(rep.team),
        "elsewhere": lambda: manager_of(TeamFactory()),
        "nobody": UserFactory,
    }
    person = person_of(people[who]() if who in people else UserFactory(roles=(who,)))
    if verb == "remove":
        away(rep)
    if verb == "unbench":
        absences.bench(rep.uid, by=LEADLOOP, cause="ladder", at=None)
    before = rows()
    if wanted == "yes":
        DO[verb](rep, person)
        assert rows() != before
        return
    with pytest.raises({"NotFound": NotFound, "NotAllowed": NotAllowed}[wanted]):
        DO[verb](rep, person)
    assert rows() == before


def test_nobody_gets_a_handoff_while_they_are_away_or_benched(rep):
    handoff = offered(rep)
    gone, benched, soon, back, here = (RepFactory(team=rep.team) for _ in range(5))
    away(gone, begins=-1, ends=1)
    absences.bench(benched.uid, by=LEADLOOP, cause="ladder", at=None)
    away(soon, begins=1, ends=2)
    absences.remove(away(back, begins=-1, ends=1).uid, by=as_person(back))
    offered(back)
    offered(back)
    for _ in range(3):
        offered(here)
    assert owners.next_rep(handoff) == soon
    assert owners.next_rep(handoff, can=lambda one: one != soon) == back
    assert owners.next_rep(handoff, can=lambda one: one not in (soon, back)) == here
    assert owners.next_rep(handoff, can=lambda _: False) is None
    absences.unbench(benched.uid, by=person_of(manager_of(rep.team)))
    assert owners.next_rep(handoff) == benched

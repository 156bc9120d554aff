"""Promises kept: what counts, what does not, and raw beside adjusted."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from feedback.actions import decisions, owners
from feedback.logic.periods import read_period
from feedback.logic.rights import LEADLOOP
from feedback.models import person_of
from sla.models import Clock
from sla.reports.attainment import Scope, Tally, attainment
from tests.factories import RepFactory, ago, as_person, manager_of, marketer, offered, policy

pytestmark = pytest.mark.django_db


def figures(person=LEADLOOP, **more):
    now = dt.datetime.now(dt.UTC)
    period = read_period("4w", start="", end="", today=now.date(), zone=dt.UTC)
    return attainment(Scope(person=person, **more), period, zone=dt.UTC, now=now)


def test_a_promise_is_kept_missed_running_or_no_longer_stands():
    policy(minutes=60)
    rep = RepFactory()
    kept, late, open_late, running, recalled = (
        offered(rep, at=ago(minutes=minutes)) for minutes in (200, 200, 200, 10, 10)
    )
    decisions.accept(kept.uid, by=as_person(rep), at=kept.offered_at + dt.timedelta(minutes=59))
    decisions.accept(late.uid, by=as_person(rep), at=late.offered_at + dt.timedelta(minutes=61))
    owners.recall(recalled.uid, by=LEADLOOP)
    found = figures()
    assert found.total == Tally(kept=1, missed=2, adjusted_kept=1, adjusted_missed=2, running=1)
    assert found.by_handoff == Tally(kept=1, missed=2, adjusted_kept=1, adjusted_missed=2, running=1)
    assert [(line.name, line.tally.raw.of) for line in found.targets] == [("decide", 3)]
    assert open_late.state == running.state == "pending"


def test_a_clock_cancelled_after_its_deadline_is_missed():
    policy(minutes=60)
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=200))
    owners.reassign(handoff.uid, by=LEADLOOP, to=RepFactory(team=rep.team).uid)
    assert figures().total == Tally(missed=1, adjusted_missed=1, running=1)


def test_a_handoff_counts_only_when_every_promise_of_it_was_kept():
    policy(minutes=60, targets=("decide", "qualify"))
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=200))
    decisions.accept(handoff.uid, by=as_person(rep), at=handoff.offered_at + dt.timedelta(minutes=30))
    found = figures()
    assert (found.total.kept, found.total.missed) == (1, 1)
    assert (found.by_handoff.kept, found.by_handoff.missed) == (0, 1)
    assert {line.name: line.tally.kept for line in found.targets} == {"decide": 1, "qualify or return": 0}


def test_excused_time_changes_the_adjusted_figure_alone():
    policy(minutes=60)
    rep = RepFactory()
    handoff = offered(rep, at=ago(minutes=200))
    decisions.accept(handoff.uid, by=as_person(rep), at=handoff.offered_at + dt.timedelta(minutes=90))
    Clock.objects.update(adjusted_due_at=handoff.offered_at + dt.timedelta(minutes=120))
    assert figures().total == Tally(kept=0, missed=1, adjusted_kept=1, adjusted_missed=0)


def test_everybody_counts_what_they_may_see():
    policy(minutes=60)
    mine, theirs = RepFactory(), RepFactory()
    offered(mine, at=ago(minutes=200))
    offered(theirs, at=ago(minutes=200))
    boss = person_of(manager_of(mine.team))
    assert figures(boss).total.missed == 1
    assert figures(marketer()).total.missed == 2
    assert figures(team=theirs.team.uid).total.missed == 1
    assert figures(boss, team=theirs.team.uid).total.missed == 0
    assert figures(target="qualify").total == Tally()


def test_versions_are_told_apart_and_marked():
    made = policy(minutes=60)
    offered(RepFactory(), at=ago(minutes=200))
    found = figures()
    assert [line.name for line in found.versions] == [f"{made.name} v1"]
    assert [what for _, what in found.published] == [f"{made.name} v1"]


def test_the_page_and_the_file_say_the_same(client):
    policy(minutes=60)
    rep = RepFactory()
    for minutes in (100, 100, 60 * 24 * 8, 60 * 24 * 8):
        offered(rep, at=ago(minutes=minutes))
    client.force_login(manager_of(rep.team))
    page = client.get(reverse("sla:attainment"))
    assert page.status_code == 200
    assert "0 %" in page.content.decode()
    rows = list(csv.DictReader(io.StringIO(client.get(reverse("sla:attainment-csv")).getvalue().decode("utf-8-sig"))))
    assert [(row["name"], row["missed"]) for row in rows if row["part"] == "target"] == [("decide", "4")]
    assert sum(int(row["missed"]) for row in rows if row["part"] == "week") == 4


@pytest.mark.parametrize("query", ["target=x", "team=x", "period=x", "from=2026-13-01", "what=1", "team=%00"])
def test_a_question_that_makes_no_sense_is_refused(client, query):
    rep = RepFactory()
    client.force_login(rep.user)
    assert client.get(f"{reverse('sla:attainment')}?{query}").status_code == 400


def test_nothing_due_is_said_in_words(client):
    client.force_login(RepFactory().user)
    assert "No promise fell due in this time." in client.get(reverse("sla:attainment")).content.decode()

"""Histories come in case by case: whole or not at all, once, and nobody is told."""

import itertools

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Handoff, Hold, Outcome, Rep, Team
from feedback.signals import handoff_changed
from leads.actions import import_source
from leads.actions.import_kinds import NOT_ALONE
from leads.actions.imports import go_on
from leads.models import JournalEntry, Lead
from sla.models import Clock
from tests.factories import RepFactory, TeamFactory
from tests.leads.imports.taking import counts, csv_of, refused, run_for, source_of, take_in

pytestmark = pytest.mark.django_db

HEADER = ("case", "at", "what", "team", "person", "channel")
MAPPING = 'external_system = "desk"\ntimezone = "Europe/Berlin"\ncreate_teams = true\n'
ROWS = [
    ("A1", "2025-03-03T09:00:00+01:00", "queued", "East", "ana", "web"),
    ("A1", "2025-03-03T10:00:00+01:00", "awaiting_reply", "East", "ben", "phone"),
    ("A1", "2025-03-04T10:00:00+01:00", "won", "East", "ben", "web"),
    ("A2", "2025-03-03T09:30:00+01:00", "taken", "West", "ana", "mail"),
]


def taken(rows, mapping: str = MAPPING, **more):
    return take_in(csv_of(HEADER, rows), kind="histories", mapping=mapping, **more)


def changed(line: int, **cells: str) -> list[tuple[str, ...]]:
    """ROWS with other cells in this line of the file."""
    rows = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    rows[line - 2] |= cells
    return [tuple(row.values()) for row in rows]


def nothing_is_in() -> bool:
    models = (Handoff, Hold, Outcome, Lead, JournalEntry)
    return not any(model.objects.exists() for model in models)


def test_two_cases_are_two_handoffs_with_all_that_happened(mailoutbox):
    heard: list[str] = []

    def listen(change: str, **_) -> None:
        heard.append(change)

    handoff_changed.connect(listen)
    try:
        run = taken(ROWS)
    finally:
        handoff_changed.disconnect(listen)
    assert (run.state, counts(run), heard, mailoutbox) == ("done", (4, 0, 0, 0), [], [])
    assert not Clock.objects.exists()

    first, second = Handoff.objects.select_related("lead", "owner__user", "team").order_by("external_id")
    assert (first.state, first.channel, first.team.name, str(first.owner), first.lead.name) == (
        *("won", "web", "East", "ben"),
        "A1",
    )
    assert first.offered_at.isoformat() == "2025-03-03T08:00:00+00:00"
    assert first.decided_by == first.owner.user
    assert first.outcomes.get().occurred_at == first.closed_at == first.disposed_at
    hold = first.holds.get()
    assert (hold.reason, hold.owed_by, hold.ended_at, hold.ended_because) == (
        *("awaiting_reply", "prospect"),
        first.closed_at,
        "decided",
    )
    assert (second.state, second.owner.team.name) == ("accepted", "East")

    entries = JournalEntry.objects.filter(handoff_uid=first.uid).order_by("id")
    assert [(one.kind, one.actor_label) for one in entries] == [
        ("handoff.offered", "ana"),
        ("handoff.reassigned", "ben"),
        ("handoff.accepted", "ben"),
        ("handoff.held", "ben"),
        ("handoff.resumed", "ben"),
        ("outcome.recorded", "ben"),
        ("handoff.won", "ben"),
    ]
    assert {one.via for one in entries} == {"import"}
    assert {one.lead_uid for one in entries} == {first.lead.uid}
    assert [one.occurred_at for one in entries] == sorted(one.occurred_at for one in entries)


def test_whom_it_names_is_made_past_and_cannot_sign_in():
    taken(ROWS)
    assert {(team.name, team.timezone) for team in Team.objects.all()} == {
        ("East", "Europe/Berlin"),
        ("West", "Europe/Berlin"),
    }
    for rep in Rep.objects.select_related("user"):
        assert (rep.is_active, rep.user.is_active, rep.user.has_usable_password()) == (False, False, False)
        assert rep.user.groups.get().name == "rep"
    assert set(get_user_model().objects.values_list("username", flat=True)) == {"desk-ana", "desk-ben"}


def test_who_is_known_is_meant_and_stays_as_they_are():
    east = TeamFactory(name="East")
    ana = RepFactory(external_system="desk", external_id="ana", team=east)
    ben = RepFactory(user__username="ben", team=east)
    taken(ROWS)
    assert set(Handoff.objects.values_list("owner", flat=True)) == {ana.pk, ben.pk}
    ana.refresh_from_db()
    assert (ana.is_active, Rep.objects.count()) == (True, 2)


def test_again_it_is_unchanged():
    taken(ROWS)
    before = JournalEntry.objects.count()
    assert counts(taken(ROWS)) == (0, 0, 4, 0)
    assert (Handoff.objects.count(), JournalEntry.objects.count()) == (2, before)


def test_a_dry_run_says_the_same_and_leaves_nothing():
    run = taken(ROWS, is_dry_run=True)
    assert counts(run) == (4, 0, 0, 0)
    assert nothing_is_in()
    assert not Rep.objects.exists()


@pytest.mark.parametrize(
    ("line", "cells", "field", "words"),
    [
        (3, {"at": "yesterday"}, "at", "not an instant"),
        (3, {"at": ""}, "at", "at is empty"),
        (3, {"at": "2025-03-03T08:59:59+01:00"}, "at", "before the row above"),
        (4, {"at": "2199-01-01T00:00:00Z"}, "at", "in the future"),
        (3, {"what": "Resolved"}, "what", "“Resolved” is none of queued, taken"),
        (3, {"team": "x" * 101}, "team", "at most 100"),
        (2, {"person": "a b"}, "person", "cannot be a user name"),
        (2, {"channel": "x" * 51}, "channel", "at most 50"),
    ],
)
def test_a_bad_row_keeps_its_whole_case_out_and_no_other(line, cells, field, words):
    run = taken(changed(line, **cells))
    found = {number: (name, message) for number, name, message in refused(run)}
    assert set(found) == {2, 3, 4}
    assert found[line][0] == field
    assert words in found[line][1]
    assert {found[number][1] for number in {2, 3, 4} - {line}} == {NOT_ALONE}
    assert [handoff.external_id for handoff in Handoff.objects.all()] == ["A2"]
    assert [lead.external_id for lead in Lead.objects.all()] == ["A2"]


def test_a_ragged_row_belongs_to_the_case_above():
    text = csv_of(HEADER, [ROWS[0], ("A1", "too", "short"), *ROWS[2:]])
    run = take_in(text, kind="histories", mapping=MAPPING)
    assert [line for line, _, _ in refused(run)] == [2, 3, 4]
    assert [handoff.external_id for handoff in Handoff.objects.all()] == ["A2"]


def test_without_leave_to_make_them_unknown_teams_and_people_are_refused():
    TeamFactory(name="East")
    run = taken(ROWS, mapping='external_system = "desk"')
    found = [(line, field) for line, field, message in refused(run) if message != NOT_ALONE]
    assert found == [(2, "person"), (5, "team")]
    assert nothing_is_in()


def test_a_user_of_that_name_who_is_no_rep_is_not_touched():
    get_user_model().objects.create(username="desk-ana")
    run = taken(ROWS)
    assert counts(run) == (0, 0, 0, 4)
    assert "exists already, and is no rep" in refused(run)[0][2]
    assert nothing_is_in()


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (3, 0, 1, 3)])
def test_a_file_that_is_not_in_order_of_cases_is_refused_before_work(order):
    run = taken([ROWS[place] for place in order])
    assert (run.state, run.done_count) == ("refused", 0)
    assert "stands apart" in run.error
    assert "Sort the file by case" in run.error
    assert nothing_is_in()


def test_more_rows_of_one_case_than_anybody_means_are_refused(monkeypatch):
    monkeypatch.setattr(import_source, "MOST_TOGETHER", 2)
    run = taken(ROWS)
    assert run.state == "refused"
    assert "More than 2 rows up to line 4" in run.error
    assert nothing_is_in()


def many(number: int) -> list[tuple[str, ...]]:
    return [(f"C{case}", *row[1:]) for case in range(number) for row in ROWS[:3]]


def test_a_chunk_never_cuts_a_case(monkeypatch):
    monkeypatch.setattr(import_source, "CHUNK_ROWS", 4)
    done: list[int] = []
    run = taken(many(5), told=lambda now: done.append(now.done_count))
    assert (counts(run), done) == ((15, 0, 0, 0), [6, 12, 15])
    assert Handoff.objects.filter(state="won").count() == 5


def test_it_goes_on_where_it_was_stopped(monkeypatch):
    monkeypatch.setattr(import_source, "CHUNK_ROWS", 4)
    text = csv_of(HEADER, many(5))
    run = run_for(text, kind="histories", mapping=MAPPING)
    moments = itertools.chain([0.0], itertools.repeat(10.0))
    monkeypatch.setattr("leads.actions.import_steps.time.monotonic", lambda: next(moments))
    run = go_on(run, source_of(text, kind="histories", mapping=MAPPING), deadline=5.0)
    assert (run.state, run.done_count, Handoff.objects.count()) == ("running", 6, 2)
    monkeypatch.undo()
    run = go_on(run, source_of(text, kind="histories", mapping=MAPPING))
    assert (run.state, counts(run), Handoff.objects.count()) == ("done", (15, 0, 0, 0), 5)


def test_an_unforeseen_failure_keeps_one_case_out(monkeypatch):
    from feedback import import_histories

    kept = import_histories.keep_histories

    def failing(given, **more):
        if any(one.external_id == "A2" for one in given):
            raise ZeroDivisionError
        return kept(given, **more)

    monkeypatch.setattr(import_histories, "keep_histories", failing)
    run = taken(ROWS)
    assert [(line, "ZeroDivisionError" in message) for line, _, message in refused(run)] == [(5, True)]
    assert [handoff.external_id for handoff in Handoff.objects.all()] == ["A1"]


def test_an_open_case_of_a_lead_that_sales_has_is_refused():
    taken(ROWS)
    Handoff.objects.filter(external_id="A2").update(external_id="other")
    run = taken(ROWS)
    assert [(line, "is with sales already" in message) for line, _, message in refused(run)] == [(5, True)]
    assert Handoff.objects.count() == 2


def test_the_number_of_statements_does_not_grow_with_the_cases():
    def statements(rows) -> int:
        with CaptureQueriesContext(connection) as found:
            taken(rows)
        return len(found)

    few, more = statements([(f"X{case}", *ROWS[0][1:]) for case in range(2)]), statements(many(60))
    assert more <= few + 15

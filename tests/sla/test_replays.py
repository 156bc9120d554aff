"""Replays: what rules judge of the past, against what the engine itself did, by page, by worker and by command."""

import datetime as dt
import io
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from feedback.actions import attempts, decisions, holds, owners, undo
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.actions.clock import database_now
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from sla.actions import replays
from sla.actions.replays import ReplayInput
from sla.models import Clock, Policy, Replay, ReplayState, Target
from sla.reports import replays as reports
from sla.reports.replay_reading import Span, read_piece
from sla.reports.replay_rules import DRAFT, document_to_judge, judge_of, rules_alone, rules_among
from tests.calling import rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db

ALL = ("decide", "first_attempt", "depth", "qualify", "owner")
WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def rep():
    return RepFactory()


def span() -> Span:
    now = database_now()
    return Span(now - 4 * WEEK, now + WEEK, now)


def judged(made: Policy, version: str = "") -> dict:
    return reports.run(span(), judge_of(rules_alone(document_to_judge(made, version))))


def counts(result: dict, side: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for team in result[side].values():
        for target, one in team["clocks"].items():
            found[target] = [a + b for a, b in zip(found.get(target, [0] * 4), one, strict=True)]
    return found


def a_busy_week(rep) -> None:
    """Handoffs with every kind of history, under whatever policy is in force."""
    me, manager = as_person(rep), person_of(manager_of(rep.team))
    other = RepFactory(team=rep.team)
    in_time = offered(rep, at=ago(hours=30))
    decisions.accept(in_time.uid, by=me, at=ago(hours=29.5))
    attempts.log_attempt(in_time.uid, by=me, kind="call", at=ago(hours=29))
    attempts.log_attempt(in_time.uid, by=me, kind="mail", is_two_way=True, at=ago(hours=20))
    decisions.qualify(in_time.uid, by=me, at=ago(hours=10))
    late = offered(rep, at=ago(hours=30))
    decisions.accept(late.uid, by=me, at=ago(hours=20))
    for kind, hours in (("call", 19.8), ("call", 19.6), ("message", 19.5)):
        attempts.log_attempt(late.uid, by=me, kind=kind, at=ago(hours=hours))
    decisions.return_after_work(late.uid, by=me, reason="data.left_company", evidence={}, at=ago(hours=2))
    silent = offered(rep, at=ago(hours=5))
    owners.reassign(silent.uid, by=manager, to=other.uid, at=ago(hours=2))
    decisions.accept(silent.uid, by=as_person(other), at=ago(hours=1.8))
    queued = offered(team=rep.team, at=ago(hours=3))
    owners.take(queued.uid, by=me)
    held = offered(rep, at=ago(hours=2.5))
    holds.hold(held.uid, by=me, reason="prospect_away", at=ago(hours=2))
    holds.release_hold(held.uid, by=me)
    waiting = offered(rep, at=ago(hours=2))
    holds.hold(waiting.uid, by=me, reason="prospect_away", at=ago(hours=1.5))
    undone = offered(rep, at=ago(hours=3))
    decisions.accept(undone.uid, by=me)
    undo.undo(undone.uid, by=me)
    tried = offered(rep, at=ago(hours=2))
    attempts.log_attempt(tried.uid, by=me, kind="call", at=ago(hours=1.7))
    decisions.accept(tried.uid, by=me, at=ago(hours=1.5))
    owners.recall(offered(rep, at=ago(minutes=20)).uid, by=person_of(UserFactory(roles=("marketer",))))
    decisions.turn_back(offered(rep, at=ago(minutes=50)).uid, by=me)


def test_the_rules_that_ran_judge_as_the_engine_did(rep):
    made = policy(targets=ALL)
    a_busy_week(rep)
    result = judged(made)
    assert result["handoffs"] == Handoff.objects.count()
    ours, theirs = counts(result, "judged"), counts(result, "real")
    assert set(ours) == set(ALL)
    # What was undone had clocks of its own for a moment; judged, it is as if it had not been.
    assert {key: one[:3] for key, one in ours.items()} == {key: one[:3] for key, one in theirs.items()}
    assert sum(sum(one) for one in theirs.values()) == Clock.objects.count()


def test_a_draft_is_judged_and_changes_nothing(rep):
    made = policy(minutes=60)
    handoff = offered(rep, at=ago(hours=10))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(hours=7))
    Target.objects.filter(policy=made).update(minutes=240)
    before = rows()
    assert counts(judged(made), "judged") == {"decide": [0, 1, 0, 0]}
    result = judged(made, DRAFT)
    assert counts(result, "judged") == {"decide": [1, 0, 0, 0]}
    assert counts(result, "real") == {"decide": [0, 1, 0, 0]}
    assert counts(judged(made, "1"), "judged") == {"decide": [0, 1, 0, 0]}
    assert rows() == before


def test_steps_come_only_before_the_clock_ended_and_tell_the_managers_of_the_team(rep):
    manager = manager_of(rep.team)
    made = policy(minutes=60)
    quick, slow = offered(rep, at=ago(hours=40)), offered(rep, at=ago(hours=40))
    decisions.accept(quick.uid, by=as_person(rep), at=ago(hours=39.2))
    decisions.accept(slow.uid, by=as_person(rep), at=ago(hours=37))
    offered(rep, at=ago(hours=40))
    result = judged(made)
    (team,) = result["judged"].values()
    assert team["steps"] == {"warn": 3, "notify_owner": 2, "notify_manager": 2, "reassign": 2, "expire": 1}
    assert (team["reassigned"], team["ended"]) == (2, 1)
    load = result["loads"]["judged"][str(manager.pk)]
    assert (load["total"], load["most"], load["hours"]) == (2, 2, 1)
    assert sorted(what for _, _, what in result["listed"]) == ["end", "reassign", "reassign"]


def test_conditions_choose_whom_a_policy_judges(rep):
    made = policy(conditions=[("channel", "eq", "webinar"), ("team", "ne", "Elsewhere")])
    offered(rep, at=ago(hours=3))
    offered(rep, at=ago(hours=3), channel="fair")
    (team,) = judged(made)["judged"].values()
    assert (team["handoffs"], team["promised"]) == (2, 1)
    assert counts(judged(made), "judged") == counts(judged(made), "real") == {"decide": [0, 1, 0, 0]}


def test_what_happened_is_told_of_the_same_handoffs(rep):
    fair = policy(minutes=600, position=2, conditions=[("channel", "eq", "fair")])
    policy(minutes=60, position=1)
    offered(rep, at=ago(hours=3))
    offered(rep, at=ago(hours=3), channel="fair")
    result = judged(fair)
    assert counts(result, "judged") == {"decide": [0, 0, 1, 0]}
    assert counts(result, "real") == {"decide": [0, 1, 0, 0]}


def test_a_policy_that_is_not_valid_yet_can_be_judged(rep):
    made = policy(minutes=60)
    offered(rep, at=ago(hours=3))
    Policy.objects.filter(pk=made.pk).update(valid_from=ago(days=-7))
    assert counts(judged(made, DRAFT), "judged") == {"decide": [0, 1, 0, 0]}


def test_among_all_rules_the_first_that_applies_judges(rep):
    fair = policy(minutes=600, position=1, conditions=[("channel", "eq", "fair")])
    policy(minutes=60, position=2)
    offered(rep, at=ago(hours=3))
    offered(rep, at=ago(hours=3), channel="fair")
    kept = rules_among(document_to_judge(fair, ""), policy_id=fair.pk)
    assert counts(reports.run(span(), judge_of(kept)), "judged") == {"decide": [0, 1, 1, 0]}


def test_pieces_add_up_whatever_their_size(rep):
    made = policy(targets=ALL)
    a_busy_week(rep)
    judge, whole = judge_of(rules_alone(document_to_judge(made, ""))), span()
    once, by_ones = reports.Progress(), reports.Progress()
    while reports.go_on(once, whole, judge):
        pass
    while reports.go_on(by_ones, whole, judge, limit=1):
        by_ones = reports.Progress.from_dict(json.loads(json.dumps(by_ones.to_dict())))
    assert reports.result_of(by_ones, whole) == reports.result_of(once, whole)


def test_the_past_is_read_in_a_fixed_number_of_statements(rep, django_assert_num_queries):
    made = policy(targets=ALL)
    for _ in range(5):
        a_busy_week(RepFactory())
    judge = judge_of(rules_alone(document_to_judge(made, "")))
    whole = span()
    with django_assert_num_queries(2):
        piece = read_piece(whole, judge, after=None)
    assert piece is not None
    assert piece.past.count == Handoff.objects.count()


# -- asking and working -------------------------------------------------------------------------------------------


def asked(made: Policy, *, by, **more) -> Replay:
    whole = span()
    given = {"policy": str(made.uid), "version": "", "is_among": False, "begins_at": whole.begins_at}
    return replays.ask(ReplayInput(**given | {"ends_at": whole.ends_at} | more), by=by)


@pytest.fixture
def operations():
    return UserFactory(roles=("operations",))


def test_a_worker_does_what_was_asked(rep, operations):
    made = policy()
    offered(rep, at=ago(hours=3))
    replay = asked(made, by=person_of(operations))
    assert replays.work(seconds=5) == 1
    replay.refresh_from_db()
    assert (replay.state, replay.done_count, replay.claimed_at) == (ReplayState.DONE, 1, None)
    assert counts(replay.result, "judged") == {"decide": [0, 1, 0, 0]}
    assert replays.work(seconds=5) == 0


def test_a_slice_ends_and_the_next_goes_on(rep, operations, monkeypatch):
    made = policy()
    for _ in range(3):
        offered(rep, at=ago(hours=3))
    replay = asked(made, by=person_of(operations))
    monkeypatch.setattr(replays, "go_on", lambda *given: reports.go_on(*given, limit=1))
    seen = []
    for _ in range(4):
        replays.work(seconds=0)
        replay.refresh_from_db()
        seen.append((replay.state, replay.done_count, replay.claimed_at))
    assert seen == [*[(ReplayState.RUNNING, done, None) for done in (1, 2, 3)], (ReplayState.DONE, 3, None)]


def test_what_a_killed_worker_left_is_taken_up_where_it_was(rep, operations, monkeypatch):
    made = policy()
    for _ in range(3):
        offered(rep, at=ago(hours=3))
    replay = asked(made, by=person_of(operations))

    class Killed(BaseException):
        pass

    def die(*given):
        if given[0].done:
            raise Killed
        return reports.go_on(*given, limit=1)

    monkeypatch.setattr(replays, "go_on", die)
    with pytest.raises(Killed):
        replays.work(seconds=5)
    monkeypatch.setattr(replays, "go_on", reports.go_on)
    assert replays.work(seconds=5) == 0  # somebody may still be at it
    Replay.objects.update(claimed_at=database_now() - 2 * replays.LEASE)
    assert replays.work(seconds=5) == 1
    replay.refresh_from_db()
    assert (replay.state, replay.done_count) == (ReplayState.DONE, 3)
    assert counts(replay.result, "judged") == {"decide": [0, 3, 0, 0]}


def test_who_lost_the_claim_writes_nothing_more(rep, operations, monkeypatch):
    made = policy()
    offered(rep, at=ago(hours=3))
    replay = asked(made, by=person_of(operations))

    def robbed(*given):
        Replay.objects.update(claimed_at=database_now() + dt.timedelta(seconds=1))
        return reports.go_on(*given)

    monkeypatch.setattr(replays, "go_on", robbed)
    replays.work(seconds=5)
    replay.refresh_from_db()
    assert (replay.state, replay.done_count, replay.result) == (ReplayState.RUNNING, 0, None)


def test_what_fails_says_so_and_does_not_stop_the_rest(rep, operations, monkeypatch):
    made = policy()
    first, second = asked(made, by=person_of(operations)), asked(made, by=person_of(operations))
    Replay.objects.filter(pk=first.pk).update(rules={})
    assert replays.work(seconds=5) == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (ReplayState.FAILED, ReplayState.DONE)
    assert "could not finish" in first.error


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"policy": "6c1a8cbe-0000-4000-8000-000000000000"}, NotFound),
        ({"version": "7"}, NotFound),
        ({"version": "x"}, InvalidInput),
        ({"ends_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, InvalidInput),
    ],
)
def test_what_cannot_be_asked_for(operations, change, error):
    made = policy()
    before = rows()
    with pytest.raises(error):
        asked(made, by=person_of(operations), **change)
    assert rows() == before


def test_reps_do_not_ask_and_nobody_waits_for_more_than_five(rep, operations):
    made = policy()
    with pytest.raises(NotAllowed):
        asked(made, by=as_person(rep))
    for _ in range(replays.MOST_WAITING):
        asked(made, by=person_of(operations))
    with pytest.raises(StateConflict):
        asked(made, by=person_of(operations))


# -- pages and the command ----------------------------------------------------------------------------------------


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def posted(client: Client, made: Policy, **more):
    given = {"what": f"{made.uid}:", "among": "alone", "weeks": "4", **more}
    return client.post(reverse("sla:replays"), given)


def command(*names: str, **options) -> str:
    """What replay_policy prints."""
    out = io.StringIO()
    given = [word for name in names for word in ("--policy", name)]
    call_command("replay_policy", *given, **options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_page_the_files_and_the_command_say_the_same(rep, operations):
    manager_of(rep.team)
    made = policy(targets=ALL)
    a_busy_week(rep)
    client = browser(operations)
    address = posted(client, made).url
    assert "A worker takes it up" in client.get(address).content.decode()
    replays.work(seconds=5)
    page = client.get(address).content.decode()
    file = json.loads(client.get(f"{address}figures.json").content)
    until = Replay.objects.get().asked_at
    with time_machine.travel(until, tick=False):
        out = command(made.name, weeks=4, format="json")
    (told,) = json.loads(out)["replays"].values()
    assert told == file
    assert file["targets"]["decide"]["judged"]["due"] > 3
    for sentence in file["says"]:
        assert sentence in page
    assert 'hx-trigger="every 2s"' not in page
    csv = client.get(f"{address}figures.csv").content.decode()
    assert f'"all","decide","judged",{file["targets"]["decide"]["judged"]["due"]},' in csv


def test_a_manager_sees_their_own_teams_alone(rep):
    manager, elsewhere = manager_of(rep.team), TeamFactory(name="Elsewhere")
    made = policy()
    stranger = RepFactory(team=elsewhere)
    manager_of(elsewhere)
    offered(rep, at=ago(hours=30))
    offered(stranger, at=ago(hours=30))
    client = browser(manager)
    address = posted(client, made).url
    replays.work(seconds=5)
    file = json.loads(client.get(f"{address}figures.json").content)
    page = client.get(address).content.decode()
    assert file["handoffs"] == 1
    assert [team["name"] for team in file["teams"]] == [rep.team.name]
    assert {load["name"] for load in file["managers"]} == {person_of(manager).label}
    assert "Elsewhere" not in page
    assert page.count(reverse("feedback:handoff", args=[Handoff.objects.get(owner=rep).uid])) == 2
    others = browser(manager_of(rep.team))
    assert others.get(address).status_code == 404


def test_replay_this_draft_is_chosen_by_its_address(operations):
    made = policy()
    page = browser(operations).get(reverse("sla:replays"), {"policy": str(made.uid), "draft": "1"}).content.decode()
    assert f'<option value="{made.uid}:draft" selected>' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": "nothing:draft"},
        {"weeks": "3"},
        {"start": "2026-01-05"},
        {"start": "2026-01-05", "end": "2026-01-05"},
        {"start": "not a day", "end": "2026-01-05"},
        {"start": "9999-12-30", "end": "9999-12-31"},
        {"start": "0001-01-01", "end": "0001-01-02"},
        {"start": "1969-12-31", "end": "1970-01-02"},
    ],
)
def test_a_form_that_makes_no_sense_asks_for_nothing(operations, wrong):
    made = policy()
    client = browser(operations)
    before = rows()
    assert posted(client, made, **wrong).status_code == 400
    assert rows() == before


def test_a_draft_that_cannot_run_is_refused_with_its_place(operations):
    made = policy()
    Target.objects.filter(policy=made).delete()
    answer = posted(browser(operations), made, what=f"{made.uid}:draft")
    assert answer.status_code == 400
    assert "needs at least one target" in answer.content.decode()


def test_files_wait_until_the_replay_is_done(operations):
    client = browser(operations)
    address = posted(client, policy()).url
    assert client.get(f"{address}figures.csv").status_code == 409
    assert client.get(address, headers={"HX-Request": "true"}).content.decode().lstrip().startswith("<section")
    replays.work(seconds=5)
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert "No handoff was offered in this time" in answer.content.decode()


def test_three_policies_side_by_side(rep):
    made = [policy(minutes=minutes) for minutes in (30, 120, 600)]
    handoff = offered(rep, at=ago(hours=10))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(hours=9))
    names = [one.name for one in made]
    said = command(*names, weeks=1)
    assert [said.count(f"{name}, as in force") for name in names] == [1, 1, 1]
    told = json.loads(command(*names, weeks=1, format="json"))["replays"].values()
    judged_and_real = [tuple(side["met"] for side in one["targets"]["decide"].values()) for one in told]
    assert judged_and_real == [(0, 0), (1, 0), (1, 0)]  # the first policy that applied promised half an hour
    assert command(*names, weeks=1, format="csv").count('"all","decide","judged"') == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Nobody's"},
        {"tz": "Mars/Olympus"},
        {"weeks": 2, "start": "2026-01-05", "end": "2026-02-05"},
        {"start": "2026-01-05"},
        {"start": "2026-02-05", "end": "2026-01-05"},
        {"weeks": 0},
        {"version": 9},
    ],
)
def test_the_command_refuses_what_it_cannot_judge(wrong):
    made = policy()
    with pytest.raises(CommandError):
        command(wrong.pop("name", made.name), **wrong)


def test_leadloop_itself_sees_everybody():
    assert reports.may_replay(LEADLOOP)

"""What the events of one case make of a handoff."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from feedback.logic.histories import WORDS, History, Keys, Step, history_of
from feedback.logic.holds import REASONS

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
REPS = {name: UUID(int=number) for number, name in enumerate(("ana", "ben", "system"), start=1)}
TEAMS = {name: UUID(int=number) for number, name in enumerate(("East", "West"), start=11)}
ANA, BEN = str(REPS["ana"]), str(REPS["ben"])
EAST, WEST = str(TEAMS["East"]), str(TEAMS["West"])


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def told(*rows: tuple[str, str, str]) -> History:
    """The history of rows (what, team, person), an hour apart."""
    steps = [Step(at(hour), what, team, person) for hour, (what, team, person) in enumerate(rows)]
    numbers = itertools.count(101)
    return history_of(steps, Keys(REPS, TEAMS, lambda: UUID(int=next(numbers))))


def journal(history: History) -> list[tuple[str, float]]:
    """Kind and hour of every entry."""
    return [(one.kind, (one.at - MONDAY) / timedelta(hours=1)) for one in history.entries]


def data(history: History, kind: str) -> list[dict]:
    return [one.data for one in history.entries if one.kind == kind]


def test_from_the_queue_to_a_person_to_the_end():
    history = told(
        ("queued", "East", "ana"), ("taken", "East", "ben"), ("won", "East", "ben"), ("won", "East", "system")
    )
    assert journal(history) == [
        ("handoff.offered", 0),
        ("handoff.reassigned", 1),
        ("handoff.accepted", 1),
        ("outcome.recorded", 2),
        ("handoff.won", 2),
    ]
    assert data(history, "handoff.offered") == [{"previous": None, "owner": None, "team": EAST}]
    assert data(history, "handoff.reassigned") == [{"from": None, "to": BEN, "cause": "taken", "team": EAST}]
    assert (history.state, history.owner, history.team) == ("won", "ben", "East")
    assert (history.offered_at, history.decided_at, history.closed_at) == (at(0), at(1), at(2))
    assert (history.decided_by, history.outcome) == ("ben", "won")


def test_who_begins_with_it_was_offered_it_and_took_it_at_once():
    history = told(("taken", "East", "ana"), ("taken", "East", "ana"))
    assert journal(history) == [("handoff.offered", 0), ("handoff.accepted", 0)]
    assert data(history, "handoff.offered") == [{"previous": None, "owner": ANA, "team": EAST}]
    assert (history.state, history.closed_at) == ("accepted", None)


def test_into_another_queue_it_is_nobodys_and_accepted_stays():
    history = told(
        ("taken", "East", "ana"), ("queued", "West", "ana"), ("queued", "West", "ben"), ("taken", "West", "ben")
    )
    assert journal(history)[2:] == [("handoff.released", 1), ("handoff.released", 2), ("handoff.reassigned", 3)]
    assert data(history, "handoff.released") == [
        {"from": ANA, "team": WEST, "cause": "queued"},
        {"from": None, "team": WEST, "cause": "queued"},
    ]
    assert data(history, "handoff.reassigned") == [{"from": None, "to": BEN, "cause": "taken", "team": WEST}]
    assert (history.state, history.decided_at, history.owner) == ("accepted", at(0), "ben")


def test_a_colleague_or_another_team_is_a_reassignment():
    history = told(("taken", "East", "ana"), ("taken", "East", "ben"), ("taken", "West", "ben"))
    assert data(history, "handoff.reassigned") == [
        {"from": ANA, "to": BEN, "cause": "moved", "team": EAST},
        {"from": BEN, "to": BEN, "cause": "moved", "team": WEST},
    ]
    assert len(data(history, "handoff.accepted")) == 1


def test_a_hold_goes_on_while_the_rows_say_so():
    history = told(
        ("taken", "East", "ana"),
        ("awaiting_reply", "East", "ana"),
        ("awaiting_reply", "East", "ben"),
        ("taken", "East", "ben"),
        ("won", "East", "ben"),
    )
    (hold,) = history.holds
    assert (hold.began_at, hold.ended_at, hold.ended_because) == (at(1), at(3), "released")
    assert (hold.by, hold.ended_by) == ("ana", "ben")
    assert hold.limit_at == at(1) + REASONS["awaiting_reply"].longest
    (resumed,) = data(history, "handoff.resumed")
    assert resumed == {
        "hold": str(hold.uid),
        "because": "released",
        "owed_by": "prospect",
        "began_at": at(1).isoformat(),
    }
    assert data(history, "handoff.held")[0]["owed_by"] == "prospect"


@pytest.mark.parametrize(
    ("row", "because"),
    [
        (("missing_context", "East", "ana"), "released"),
        (("queued", "East", "ana"), "decided"),
        (("taken", "West", "ana"), "decided"),
        (("awaiting_reply", "West", "ana"), "decided"),
        (("won", "East", "system"), "decided"),
    ],
)
def test_what_ends_a_hold(row, because):
    history = told(("awaiting_reply", "East", "ana"), row)
    assert (history.holds[0].ended_at, history.holds[0].ended_because) == (at(1), because)
    assert len(history.holds) == (2 if row[0] in REASONS else 1)
    resumed = [kind for kind, hour in journal(history) if hour == 1]
    assert resumed[0] == "handoff.resumed"


def test_a_hold_that_outlived_its_limit_ended_when_it_did():
    steps = [Step(at(0), "awaiting_reply", "East", "ana"), Step(at(9000), "taken", "East", "ana")]
    history = history_of(steps, Keys(REPS, TEAMS, lambda: UUID(int=1)))
    assert history.holds[0].limit_at == history.holds[0].ended_at == at(9000)


def test_a_close_that_something_follows_was_none():
    history = told(("taken", "East", "ana"), ("won", "East", "ana"), ("taken", "East", "ben"), ("won", "East", "ben"))
    assert [kind for kind, _ in journal(history)].count("handoff.won") == 1
    assert history.closed_at == at(3)


def test_a_close_in_another_team_is_the_end():
    history = told(("taken", "East", "ana"), ("won", "East", "ana"), ("won", "West", "system"))
    assert (history.team, history.closed_at, history.owner) == ("West", at(2), "ana")
    assert data(history, "handoff.reassigned") == [{"from": ANA, "to": ANA, "cause": "moved", "team": WEST}]


def test_closed_in_the_queue_its_acceptance_is_implied():
    history = told(("queued", "East", "ana"), ("won", "West", "system"))
    assert journal(history)[1:] == [
        ("handoff.released", 1),
        ("outcome.recorded", 1),
        ("handoff.accepted", 1),
        ("handoff.won", 1),
    ]
    assert data(history, "handoff.released") == [{"from": None, "team": WEST, "cause": "moved"}]
    assert data(history, "handoff.accepted") == [{"implied_by": "won"}]
    assert (history.decided_at, history.decided_by, history.owner) == (at(1), "", "")


def test_lost_before_anybody_took_it_is_recalled():
    history = told(("queued", "East", "ana"), ("lost", "East", "ana"))
    assert (history.state, history.outcome, history.decided_at, history.closed_at) == ("recalled", None, None, None)
    after = told(("taken", "East", "ana"), ("lost", "East", "ana"))
    assert (after.state, after.outcome, after.closed_at) == ("lost", "lost", at(1))


def test_a_single_close_is_a_whole_story():
    history = told(("won", "East", "ana"))
    assert (history.state, history.owner, history.offered_at) == ("won", "ana", history.closed_at)


@pytest.mark.parametrize("first", WORDS)
def test_every_sequence_of_three_makes_sense(first):
    for rest in itertools.product(WORDS, repeat=2):
        makes_sense((first, *rest))


def makes_sense(rows):
    history = told(*((what, ("East", "West")[place % 2], ("ana", "ben")[place % 2]) for place, what in enumerate(rows)))
    hours = [hour for _, hour in journal(history)]
    assert hours == sorted(hours)
    assert [kind for kind, _ in journal(history)].count("handoff.accepted") == (history.decided_at is not None)
    assert (history.decided_at is None) == (history.state in {"pending", "recalled"})
    assert (history.closed_at is not None) == (history.state in {"won", "lost"}) == (history.outcome is not None)
    for hold, later in itertools.zip_longest(history.holds, history.holds[1:]):
        assert hold.limit_at > hold.began_at
        assert later is None or hold.ended_at is not None
    assert all(one.ended_at for one in history.holds) or history.state == "accepted"
    owner = data(history, "handoff.offered")[0]["owner"]
    for entry in history.entries:
        if entry.kind in {"handoff.reassigned", "handoff.released"}:
            assert entry.data["from"] == owner
            owner = entry.data.get("to")
    assert owner == (str(REPS[history.owner]) if history.owner else None)

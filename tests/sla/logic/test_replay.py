"""Judging the past: what one history says, and that columns say the same as one handoff at a time."""

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.business_time import Calendar
from sla.logic.ladder import RULE_ACTIONS
from sla.logic.replay import How, as_it_stood, judge_one
from sla.logic.replay_facts import TALKED, Fact, Happening, Judge, instant, past_of
from sla.logic.replay_many import columns_of, judge_many
from sla.logic.rules import Rules
from sla.logic.rules_document import KEYS

MONDAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
ALWAYS = Calendar.from_dict(
    {
        "timezone": "UTC",
        "weekly": {key: [["00:00", "24:00"]] for key in DAYS},
    }
)
OFFICE = Calendar.from_dict(
    {
        "timezone": "Europe/Berlin",
        "weekly": {key: [["09:00", "12:00"], ["13:00", "17:30"]] for key in DAYS[:5]},
        "holidays": ["2026-11-25"],
    }
)
NIGHTS = Calendar.from_dict(
    {"timezone": "America/New_York", "weekly": {"mon": [["18:00", "02:00"]], "thu": [["20:00", "23:45"]]}}
)
UNTIL = MONDAY + 20 * 24 * HOUR


def judge(calendar=ALWAYS, *, of_reps=None, **targets) -> Judge:
    raw = {"name": "A", "valid_from": "2020-01-01T00:00:00+00:00", "calendar": "c", "targets": targets}
    return Judge((Rules.from_dict(raw),), (calendar,), of_reps=of_reps or {})


def story(*facts: tuple) -> list[Happening]:
    """Facts as (fact, hours after the offer, to), the offer to rep 1 before them unless they begin with one."""
    told = [Happening(fact, MONDAY + after * HOUR, *to) for fact, after, *to in facts]
    return told if told and told[0].fact is Fact.OFFERED else [Happening(Fact.OFFERED, MONDAY, 1), *told]


def clocks(judged: Judge, *facts: tuple, until=UNTIL):
    return judge_one(story(*facts), judged, rule=0, until=until)


def test_a_decision_in_time_keeps_the_promise_and_fires_nothing_later():
    steps = [{"action": "warn", "percent": 50}, {"action": "notify_manager", "minutes_after": 0}]
    one = clocks(judge(decide={"minutes": 60, "steps": steps}), (Fact.ACCEPTED, 0.75))[0]
    assert (one.how, one.due_at, one.ended_at) == (How.STOPPED, MONDAY + HOUR, MONDAY + 0.75 * HOUR)
    assert one.fired == (("warn", MONDAY + 30 * MINUTE),)


def test_what_nobody_answered_runs_until_the_story_ends():
    steps = [{"action": "expire", "minutes_after": 60}, {"action": "reassign", "minutes_after": 24 * 60 * 30}]
    one = clocks(judge(decide={"minutes": 60, "steps": steps[:1]}))[0]
    assert (one.how, one.ended_at, one.fired) == (How.OPEN, UNTIL, (("expire", MONDAY + 2 * HOUR),))


def test_a_recall_cancels():
    assert clocks(judge(decide={"minutes": 60}), (Fact.RECALLED, 0.5))[0].how is How.CANCELLED


def test_time_on_hold_does_not_count_but_only_for_whom_the_clock_waits():
    facts = [(Fact.HELD, 0.5, 0), (Fact.RESUMED, 10.5, 0), (Fact.ACCEPTED, 11)]
    assert clocks(judge(decide={"minutes": 60}), *facts)[0].due_at == MONDAY + 11 * HOUR
    through = judge(decide={"minutes": 60, "runs_through": ["marketing"]})
    assert clocks(through, *facts)[0].due_at == MONDAY + HOUR


def test_a_hold_that_is_still_open_keeps_the_clock_from_being_late():
    one = clocks(judge(decide={"minutes": 60}), (Fact.HELD, 0.5, 1))[0]
    assert one.due_at > UNTIL


def test_who_is_given_what_is_late_gets_time_of_their_own():
    first, second = clocks(judge(decide={"minutes": 60}), (Fact.GIVEN, 2, 2), (Fact.ACCEPTED, 2.5))
    assert (first.how, first.due_at, first.ended_at) == (How.CANCELLED, MONDAY + HOUR, MONDAY + 2 * HOUR)
    assert (second.how, second.started_at, second.due_at) == (How.STOPPED, MONDAY + 2 * HOUR, MONDAY + 3 * HOUR)


def test_what_is_given_in_time_keeps_its_clock():
    (only,) = clocks(judge(decide={"minutes": 60}), (Fact.GIVEN, 0.5, 2), (Fact.ACCEPTED, 2.5))
    assert only.due_at == MONDAY + HOUR


def test_finding_an_owner_runs_each_time_there_is_none():
    found = clocks(
        judge(owner={"minutes": 30}),
        (Fact.OFFERED, 0, 0),
        (Fact.GIVEN, 1, 1),
        (Fact.RELEASED, 2, 0),
        (Fact.GIVEN, 2.25, 2),
    )
    assert [(one.how, one.due_at < one.ended_at) for one in found] == [(How.STOPPED, True), (How.STOPPED, False)]


def test_an_undone_decision_is_as_if_it_had_not_been():
    judged = judge(decide={"minutes": 60}, qualify={"minutes": 600})
    facts = [(Fact.ACCEPTED, 0.5), (Fact.UNDONE, 0.6, Fact.ACCEPTED), (Fact.REJECTED, 3)]
    (only,) = clocks(judged, *facts)
    assert (only.how, only.ended_at) == (How.STOPPED, MONDAY + 3 * HOUR)
    assert [fact.fact for fact in as_it_stood(story(*facts))] == [Fact.OFFERED, Fact.REJECTED]


def test_a_lead_tried_before_the_acceptance_has_no_promise_of_a_first_attempt():
    judged = judge(first_attempt={"minutes": 60})
    assert clocks(judged, (Fact.ATTEMPTED, 0.5, 0), (Fact.ACCEPTED, 1)) == []
    assert len(clocks(judged, (Fact.ACCEPTED, 1), (Fact.ATTEMPTED, 1.5, 0))) == 1


@pytest.mark.parametrize(
    ("tries", "ended"),
    [
        ([(2, 0), (3, 0), (4, 0)], None),  # three calls are one channel
        ([(2, 0), (3, 0), (4, 1)], 4),
        ([(2, 0), (3, TALKED)], 3),  # a conversation is enough at once
        ([(0.5, 0), (2, 0), (3, 1)], None),  # what was tried before the acceptance does not count
    ],
)
def test_enough_attempts(tries, ended):
    judged = judge(depth={"days": 5, "attempts": 3, "channels": 2})
    facts = sorted([(Fact.ACCEPTED, 1), *((Fact.ATTEMPTED, after, kind) for after, kind in tries)], key=lambda f: f[1])
    (one,) = clocks(judged, *facts)
    assert (one.ended_at if one.how is How.STOPPED else None) == (ended and MONDAY + ended * HOUR)
    assert one.due_at == MONDAY + 6 * 24 * HOUR


def test_owner_hours_follow_the_owner():
    judged = judge(OFFICE, of_reps={2: ALWAYS}, decide={"minutes": 60, "counts_in": "owner"})
    assert clocks(judged)[0].due_at == MONDAY + 9 * HOUR
    assert clocks(judged, (Fact.GIVEN, 8.5, 2))[0].due_at == MONDAY + 9 * HOUR  # half an hour counted, half is left
    assert clocks(judged, (Fact.GIVEN, 3, 2))[0].due_at == MONDAY + 4 * HOUR


def test_steps_are_where_the_ladder_puts_them():
    steps = [
        {"action": "warn", "percent": 33},
        {"action": "notify_owner", "minutes_before": 7},
        {"action": "notify_manager", "minutes_after": 200},
    ]
    judged = judge(OFFICE, decide={"minutes": 500, "steps": steps})
    rule = judged.rules[0].targets["decide"]
    planned = ladder.plan(MONDAY, dt.timedelta(minutes=500), rule.steps, OFFICE)
    assert [(step.action, step.at) for step in planned.steps if step.ref >= 0] == list(clocks(judged)[0].fired)


CALENDARS = (ALWAYS, OFFICE, NIGHTS)
STARTS = ("offered", "unowned", "accepted", "returned")
ENDS = ("accepted", "rejected", "turned_back", "returned", "qualified", "won", "owned", "attempted", "talked")


@st.composite
def steps(draw, *, minutes):
    made = []
    for _ in range(draw(st.integers(0, 3))):
        before = draw(st.booleans())
        if before and minutes and minutes > 1 and draw(st.booleans()):
            made.append({"action": "warn", "minutes_before": draw(st.integers(1, minutes - 1))})
        elif before:
            made.append({"action": "notify_owner", "percent": draw(st.integers(1, 99))})
        else:
            action = draw(st.sampled_from(["notify_manager", "reassign", "raise_priority"]))
            made.append({"action": action, "minutes_after": draw(st.integers(0, 4000))})
    return made


@st.composite
def targets(draw):
    found = {}
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)):
        minutes = draw(st.one_of(st.none(), st.integers(1, 6000)))
        target = {"minutes": minutes, "days": None if minutes else draw(st.integers(1, 6))}
        target["counts_in"] = draw(st.sampled_from(["policy", "policy", "owner"]))
        if key == "depth":
            target |= {"attempts": draw(st.integers(1, 3)), "channels": draw(st.integers(1, 3))}
        elif draw(st.integers(0, 3)) == 0:
            starts = set(draw(st.lists(st.sampled_from(STARTS), min_size=1, max_size=2)))
            target |= {
                "starts": sorted(starts),
                "stops": sorted(set(draw(st.lists(st.sampled_from(ENDS), min_size=1, max_size=4))) - starts),
                "cancels": sorted(set(draw(st.lists(st.sampled_from(ENDS), max_size=4))) - starts),
            }
            usual = {"recalled", "expired", "lost"}
            target["stops"] = target["stops"] or sorted(usual)
            target["cancels"] = target["cancels"] or sorted(usual - set(target["stops"])) or ["lost"]
        target["runs_through"] = draw(st.sampled_from([[], [], ["marketing"], ["prospect"]]))
        found[key] = target | {"steps": draw(steps(minutes=minutes))}
    return found


@st.composite
def histories(draw):
    facts = [Happening(Fact.OFFERED, MONDAY + draw(st.integers(0, 20_000)) * MINUTE, draw(st.integers(0, 3)))]
    held = decided = None
    for _ in range(draw(st.integers(0, 9))):
        at = facts[-1].at + draw(st.sampled_from([0, 0, 1, 60, 333, 1440])) * MINUTE
        kind = draw(st.sampled_from([*Fact, Fact.ACCEPTED, *[Fact.ATTEMPTED] * 6][1:]))
        if kind is Fact.HELD and held is None:
            held = draw(st.integers(0, 1))
            facts.append(Happening(kind, at, held))
        elif kind is Fact.RESUMED and held is not None:
            facts.append(Happening(kind, at, held))
            held = None
        elif kind is Fact.UNDONE and decided:
            facts.append(Happening(kind, at, decided))
            decided = None
        elif kind is Fact.ATTEMPTED:
            facts.append(Happening(kind, at, draw(st.integers(0, 3)) + draw(st.sampled_from([0, 0, TALKED]))))
        elif kind is Fact.GIVEN:
            facts.append(Happening(kind, at, draw(st.integers(1, 3))))
        elif kind not in {Fact.HELD, Fact.RESUMED, Fact.UNDONE}:
            decided = kind if kind in {Fact.ACCEPTED, Fact.REJECTED, Fact.TURNED_BACK} else None
            facts.append(Happening(kind, at))
    return facts


@settings(deadline=None, database=None, max_examples=500)
@given(targets(), st.lists(histories(), min_size=1, max_size=6), st.sampled_from(CALENDARS), st.integers(0, 30_000))
def test_columns_say_what_one_handoff_at_a_time_says(targets, histories, calendar, length):
    try:
        judged = judge(calendar, of_reps={2: NIGHTS, 3: ALWAYS}, **targets)
    except InvalidInput:
        reject()
    until = max(facts[0].at for facts in histories) + length * MINUTE
    told = [[fact for fact in facts if fact.at <= until] for facts in histories]
    expected = columns_of(
        [(who, one) for who, facts in enumerate(told) for one in judge_one(facts, judged, rule=0, until=until)]
    )
    assert rows(judge_many(past_of(told), judged, until=until)) == rows(expected)


def rows(found) -> tuple[Counter, Counter]:
    of_clocks = zip(found.who, found.target, found.started, found.due, found.ended, found.how, strict=True)
    of_steps = zip(found.step_who, found.step_action, found.step_at, strict=True)
    return (
        Counter((KEYS[target], int(who), *map(shown, instants), int(how)) for who, target, *instants, how in of_clocks),
        Counter((int(who), RULE_ACTIONS[action], shown(at)) for who, action, at in of_steps),
    )


def shown(at) -> str:
    return instant(int(at)).isoformat()

"""Who gets a lead, decided from values alone."""

import datetime as dt

import pytest

from feedback.logic.routing import ROUTING, Ask, Matched, Member, Refused, Rule, give, match
from feedback.logic.turns import Seat

NOW = dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
WEST, EAST = 1, 2


def condition(field, operator, value):
    return ROUTING.read(field, operator, value)


def rule(pk=1, *conditions, **more):
    return Rule(pk=pk, uid=f"rule{pk}", conditions=conditions, team=WEST, **more)


def member(pk, **more):
    return Member(pk=pk, uid=f"rep{pk}", team=WEST, **{"capacity": 50, **more})


def seats(*reps):
    return [Seat(pk=rep, rep=rep, weight=1) for rep in reps]


def given(*members, ask=None, loads=None, by_hours=True, only_team=None, matched=True):
    people = {one.pk: one for one in members}
    found = Matched(rule(by_hours=by_hours) if matched else None, ())
    return give(
        ask or Ask(facts={}),
        found,
        members=people,
        loads=loads or {},
        seats=seats(*people),
        only_team=only_team,
    )


def passed(result):
    return {step["rep"]: step["why"] for step in result.steps if step["what"] == "passed"}


def test_the_first_rule_of_which_everything_holds_takes_it_and_every_other_says_why_not():
    rules = [
        rule(1, condition("region", "in", "de, at"), condition("account_segment", "eq", "enterprise")),
        rule(2, team_is_active=False),
        rule(3, condition("lead_language", "prefix", "de")),
        rule(4),
    ]
    found = match(rules, {"region": "DE", "account_segment": "smb", "lead_language": "de-ch"})
    assert found.rule is rules[2]
    assert found.steps == (
        {"what": "rule", "rule": "rule1", "held": False, "condition": ["account_segment", "eq", "enterprise"]},
        {"what": "rule", "rule": "rule2", "held": False, "because": "inactive"},
        {"what": "rule", "rule": "rule3", "held": True},
    )
    assert match(rules, {}).rule is rules[3]
    assert match(rules[:2], {}).rule is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"is_active": False}, "inactive"),
        ({"is_benched": True}, "benched"),
        ({"away_until": MONDAY}, "away"),
        ({"capacity": 3}, "at_capacity"),
        ({"is_at_work": False, "opens_at": MONDAY}, "not_at_work"),
    ],
)
def test_who_cannot_is_passed_over_and_it_says_why(more, why):
    result = given(member(1, **more), member(2), loads={1: 3})
    assert result.rep == 2
    assert passed(result) == {"rep1": why}
    assert result.steps[-1] == {"what": "turn", "rep": "rep2", "rule": "rule1", "weight": 1, "of": 1, "owed": False}


@pytest.mark.parametrize("how", ["rejected", "returned", "turned_back"])
def test_who_said_no_to_this_lead_is_never_asked_again(how):
    ask = Ask(facts={}, refused={1: Refused(how=how, at=NOW)}, avoid=frozenset({2}))
    result = given(member(1), member(2), member(3), ask=ask)
    assert result.rep == 3
    assert passed(result) == {"rep1": how, "rep2": "avoided"}


def test_nobody_can_so_it_waits_in_the_queue_of_the_team():
    result = given(member(1, capacity=0), member(2, is_benched=True))
    assert (result.rep, result.team, result.rule, result.seats) == (None, WEST, "rule1", None)
    assert result.steps[-1] == {"what": "queue", "because": "nobody"}


def test_when_nobody_is_at_work_it_goes_to_whoever_begins_soonest():
    later = MONDAY + dt.timedelta(hours=1)
    people = [
        member(1, is_at_work=False, opens_at=later),
        member(2, is_at_work=False, opens_at=MONDAY),
        member(3, is_at_work=False),
    ]
    result = given(*people)
    assert result.rep == 2
    assert passed(result) == {"rep1": "not_at_work", "rep3": "not_at_work"}
    assert given(*people, by_hours=False).rep == 1
    never = [member(1, is_at_work=False), member(2, is_at_work=False)]
    assert given(*never).rep == 1


def test_the_owner_of_the_account_comes_before_every_rule_and_whatever_the_hour():
    result = given(member(1), member(2, is_at_work=False), ask=Ask(facts={}, owner=2))
    assert (result.rep, result.rule, result.seats) == (2, "", None)
    assert result.steps == ({"what": "owner", "rep": "rep2"},)


@pytest.mark.parametrize("more", [{"away_until": MONDAY}, {"is_active": False}, {"capacity": 0}, {"is_benched": True}])
def test_an_owner_who_cannot_falls_to_the_rules_and_the_trace_says_so(more):
    result = given(member(1), member(2, **more), ask=Ask(facts={}, owner=2))
    assert result.rep == 1
    assert (result.steps[0]["rep"], result.steps[0]["of"]) == ("rep2", "owner")


def test_without_a_rule_it_goes_to_the_only_team_or_nowhere():
    alone = given(matched=False, only_team=EAST)
    assert (alone.rep, alone.team, alone.steps) == (None, EAST, ({"what": "queue", "because": "only_team"},))
    nowhere = given(matched=False)
    assert (nowhere.team, nowhere.steps) == (None, ({"what": "unrouted"},))

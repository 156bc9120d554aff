"""Who gets a lead, and why: the account's owner, else the first rule that holds, and in it whose turn it is."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback.logic.turns import Seat, take_turn
from leads.logic.conditions import NUMBER, TEXT, Condition, Facts, FieldKind, Vocabulary
from leads.logic.facts import ICP

ROUTING = Vocabulary(
    {
        **ICP.fields,
        "channel": FieldKind("channel", TEXT),
        "campaign": FieldKind("campaign", TEXT),
        "fit": FieldKind("fit", NUMBER),
        "intent": FieldKind("intent", NUMBER),
    }
)
"""What routing rules may ask."""

Step = Mapping[str, Any]
"""One line of the trace, as it is journalled: {"what": ...} with keys, uids, numbers and ISO instants.

    owner    rep: the account's owner takes it
    rule     rule, held; when it did not hold, `because` inactive (its team) or condition [field, operator, value]
    passed   rep, why: inactive, away (until), benched, at_capacity (load, capacity), not_at_work (opens_at), rejected,
             returned or turned_back (at), avoided; of: owner (of the account) or line
    turn     rep, rule, weight, of (the weights of all who could), owed: they take it
    queue    team, because: nobody (can), or only_team (there is); it waits unassigned
    unrouted no rule takes it
"""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`team` is the row number of the team that takes it, `line` of the reps who stand in its line."""

    pk: int
    uid: str
    conditions: Sequence[Condition]
    team: int
    team_is_active: bool = True
    by_hours: bool = True


@dataclass(frozen=True, kw_only=True)
class Member:
    """A rep as routing sees them at one instant.

    `away_until` is the end of the absence they are in; benched has none. `opens_at` is when they begin to work (None:
    not in sight), of no meaning while they are at work.
    """

    pk: int
    uid: str
    team: int
    capacity: int
    is_active: bool = True
    is_benched: bool = False
    away_until: dt.datetime | None = None
    is_at_work: bool = True
    opens_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """That a rep said no to this very lead before: rejected, returned or turned_back."""

    how: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One lead to be routed. `owner` is the row number of the rep its account belongs to, `avoid` of those who shall
    not have it, `refused` what reps said to this lead before.
    """

    facts: Facts
    owner: int | None = None
    avoid: frozenset[int] = frozenset()
    refused: Mapping[int, Refused] = field(default_factory=dict)


@dataclass(frozen=True)
class Matched:
    """The first rule that holds, None when none does, with a step for each that was asked."""

    rule: Rule | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Given:
    """Where a lead goes: a rep, else the queue of a team, else nowhere. `seats` is the line after the turn, None when
    no turn was taken, and `seat` whose place it was.
    """

    steps: tuple[Step, ...]
    rep: int | None = None
    team: int | None = None
    rule: str = ""
    seats: tuple[Seat, ...] | None = None
    seat: int = 0


def match(rules: Sequence[Rule], facts: Facts) -> Matched:
    """The first of the rules, in their order, of which every condition holds. A rule without conditions always does."""
    steps: list[Step] = []
    for rule in rules:
        if not rule.team_is_active:
            steps.append({"what": "rule", "rule": rule.uid, "held": False, "because": "inactive"})
            continue
        failed = next((one for one in rule.conditions if not one.holds(facts)), None)
        if failed is None:
            steps.append({"what": "rule", "rule": rule.uid, "held": True})
            return Matched(rule, tuple(steps))
        condition = [failed.field, failed.operator, failed.written()]
        steps.append({"what": "rule", "rule": rule.uid, "held": False, "condition": condition})
    return Matched(None, tuple(steps))


def give(
    ask: Ask,
    matched: Matched,
    *,
    members: Mapping[int, Member],
    loads: Mapping[int, int],
    seats: Sequence[Seat],
    only_team: int | None,
) -> Given:
    """Where the lead goes. `seats` is the line of the matched rule, `loads` how many open handoffs each rep has,
    `only_team` the one active team, if there is but one, for what no rule takes.

    The account's owner takes it whatever the hour, unless inactive, away, benched, full or somebody who refused it:
    then the rules are asked.
    """
    steps: list[Step] = []
    if owner := members.get(ask.owner or 0):
        why_not = unable(owner, ask, loads=loads)
        if why_not is None:
            return Given(({"what": "owner", "rep": owner.uid},), rep=owner.pk, team=owner.team)
        steps.append({"what": "passed", "rep": owner.uid, "of": "owner", **why_not})
    steps += matched.steps
    rule = matched.rule
    if rule is None:
        if only_team is None:
            return Given((*steps, {"what": "unrouted"}))
        return Given((*steps, {"what": "queue", "because": "only_team"}), team=only_team)
    line = [members[seat.rep] for seat in seats if seat.rep in members]
    able, passed = _able(line, ask, loads=loads, by_hours=rule.by_hours)
    steps += [{"what": "passed", "rep": members[pk].uid, "of": "line", **why} for pk, why in passed.items()]
    if not able:
        return Given((*steps, {"what": "queue", "because": "nobody"}), team=rule.team, rule=rule.uid)
    turn = take_turn(seats, able)
    steps.append(
        {
            "what": "turn",
            "rep": members[turn.rep].uid,
            "rule": rule.uid,
            "weight": turn.weight,
            "of": turn.of,
            "owed": turn.was_owed,
        }
    )
    team = members[turn.rep].team
    return Given(tuple(steps), rep=turn.rep, team=team, rule=rule.uid, seats=turn.seats, seat=turn.seat)


def unable(member: Member, ask: Ask, *, loads: Mapping[int, int]) -> Step | None:
    """Why the rep cannot have this lead at any hour; None when they can."""
    if not member.is_active:
        return {"why": "inactive"}
    if member.pk in ask.avoid:
        return {"why": "avoided"}
    if refused := ask.refused.get(member.pk):
        return {"why": refused.how, "at": refused.at.isoformat()}
    if member.is_benched:
        return {"why": "benched"}
    if member.away_until:
        return {"why": "away", "until": member.away_until.isoformat()}
    load = loads.get(member.pk, 0)
    if load >= member.capacity:
        return {"why": "at_capacity", "load": load, "capacity": member.capacity}
    return None


def _able(
    line: Collection[Member], ask: Ask, *, loads: Mapping[int, int], by_hours: bool
) -> tuple[frozenset[int], dict[int, Step]]:
    """Who can have the lead, and why each of the others is passed over.

    By hours, only who is at work; when nobody is, whoever begins soonest.
    """
    passed = {one.pk: why for one in line if (why := unable(one, ask, loads=loads))}
    able = [one for one in line if one.pk not in passed]
    if by_hours and able:
        at_work = [one for one in able if one.is_at_work]
        if not at_work:
            soonest = min((one.opens_at for one in able if one.opens_at), default=None)
            at_work = [one for one in able if one.opens_at == soonest]
        taken = {one.pk for one in at_work}
        passed |= {one.pk: _not_at_work(one) for one in able if one.pk not in taken}
        able = at_work
    return frozenset(one.pk for one in able), passed


def _not_at_work(member: Member) -> Step:
    return {"why": "not_at_work", "opens_at": member.opens_at.isoformat() if member.opens_at else None}

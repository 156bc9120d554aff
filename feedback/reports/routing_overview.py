"""The rules as they stand: who is in which line, how often each had their turn, and who could take one now."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum

from feedback.logic.routing import Member
from feedback.models import Rep, RoutingRule, Turn, TurnDay
from feedback.reports.routing import lines, loads, members

WINDOW = dt.timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rep in a line: how many turns they took in the window, what they have open and how they stand now."""

    rep: Rep
    member: Member
    weight: int
    owed: int
    taken_count: int
    load: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """A rule with its line; `taken_count` are the turns that those in the line took in the window."""

    rule: RoutingRule
    places: Sequence[Place]
    taken_count: int


def overview(*, at: dt.datetime) -> list[Line]:
    """Every rule in the order in which rules are asked; a fixed number of statements."""
    rules = list(RoutingRule.objects.select_related("team"))
    turns = list(Turn.objects.filter(rule__in=rules).select_related("rule").order_by("pk"))
    of_teams = Q(team__in=[rule.team_id for rule in rules], is_active=True)
    found = Rep.objects.filter(of_teams | Q(pk__in=[turn.rep_id for turn in turns])).select_related("user", "team")
    reps = {rep.pk: rep for rep in found}
    everybody = [*turns, *_newcomers(rules, turns, reps)]
    standing, load = members(reps, at=at, by_hours=True), loads(reps)
    days = TurnDay.objects.filter(turn__in=turns, taken_on__gt=(at - WINDOW).date()).order_by()
    taken: dict[int, int] = dict(days.values_list("turn").annotate(Sum("count")))
    by_rule = lines(everybody, reps)
    result = []
    for rule in rules:
        places = [
            Place(
                rep=reps[seat.rep],
                member=standing[seat.rep],
                weight=seat.weight,
                owed=seat.owed,
                taken_count=taken.get(seat.pk, 0),
                load=load.get(seat.rep, 0),
            )
            for seat in by_rule.get(rule.pk, [])
        ]
        result.append(Line(rule=rule, places=places, taken_count=sum(place.taken_count for place in places)))
    return result


def _newcomers(rules: Sequence[RoutingRule], turns: Sequence[Turn], reps: dict[int, Rep]) -> list[Turn]:
    """Places of those who stand in the line of a rule because of their team, and have had no turn yet."""
    named = {turn.rule_id for turn in turns if turn.is_member}
    known = {(turn.rule_id, turn.rep_id) for turn in turns}
    return [
        Turn(pk=-rep.pk, rule=rule, rep=rep, is_member=False)
        for rule in rules
        if rule.pk not in named
        for rep in reps.values()
        if rep.team_id == rule.team_id and rep.is_active and (rule.pk, rep.pk) not in known
    ]

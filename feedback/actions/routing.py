"""Giving leads to reps, turn by turn."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from django.db import connection, transaction

from feedback.logic import routing as logic
from feedback.logic.turns import Seat
from feedback.models import Handoff, Rep, Turn
from feedback.reports.routing import (
    ROUTED,
    Asked,
    Matches,
    Route,
    candidates,
    lines,
    loads,
    matches,
    members,
    route_of,
    teams_of,
)
from leads.actions.bulk import update_rows
from leads.models import JournalEntry

__all__ = ["Asked", "Route", "give_back", "route_many", "take_back"]


@transaction.atomic
def route_many(asked: Sequence[Asked], *, at: dt.datetime) -> list[Route]:
    """Where each goes, in order, as of `at`; each takes its turn and its place before the next is looked at.

    A fixed number of statements, whatever the number. Locks the reps that come into question and their turns, in the
    order of their row numbers, until the transaction ends: of two offers at once the second sees what the first gave.
    """
    if not asked:
        return []
    found = matches(asked)
    _seat_teams(found)
    locking = Rep.objects.select_for_update(no_key=True, of=("self",)).select_related("user", "team")
    reps = {rep.pk: rep for rep in locking.filter(candidates(found)).order_by("pk")}
    turns = Turn.objects.select_for_update(no_key=True, of=("self",)).select_related("rule")
    rows = {turn.pk: turn for turn in turns.filter(rule__in=found.rule_ids).order_by("pk")}
    by_rule = lines(rows.values(), reps)
    seen, load = members(reps, at=at, by_hours=found.by_hours), loads(reps)
    teams = teams_of(found)
    routes: list[Route] = []
    taken: Counter[int] = Counter()
    moved: dict[int, Seat] = {}
    for ask, matched in zip(found.asks, found.matched, strict=True):
        rule = matched.rule.pk if matched.rule else 0
        given = logic.give(
            ask, matched, members=seen, loads=load, seats=by_rule.get(rule, []), only_team=found.only_team
        )
        if given.rep:
            load[given.rep] = load.get(given.rep, 0) + 1
        if given.seats is not None:
            by_rule[rule] = list(given.seats)
            moved |= {seat.pk: seat for seat in given.seats}
            taken[given.seat] += 1
        routes.append(route_of(given, reps=reps, teams=teams))
    _keep(rows, moved)
    _count(taken, on=at.astimezone(dt.UTC).date())
    return routes


def _keep(rows: dict[int, Turn], moved: dict[int, Seat]) -> None:
    changed = [rows[pk] for pk, seat in moved.items() if (seat.credit, seat.owed) != (rows[pk].credit, rows[pk].owed)]
    for row in changed:
        row.credit, row.owed = moved[row.pk].credit, moved[row.pk].owed
    update_rows(Turn, changed, ("credit", "owed"))


def _count(taken: Counter[int], *, on: dt.date) -> None:
    """Add the turns to those of the day. Their seats are locked."""
    if not taken:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO feedback_turnday AS kept (turn_id, taken_on, count)"
            " SELECT turn_id, %s, taken FROM unnest(%s::bigint[], %s::int[]) AS given (turn_id, taken) ORDER BY turn_id"
            " ON CONFLICT (turn_id, taken_on) DO UPDATE SET count = kept.count + excluded.count",
            [on, list(taken), list(taken.values())],
        )


def _seat_teams(found: Matches) -> None:
    """Give every rep of the team a place in the line of a rule that names no members; one statement."""
    if not found.rule_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO feedback_turn (rule_id, rep_id, weight, credit, owed, is_member)"
            " SELECT rule.id, rep.id, 1, 0, 0, false"
            " FROM feedback_routingrule rule JOIN feedback_rep rep ON rep.team_id = rule.team_id AND rep.is_active"
            " WHERE rule.id = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM feedback_turn t WHERE t.rule_id = rule.id AND t.is_member)"
            " AND NOT EXISTS (SELECT FROM feedback_turn t WHERE t.rule_id = rule.id AND t.rep_id = rep.id)"
            " ORDER BY rule.id, rep.id ON CONFLICT (rule_id, rep_id) DO NOTHING",
            [found.rule_ids],
        )


def give_back(handoff: Handoff) -> str:
    """The uid of the rule in whose line the owner of the handoff is owed a turn from now on; "" when they took none
    for it. Locks the turn.
    """
    found = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind=ROUTED).order_by("id").last()
    took_turn = found is not None and any(step["what"] == "turn" for step in found.data["steps"])
    if found is None or not took_turn or handoff.owner is None or found.data["owner"] != str(handoff.owner.uid):
        return ""
    turn = _place_of(handoff, rule=found.data["rule"])
    if turn is None:
        return ""
    turn.owed += 1
    turn.save(update_fields=["owed"])
    return str(found.data["rule"])


def take_back(handoff: Handoff, *, rule: str) -> bool:
    """Whether the turn that `give_back` owed in the rule with this uid is owed no longer: False when it was taken
    before. One in a line that is gone went with it. Locks the turn.
    """
    turn = _place_of(handoff, rule=rule)
    if turn is None:
        return True
    if not turn.owed:
        return False
    turn.owed -= 1
    turn.save(update_fields=["owed"])
    return True


def _place_of(handoff: Handoff, *, rule: str) -> Turn | None:
    """The place of the handoff's owner in the rule's line, locked; None when it is gone."""
    turns = Turn.objects.select_for_update(no_key=True, of=("self",))
    return turns.filter(rule__uid=rule, rep=handoff.owner).first()

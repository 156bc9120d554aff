"""What really happened to handoffs that the judged rules apply to: clocks, steps, tellings, as they stood at `until`.

The others are left out, so that like is compared with like.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from sla.logic.replay_tally import Tally

# The piece of the past, chosen with the parameters of replay_reading.
_PIECE = """
    FROM feedback_handoff h JOIN unnest(%(ruled)s::bigint[]) AS ruled (id) ON ruled.id = h.id
    JOIN sla_clock c ON c.handoff_id = h.id
    WHERE h.offered_at >= %(begins_at)s AND h.offered_at < %(ends_at)s
        AND (h.offered_at, h.id) > (%(after_at)s, %(after_id)s) AND (h.offered_at, h.id) <= (%(last_at)s, %(last_id)s)
"""

# A held clock is late only if it was before.
_CLOCKS = f"""
SELECT team_id, target,
    count(*) FILTER (WHERE NOT is_late AND is_over AND state = 'stopped'),
    count(*) FILTER (WHERE is_late),
    count(*) FILTER (WHERE NOT is_late AND NOT is_over),
    count(*) FILTER (WHERE NOT is_late AND is_over AND state <> 'stopped')
FROM (
    SELECT h.team_id, c.target, c.state, coalesce(c.stopped_at <= %(until)s, false) AS is_over,
        CASE WHEN c.stopped_at <= %(until)s THEN c.due_at < c.stopped_at
             WHEN c.state = 'held' THEN c.breached_at IS NOT NULL
             ELSE c.due_at < %(until)s END AS is_late
    {_PIECE} AND c.started_at <= %(until)s
) judged GROUP BY 1, 2
"""

_PROMISED = f"SELECT h.team_id, count(DISTINCT h.id) {_PIECE} AND c.started_at <= %(until)s GROUP BY 1"

_STEPS = f"""
SELECT h.team_id, e.action, count(*), count(DISTINCT h.id)
{_PIECE.replace("WHERE", "JOIN sla_escalation e ON e.clock_id = c.id WHERE", 1)}
    AND e.action <> 'breach' AND e.fired_at <= %(until)s
GROUP BY 1, 2
"""

_TOLD = f"""
SELECT t.user_id, floor(extract(epoch FROM t.created_at) / 3600)::bigint, count(*)
{_PIECE.replace("WHERE", "JOIN sla_telling t ON t.clock_id = c.id WHERE", 1)}
    AND t.action = 'notify_manager' AND t.created_at <= %(until)s
GROUP BY 1, 2
"""


def real_tally(chosen: Mapping[str, Any]) -> Tally:
    """What happened to the handoffs that the parameters of a piece choose; four statements. `told` is by user."""
    found = Tally()
    if not chosen["ruled"]:
        return found
    for team, target, *counts in _rows(_CLOCKS, chosen):
        found.team(team).clocks[target] = counts
    for team, count in _rows(_PROMISED, chosen):
        found.team(team).promised = count
    for team, action, count, handoffs in _rows(_STEPS, chosen):
        ours = found.team(team)
        ours.steps[action] = count
        if action == "reassign":
            ours.reassigned = handoffs
        elif action in {"expire", "return_to_marketing"}:
            ours.ended += handoffs
    for user, hour, count in _rows(_TOLD, chosen):
        found.tell(user, hour, count)
    return found


def _rows(statement: str, given: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        yield from cursor.fetchall()

"""What a person was to be told, and whether it is still true."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection

STILL_TRUE = """(
    c.state = 'running' AND c.acknowledged_at IS NULL AND lead.suppressed_at IS NULL AND person.is_active AND CASE
        WHEN t.action <> 'notify_manager' AND owner.id IS NOT NULL THEN owner.user_id = t.user_id
        ELSE EXISTS (SELECT 1 FROM feedback_team_managers m WHERE m.team_id = h.team_id AND m.user_id = t.user_id)
             OR NOT EXISTS (SELECT 1 FROM feedback_team_managers m WHERE m.team_id = h.team_id)
    END
)"""
"""Of a telling t with its clock c, handoff h, lead, active owner and person: nobody has answered, no manager has
acknowledged it, the lead may be contacted, and the person is still the one to hear of it: the owner, else who manages
the team, else operations.
"""

JOINED = """
    JOIN sla_clock c ON c.id = t.clock_id
    JOIN feedback_handoff h ON h.id = c.handoff_id
    JOIN auth_user person ON person.id = t.user_id
    LEFT JOIN leads_lead lead ON lead.id = h.lead_id
    LEFT JOIN feedback_rep owner ON owner.id = h.owner_id AND owner.is_active
"""

_TOLD_TOGETHER = f"""
WITH latest AS (
    SELECT DISTINCT ON (c.handoff_id) c.handoff_id, t.clock_id, t.step, c.step_ats[t.step + 1] AS step_at
    FROM sla_telling t {JOINED}
    WHERE t.user_id = %(user_id)s AND t.told_at = %(told_at)s AND {STILL_TRUE}
    ORDER BY c.handoff_id, c.step_ats[t.step + 1] DESC
)
SELECT handoff_id, clock_id, step, count(*) OVER () FROM latest ORDER BY step_at DESC, clock_id DESC LIMIT %(most)s
"""


@dataclass(frozen=True)
class ToldTogether:
    """How many handoffs a digest is about by now, and the most urgent of them as (handoff, clock, step), newest
    first.
    """

    count: int
    first: list[tuple[int, int, int]]


def told_together(user_id: int, told_at: dt.datetime, *, most: int = 10) -> ToldTogether:
    """What the digest that was written for this person at `told_at` still has to say; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD_TOGETHER, {"user_id": user_id, "told_at": told_at, "most": most})
        rows = cursor.fetchall()
    return ToldTogether(rows[0][3] if rows else 0, [(handoff, clock, step) for handoff, clock, step, _ in rows])

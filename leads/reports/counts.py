"""The counts by day, counted anew from the engagements themselves: what EngagementDay must say."""

from collections.abc import Iterator

from django.db import connection

_COUNTED = """
SELECT lead_id, account_id, CASE WHEN lead_id IS NULL THEN visitor_id END AS visitor_id, kind, page_group, confidence,
    (occurred_at AT TIME ZONE 'UTC')::date AS happened_on, count(*)::int, coalesce(sum(duration_seconds), 0)::bigint,
    max(occurred_at)
FROM leads_engagement GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_KEPT = """
SELECT lead_id, account_id, visitor_id, kind, page_group, confidence, happened_on, count, duration_seconds, last_at
FROM leads_engagementday
"""
_OTHERWISE = f"""
SELECT 'counted', * FROM ({_COUNTED} EXCEPT {_KEPT}) AS counted
UNION ALL SELECT 'kept', * FROM ({_KEPT} EXCEPT {_COUNTED}) AS kept
ORDER BY 2, 3, 4, 5, 6, 7, 8, 1 LIMIT %s
"""


def differences(limit: int = 100) -> Iterator[tuple[object, ...]]:
    """What EngagementDay says otherwise than a recount, at most `limit` lines: ("counted" or "kept", lead, account,
    visitor, kind, page group, confidence, day, count, seconds, last instant). Reads every engagement; one statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OTHERWISE, [limit])
        yield from cursor.fetchall()

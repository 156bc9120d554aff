"""Counting what somebody asks of us, exactly, however many processes count."""

import math
from dataclasses import dataclass

from leads.actions.prepared import prepared_cursor

LONGEST_WINDOW_SECONDS = 3600

# One statement: what no longer fits changes nothing, so who hammers on writes nothing and waits no longer for it.
_SPEND = """
INSERT INTO leads_allowance AS spent (key, count, window_started_at)
SELECT %(key)s, %(amount)s, clock_timestamp() WHERE %(amount)s <= %(limit)s
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN spent.window_started_at <= clock_timestamp() - make_interval(secs => %(seconds)s)
                 THEN %(amount)s ELSE spent.count + %(amount)s END,
    window_started_at = CASE WHEN spent.window_started_at <= clock_timestamp() - make_interval(secs => %(seconds)s)
                             THEN clock_timestamp() ELSE spent.window_started_at END
WHERE spent.window_started_at <= clock_timestamp() - make_interval(secs => %(seconds)s)
   OR spent.count + %(amount)s <= %(limit)s
RETURNING count, extract(epoch FROM window_started_at - clock_timestamp())::float + %(seconds)s
"""
_LEFT = """
SELECT count, extract(epoch FROM window_started_at - clock_timestamp())::float + %(seconds)s
FROM leads_allowance WHERE key = %(key)s
"""
_FORGET = """
DELETE FROM leads_allowance WHERE key IN (
    SELECT key FROM leads_allowance WHERE window_started_at < clock_timestamp() - make_interval(secs => %s)
    ORDER BY window_started_at LIMIT 20 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What is left of an allowance. `wait_seconds` is 0 when the request may go on; `reset_seconds` is when the window
    ends and all of it is there again.
    """

    limit: int
    remaining: int
    reset_seconds: int
    wait_seconds: int


def spend(key: str, *, limit: int, seconds: int = 60, amount: int = 1) -> int:
    """How many seconds the caller has to wait; 0: it may go on, and `amount` of its `limit` is spent. See spent()."""
    return spent(key, limit=limit, seconds=seconds, amount=amount).wait_seconds


def spent(key: str, *, limit: int, seconds: int = 60, amount: int = 1) -> Spent:
    """What is left for `key` (at most 100 characters) once `amount` is spent, or, when that is more than is left, what
    was left: then nothing is spent.

    A window lasts `seconds`, at most LONGEST_WINDOW_SECONDS, from the first request in it, by the database's clock, and
    is never prolonged. Locks the key's row to the end of the transaction: call it outside of one.
    """
    if not 0 < seconds <= LONGEST_WINDOW_SECONDS:
        raise ValueError(f"A window lasts up to {LONGEST_WINDOW_SECONDS} seconds, not {seconds}.")
    given: dict[str, str | int | None] = {"key": key, "limit": limit, "seconds": seconds, "amount": amount}
    with prepared_cursor() as cursor:
        cursor.execute(_SPEND, given)
        row = cursor.fetchone()
        passes = row is not None
        if not passes:
            cursor.execute(_LEFT, given)
            row = cursor.fetchone()
        elif row[0] == amount:  # A window began: of the many that once did, take some away.
            cursor.execute(_FORGET, [2 * LONGEST_WINDOW_SECONDS])
    count, left_seconds = row or (0, seconds)
    reset_seconds = min(max(math.ceil(left_seconds), 1), seconds)
    return Spent(
        limit=limit,
        remaining=max(limit - count, 0),
        reset_seconds=reset_seconds,
        wait_seconds=0 if passes else reset_seconds,
    )

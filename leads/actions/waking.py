"""Judging anew without anything done: who was held back when that is over, when asked, and once a day; everybody under
a new agreement that is to look back.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.db import connection

# Waits for nobody, and holds nobody up: whoever is being scored has their turn again after that.
_WAKE = """
WITH due AS (
    UPDATE leads_standing SET again_at = NULL WHERE id = ANY(ARRAY(
        SELECT id FROM leads_standing WHERE again_at <= clock_timestamp()
        ORDER BY again_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING lead_id, account_id)
INSERT INTO leads_touched (lead_id, account_id) SELECT lead_id, account_id FROM due
"""
# So many a second, from now on: whoever does something meanwhile does not wait for all of them.
_IN_TURN = """
INSERT INTO leads_touched (lead_id, account_id, not_before_at)
SELECT lead_id, account_id, clock_timestamp() + interval '1 second' * ((row_number() OVER () - 1) / 500)
FROM ({}) AS those
"""
# Whoever waits already does not wait twice, however often somebody asks.
_LOOK_AGAIN = _IN_TURN.format("""
SELECT lead_id, account_id FROM leads_standing WHERE NOT held_back = ''
EXCEPT SELECT lead_id, account_id FROM leads_touched
""")
# Those at the accounts, not only the leads themselves: one handoff of an account keeps all of it waiting.
_ENDED = """
INSERT INTO leads_touched (lead_id, account_id)
SELECT lead_id, account_id FROM leads_standing
WHERE NOT rule = '' AND (lead_id = ANY(%(leads)s) OR account_id = ANY(%(accounts)s)
    OR lead_id = ANY(ARRAY(SELECT id FROM leads_lead WHERE account_id = ANY(%(accounts)s))))
"""
_EVERYBODY = _IN_TURN.format("""
SELECT DISTINCT lead_id, NULL::bigint AS account_id FROM leads_engagementday
WHERE lead_id IS NOT NULL AND happened_on >= %(since)s
UNION ALL
SELECT DISTINCT NULL::bigint, account_id FROM leads_engagementday
WHERE account_id IS NOT NULL AND happened_on >= %(since)s
""")


def wake(limit: int = 500) -> int:
    """How many of those whose time has come (Standing.again_at) are to be judged anew; one statement, in a transaction
    of its own.
    """
    return _run(_WAKE, [limit])


def look_again() -> int:
    """How many of those held back are to be judged anew, 500 a second: all who do not wait for that already. One
    statement, no locks.
    """
    return _run(_LOOK_AGAIN, [])


def wake_everybody(*, since: dt.date) -> int:
    """How many leads and accounts did something since that UTC day, all of whom are to be judged anew, 500 a second;
    one statement, no locks.
    """
    return _run(_EVERYBODY, {"since": since})


def wake_after(*, leads: Collection[int], accounts: Collection[int]) -> None:
    """Have whoever met a rule among these leads and accounts, and at these accounts, judged anew, now that sales is
    done with one of them; by primary key. One statement, no locks.
    """
    _run(_ENDED, {"leads": sorted(leads), "accounts": sorted(accounts)})


def _run(statement: str, params: Sequence[int] | Mapping[str, list[int] | dt.date]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)

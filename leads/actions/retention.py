"""Forgetting what was done too long ago to tell anything: engagements, their counts, and visitors nobody knows."""

import datetime as dt
from time import monotonic

from django.conf import settings
from django.db import connection, transaction

_BATCH = 10_000

# As an array the keys are looked up first; what somebody else has locked is left to the next batch.
_ENGAGEMENTS = """
DELETE FROM leads_engagement WHERE id = ANY(ARRAY(
    SELECT id FROM leads_engagement WHERE occurred_at < %s ORDER BY occurred_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_DAYS = """
DELETE FROM leads_engagementday WHERE id = ANY(ARRAY(
    SELECT id FROM leads_engagementday WHERE happened_on < %s ORDER BY happened_on LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_VISITORS = """
DELETE FROM leads_visitor WHERE id = ANY(ARRAY(
    SELECT id FROM leads_visitor AS visitor WHERE created_at < %s AND lead_id IS NULL
        AND NOT EXISTS (SELECT FROM leads_engagement WHERE visitor_id = visitor.id)
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_CUTOFF = """
SELECT (date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') - make_interval(months => %s)) AT TIME ZONE 'UTC'
"""


def forget_old(*, seconds: float = 20.0, batch: int = _BATCH) -> int:
    """How many engagements were removed because they are older than LEADLOOP_ENGAGEMENT_MONTHS; 0 months keep all.

    With them go the counts of days before the same UTC day, so that both still agree, and visitors of whom nothing is
    left and nobody knows who they were. Works in batches, each in its own transaction, until nothing is old or the
    seconds are up; whoever calls next goes on. Locks only what it removes.
    """
    months, until = settings.LEADLOOP_ENGAGEMENT_MONTHS, monotonic() + seconds
    if months <= 0:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CUTOFF, [months])
        before: dt.datetime = cursor.fetchone()[0]
    day = before.astimezone(dt.UTC).date()
    removed = _all(_ENGAGEMENTS, before, until=until, batch=batch)
    _all(_DAYS, day, until=until, batch=batch)
    if removed:
        _all(_VISITORS, before, until=until, batch=batch)
    return removed


def _all(statement: str, before: dt.date, *, until: float, batch: int) -> int:
    total = 0
    while monotonic() < until:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [before, batch])
            removed = cursor.rowcount
        total += removed
        if removed < batch:
            break
    return total

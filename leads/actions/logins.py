"""Counting tries to sign in, before a password is looked at."""

from collections.abc import Mapping

from django.db import connection, transaction

from leads.models import LoginTries

WINDOW_MINUTES = 15

# One statement: every counter is raised and read at once, in the order of its key so that two tries never wait
# crosswise.
_COUNT = """
INSERT INTO leads_logintries AS tries (key, failed_count, window_started_at)
SELECT key, 1, clock_timestamp() FROM unnest(%(keys)s::text[]) AS key ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    failed_count = CASE WHEN tries.window_started_at < clock_timestamp() - make_interval(mins => %(minutes)s)
                        THEN 1 ELSE tries.failed_count + 1 END,
    window_started_at = CASE WHEN tries.window_started_at < clock_timestamp() - make_interval(mins => %(minutes)s)
                             THEN clock_timestamp() ELSE tries.window_started_at END
RETURNING key, failed_count
"""
_SUCCEEDED = "UPDATE leads_logintries SET failed_count = greatest(failed_count - 1, 0) WHERE key = ANY(%(keys)s)"
_FORGET = """
DELETE FROM leads_logintries WHERE key IN (
    SELECT key FROM leads_logintries WHERE window_started_at < clock_timestamp() - interval '1 day'
    ORDER BY window_started_at LIMIT 20 FOR UPDATE SKIP LOCKED)
"""


@transaction.atomic
def count_try(limits: Mapping[str, int]) -> bool:
    """Whether the try may go on: every counter named in `limits` is raised by one and then within its limit.

    Counted before the password is checked, so that parallel tries cannot slip through together. A window lasts
    WINDOW_MINUTES from its first try and is never prolonged: who is locked out by somebody else waits no longer than
    that.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"keys": list(limits), "minutes": WINDOW_MINUTES})
        counts = dict(cursor.fetchall())
        cursor.execute(_FORGET)
    return all(counts[key] <= limit for key, limit in limits.items())


@transaction.atomic
def count_success(keys: list[str], *, cleared: list[str]) -> None:
    """Take the try back from `keys`, which others share, and start `cleared` anew: only failures are held against
    anybody.
    """
    LoginTries.objects.filter(key__in=cleared).delete()
    with connection.cursor() as cursor:
        cursor.execute(_SUCCEEDED, {"keys": keys})

"""What a request with an Idempotency-Key was answered, to be said again when the request comes again."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from leads.actions.prepared import prepared_cursor
from leads.models import Answered

KEPT_FOR = dt.timedelta(days=7)
_BATCH = 1_000
_MOST_BATCHES = 200
_CLAIM = """
INSERT INTO leads_answered (user_id, key, digest, headers, body) VALUES (%s, %s, %s, '{}', '')
ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""
_FORGET = """
DELETE FROM leads_answered WHERE id IN (
    SELECT id FROM leads_answered WHERE created_at < %s ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it goes out: the body byte by byte."""

    status: int
    headers: dict[str, str]
    body: str


def claim(user_id: int, key: str, *, digest: str) -> Answered | None:
    """None when nobody of this user used the key before, which then is taken; else what was answered.

    Belongs in the transaction of the work, before it: while another request with this key is under way, this one waits
    for it to end, so that no key can be left taken by a process that died. Raises OperationalError when the wait is
    longer than lock_timeout.
    """
    while True:
        with prepared_cursor() as cursor:
            cursor.execute(_CLAIM, [user_id, key, digest])
            if cursor.fetchone() is not None:
                return None
        # Nothing is found when it was just forgotten: then the key is free.
        if found := Answered.objects.filter(user_id=user_id, key=key).first():
            return found


def keep(user_id: int, key: str, answer: Answer) -> None:
    """Write the answer beside the claimed key, in the same transaction."""
    Answered.objects.filter(user_id=user_id, key=key).update(
        status=answer.status, headers=answer.headers, body=answer.body
    )


def forget() -> int:
    """How many answers older than KEPT_FOR were removed, a batch a statement and transaction."""
    before, removed_count = timezone.now() - KEPT_FOR, 0
    for _ in range(_MOST_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [before, _BATCH])
            removed_count += cursor.rowcount
            if cursor.rowcount < _BATCH:
                break
    return removed_count

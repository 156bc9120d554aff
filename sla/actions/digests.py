"""Writing the notices and mails of what people are to be told: never more than they can read."""

import datetime as dt
import logging
import random
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from leads.actions.clock import database_now
from sla.actions.digests_sql import LOCK, WAITING, WRITE, WRITTEN
from sla.logic.storms import Storm
from sla.reports.quiet import QuietHours

log = logging.getLogger(__name__)

BATCH = 250
"""How many people one transaction writes to."""

_LOCK_SPACE = 20_615_001
_MICROSECOND = dt.timedelta(microseconds=1)


def write_messages() -> int:
    """How many messages were written: for everybody with something to hear who may get a message now.

    One transaction for up to BATCH people, each locked; whom somebody else writes to right now is left to them. Where a
    batch fails its people are taken one by one; who fails alone is logged and tried again by the next call. Business
    time is looked up here and not in SQL: mails wait until the person's hours begin.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        people = [user_id for (user_id,) in cursor.fetchall()]
    if not people:
        return 0
    quiet = QuietHours.read(people)
    # Two who write at once begin in different places.
    random.shuffle(people)
    batches = [people[start : start + BATCH] for start in range(0, len(people), BATCH)]
    return sum(_write_or_split(batch, quiet) for batch in batches)


def _write_or_split(users: Sequence[int], quiet: QuietHours) -> int:
    try:
        return _write(users, quiet)
    except Exception:
        log.warning("messages for %s people could not be written", len(users), exc_info=True)
        return sum(_write_or_split([one], quiet) for one in users) if len(users) > 1 else 0


@transaction.atomic
def _write(users: Sequence[int], quiet: QuietHours) -> int:
    storm = Storm(settings.LEADLOOP_DIGEST_ABOVE, dt.timedelta(minutes=settings.LEADLOOP_DIGEST_MINUTES))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"users": list(users), "space": _LOCK_SPACE})
        mine = [user_id for (user_id,) in cursor.fetchall()]
        now = database_now()
        leaves = {user_id: quiet.ends(user_id, now=now) for user_id in mine}
        keys = [key for user_id in mine for key in storm.keys(user_id, leaves[user_id])]
        cursor.execute(WRITTEN, {"keys": keys})
        written = dict(cursor.fetchall())
        allowed = {
            user_id: storm.allowance(user_id, now=now, leaves_at=leaves[user_id], written=written) for user_id in mine
        }
        ready = [user_id for user_id in mine if allowed[user_id].singles or allowed[user_id].may_digest]
        if not ready:
            return 0
        values: dict[str, Any] = {
            "users": ready,
            "singles": [allowed[user_id].singles for user_id in ready],
            "firsts": [allowed[user_id].first for user_id in ready],
            "may_digests": [allowed[user_id].may_digest for user_id in ready],
            "stretches": [allowed[user_id].stretch for user_id in ready],
            "mail_ats": [leaves[user_id] for user_id in ready],
            "told_at": now,
            "together_at": now + _MICROSECOND,
        }
        cursor.execute(WRITE, values)
        count: int = cursor.fetchone()[0]
    return count

"""What leaves the system: written with its cause, claimed under a lease, settled once."""

import datetime as dt
import random
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.errors import NotFound, StateConflict
from leads.logic.retries import next_wait
from leads.models import Delivery, OutboxMessage

LEASE = dt.timedelta(seconds=30)
"""How long a claimed message belongs to who claimed it; longer than a send may take (leads.smtp.DEADLINE)."""

MOST_IN_FLIGHT = 2
"""How many messages of a channel may be on their way at once: there is one mail server."""


def enqueue(
    channel: str, *, target: str, payload: dict[str, Any], dedup_key: str, handoff_uid: UUID | None = None
) -> None:
    """Write one message, unless `dedup_key` was used before. Belongs in the causing transaction.

    `payload` says {"renderer": name} and carries ids, never words: those are made at delivery (see renderers).
    """
    message = OutboxMessage(channel=channel, target=target, payload=payload, dedup_key=dedup_key)
    message.handoff_uid = handoff_uid
    enqueue_many([message])


def enqueue_many(messages: Iterable[OutboxMessage]) -> None:
    """Write the messages that are not there yet (by dedup_key); one statement. Belongs in the causing transaction."""
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)


# Two who claim at once take different rows (SKIP LOCKED). The in-flight count is politeness towards the server, not a
# promise; it reads only leases that end within the next half minute. statement_timestamp() is the database's clock and,
# unlike clock_timestamp(), lets the index outbox_due answer.
_CLAIM = """
UPDATE leads_outboxmessage SET
    lease_key = %(lease_key)s, attempt_count = LEAST(attempt_count + 1, 32767),
    not_before_at = statement_timestamp() + %(lease)s * interval '1 second'
WHERE id IN (
    SELECT id FROM leads_outboxmessage
    WHERE state = 'waiting' AND channel = %(channel)s AND not_before_at <= statement_timestamp() AND %(most)s > (
        SELECT count(*) FROM leads_outboxmessage
        WHERE state = 'waiting' AND channel = %(channel)s AND lease_key IS NOT NULL
          AND not_before_at > statement_timestamp()
          AND not_before_at <= statement_timestamp() + %(lease)s * interval '1 second'
    )
    ORDER BY not_before_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


def claim(channel: str) -> OutboxMessage | None:
    """The message of `channel` that is due longest, leased to the caller by its `lease_key`; None when there is none.

    Counts as a try. Commits at once: the caller sends outside any transaction, then settles: sent, stale, failed, dead.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM, {"lease_key": uuid4(), "lease": LEASE.total_seconds(), "channel": channel, "most": MOST_IN_FLIGHT}
        )
        row = cursor.fetchone()
    return OutboxMessage.objects.get(pk=row[0]) if row else None


def sent(message: OutboxMessage, *, remark: str = "") -> bool:
    """Settle as sent; `remark` tells what was odd about it. False when the lease was lost and nothing changed."""
    return _settle(message, Delivery.SENT, error=remark)


def stale(message: OutboxMessage) -> bool:
    """Settle as no longer needed. False when the lease was lost and nothing changed."""
    return _settle(message, Delivery.STALE, error="")


def dead(message: OutboxMessage, *, error: str) -> bool:
    """Settle as given up, without another try. False when the lease was lost and nothing changed."""
    return _settle(message, Delivery.DEAD, error=error)


def failed(message: OutboxMessage, *, error: str) -> bool:
    """Put the message back for its next try, or settle it as dead after the last. False when the lease was lost.

    See leads.logic.retries for the schedule.
    """
    now = database_now()
    jitter = random.uniform(-1, 1)
    wait = next_wait(message.attempt_count, age=now - message.created_at, jitter=jitter)
    if wait is None:
        return dead(message, error=error)
    return _held(message).update(lease_key=None, not_before_at=now + wait, last_error=error[:300]) == 1


@transaction.atomic
def retry(uid: UUID, *, by: Actor) -> OutboxMessage:
    """A dead message, waiting again with all its tries before it. NotFound, StateConflict. Locks it."""
    message = OutboxMessage.objects.select_for_update().filter(uid=uid).first()
    if message is None:
        raise NotFound("There is no such message.")
    if message.state != Delivery.DEAD:
        raise StateConflict(f"Only what was given up can be retried; this message is {message.get_state_display()}.")
    message.state, message.settled_at, message.lease_key = Delivery.WAITING, None, None
    message.attempt_count, message.not_before_at = 0, database_now()
    message.save(update_fields=["state", "settled_at", "lease_key", "attempt_count", "not_before_at"])
    data = {"message": str(message.uid), "channel": message.channel}
    journal.record(
        journal.Entry(
            kind="message.retried", by=by, at=message.not_before_at, handoff_uid=message.handoff_uid, data=data
        )
    )
    return message


def _held(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """The row while the caller's lease is the last one given: who slept through it cannot overwrite another's."""
    return OutboxMessage.objects.filter(pk=message.pk, lease_key=message.lease_key, state=Delivery.WAITING)


def _settle(message: OutboxMessage, state: Delivery, *, error: str) -> bool:
    values = {"state": state, "lease_key": None, "not_before_at": None, "last_error": error[:300]}
    return _held(message).update(**values, settled_at=Now()) == 1

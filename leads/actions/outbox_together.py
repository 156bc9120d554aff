"""Many messages to one target that leave as one: leased together, settled together."""

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Least, Now

from leads.actions import outbox
from leads.actions.clock import database_now
from leads.models import Delivery, OutboxMessage

MOST = 20_000


@transaction.atomic
def gather(message: OutboxMessage, *, above: int) -> list[OutboxMessage]:
    """The other due messages to the target of `message`, oldest first, now under its lease; none of them when there are
    not more than `above`. At most MOST. Locks them; those that somebody else has are left to them.
    """
    found = list(
        OutboxMessage.objects.select_for_update(skip_locked=True)
        .filter(
            channel=message.channel,
            target=message.target,
            state=Delivery.WAITING,
            lease_key=None,
            not_before_at__lte=Now(),
        )
        .order_by("not_before_at", "pk")[:MOST]
    )
    if len(found) <= above:
        return []
    OutboxMessage.objects.filter(pk__in=[one.pk for one in found]).update(
        lease_key=message.lease_key,
        not_before_at=message.not_before_at,
        attempt_count=Least(F("attempt_count") + 1, 32767),
    )
    return found


def sent(message: OutboxMessage, *, remark: str = "") -> int:
    """Settle everything under the lease of `message` as sent. How many; 0 when the lease was lost."""
    values = {"state": Delivery.SENT, "lease_key": None, "not_before_at": None, "last_error": remark[:300]}
    return _held(message).update(**values, settled_at=Now())


def stale(message: OutboxMessage) -> int:
    """Settle everything under the lease of `message` as no longer needed. How many; 0 when the lease was lost."""
    values = {"state": Delivery.STALE, "lease_key": None, "not_before_at": None, "last_error": ""}
    return _held(message).update(**values, settled_at=Now())


@transaction.atomic
def failed(message: OutboxMessage, *, error: str) -> None:
    """Put everything under the lease of `message` back: the message as outbox.failed does, the others until then."""
    lease_key = message.lease_key
    outbox.failed(message, error=error)
    message.refresh_from_db(fields=["not_before_at"])
    OutboxMessage.objects.filter(lease_key=lease_key, state=Delivery.WAITING).update(
        lease_key=None, not_before_at=message.not_before_at or database_now(), last_error=error[:300]
    )


def _held(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(
        channel=message.channel, target=message.target, lease_key=message.lease_key, state=Delivery.WAITING
    )

"""Everything that leaves the system is first a row here."""

from django.db import models
from django.db.models.functions import Now

from leads.models.identity import Identified


class Channel(models.TextChoices):
    MAIL = "mail", "mail"
    CHAT = "chat", "chat"


class Delivery(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENT = "sent", "sent"
    STALE = "stale", "no longer needed"
    DEAD = "dead", "gave up"


class OutboxMessage(Identified):
    """Written in the transaction that caused it; delivered at least once, with `dedup_key` sent along.

    `payload` names a renderer and ids; words are made at delivery, when it is still known whether they are true.
    """

    channel = models.CharField(max_length=10, choices=Channel)
    target = models.CharField(max_length=254)
    payload = models.JSONField(default=dict)
    dedup_key = models.CharField(max_length=200)
    handoff_uid = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=Delivery, default=Delivery.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    not_before_at = models.DateTimeField(db_default=Now(), null=True)
    lease_key = models.UUIDField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            # Promise: what was caused once leaves once.
            models.UniqueConstraint(fields=["dedup_key"], name="outbox_dedup_key"),
            # Promise: a waiting message always has its next try, a settled one never.
            models.CheckConstraint(
                condition=models.Q(state="waiting", not_before_at__isnull=False, settled_at__isnull=True)
                | models.Q(~models.Q(state="waiting"), not_before_at__isnull=True, settled_at__isnull=False),
                name="outbox_waiting_has_next_try",
            ),
        )
        indexes = (
            # Read by delivery alone: what is due, oldest first.
            models.Index(fields=["not_before_at"], condition=models.Q(state="waiting"), name="outbox_due"),
        )

    def __str__(self) -> str:
        return f"{self.channel} to {self.target}: {self.state}"

"""How much somebody has asked lately, and what they were answered."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Allowance(models.Model):
    """How many requests one key, or one network, has made in the current window. The table is unlogged: a crash
    forgives.
    """

    key = models.CharField(max_length=100, primary_key=True)
    count = models.PositiveIntegerField()
    window_started_at = models.DateTimeField()

    class Meta:
        indexes = (
            # Read by the removal of what is over.
            models.Index(fields=["window_started_at"], name="allowance_old"),
        )

    def __str__(self) -> str:
        return f"{self.count} since {self.window_started_at:%Y-%m-%d %H:%M}"


class Answered(models.Model):
    """The answer to a request that carried an Idempotency-Key, given again when the request comes again.

    Written in the transaction of what the request did; `digest` is of method, path and body.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            # Promise: a key stands for one request of one caller.
            models.UniqueConstraint(fields=["user", "key"], name="answered_once"),
        )
        indexes = (
            # Read by the removal of what is older than a week.
            models.Index(fields=["created_at"], name="answered_old"),
        )

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"

"""A replay that was asked for: the same past, judged by other rules."""

from django.conf import settings
from django.db import models

from leads.models.identity import Identified


class ReplayState(models.TextChoices):
    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class Replay(Identified):
    """`rules` are those judged by: {"policies": [...], "calendars": {uid: hours}}; `result` is there once it is done.

    The window is half-open: begins_at <= offered_at < ends_at.
    """

    name = models.CharField(max_length=200)
    rules = models.JSONField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReplayState, default=ReplayState.WAITING)
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

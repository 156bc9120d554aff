"""The last quarter under a draft, worked out by the worker where it holds too much for a page."""

from django.db import models
from django.db.models import Q

from leads.models import Agreement


class OutlookState(models.TextChoices):
    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class OutlookRun(models.Model):
    """`texts` are the documents it is of: {"draft": ..., "before": ... or null}, frozen when it was asked for; `digest`
    is that of both and of the quarter.

    `share` is in percent. `progress` is how far it is while it runs, `result` what was found once it is done.
    `claimed_at` is the last sign of life of the worker that has it.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    texts = models.JSONField()
    first_on = models.DateField()
    end_on = models.DateField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=OutlookState, default=OutlookState.WAITING)
    share = models.PositiveSmallIntegerField(default=0)
    progress = models.JSONField(null=True)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")
    asked_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Promise: however many look at a draft, its quarter is worked out once.
            models.UniqueConstraint(fields=["agreement", "digest"], name="outlook_run_once"),
            # Promise: what is done has figures, and nothing else has.
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False) | (~Q(state="done") & Q(result__isnull=True)),
                name="outlook_run_done_has_result",
            ),
        )

    def __str__(self) -> str:
        return f"{self.agreement_id}, {self.first_on}: {self.state}"

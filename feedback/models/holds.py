"""A handoff that waits for somebody else."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from feedback.logic.holds import END_WORDS, REASONS, HoldEnd, OwedBy
from feedback.models.handoffs import Handoff
from leads.models.identity import Identified


class Hold(Identified):
    """The rep asks marketing, or waits for the prospect; clocks pause meanwhile. Ends by itself at `limit_at`."""

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=20, choices=[(reason.key, reason.words) for reason in REASONS.values()])
    owed_by = models.CharField(max_length=10, choices=[(one, one) for one in OwedBy])
    question = models.TextField(blank=True, default="")
    answer = models.TextField(blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    began_at = models.DateTimeField()
    limit_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(
        max_length=15, choices=[(end, END_WORDS[end]) for end in HoldEnd], blank=True, default=""
    )

    class Meta:
        ordering = ("began_at", "id")
        constraints = (
            # Promise: a handoff waits for one thing at a time.
            models.UniqueConstraint(fields=["handoff"], condition=Q(ended_at__isnull=True), name="hold_open_once"),
            # Promise: a hold that ended says why.
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="")
                | Q(~Q(ended_because=""), ended_at__gte=F("began_at")),
                name="hold_end_has_cause",
            ),
            # Promise: every hold has an end in sight.
            models.CheckConstraint(condition=Q(limit_at__gt=F("began_at")), name="hold_has_limit"),
        )
        indexes = (
            # Read by the sweep that ends holds whose limit has passed, and by marketing's list of open questions.
            models.Index(F("limit_at"), condition=Q(ended_at__isnull=True), name="hold_open_limit"),
        )

    def __str__(self) -> str:
        return f"{self.reason} since {self.began_at:%Y-%m-%d %H:%M}"

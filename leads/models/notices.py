"""What the page tells a person inside LeadLoop."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from leads.models.identity import Identified


class Notice(Identified):
    """A line in the reader's notice list. `kind` picks the sentence, `handoff_uid` the link; read once opened."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=50)
    handoff_uid = models.UUIDField(null=True)
    subject = models.CharField(max_length=200)
    dedup_key = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            # Promise: nobody is told the same thing twice.
            models.UniqueConstraint(fields=["dedup_key"], name="notice_dedup_key"),
        )
        indexes = (
            # Read by the bell on every page.
            models.Index(
                fields=["user", "-created_at"], condition=models.Q(read_at__isnull=True), name="notice_unread"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"

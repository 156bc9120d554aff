"""A rep's logged try to reach the lead."""

from django.conf import settings
from django.db import models

from feedback.models.handoffs import Handoff
from leads.models.identity import FromCrm, one_per_external_id


class AttemptKind(models.TextChoices):
    CALL = "call", "call"
    MAIL = "mail", "mail"
    MEETING = "meeting", "meeting"
    MESSAGE = "message", "message"


class Attempt(FromCrm):
    """`is_two_way` means the lead answered: a conversation, not a voicemail."""

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=10, choices=AttemptKind)
    is_two_way = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    attempted_at = models.DateTimeField()

    class Meta:
        ordering = ("attempted_at", "id")
        constraints = (one_per_external_id("attempt_external_id"),)

    def __str__(self) -> str:
        return f"{self.kind} at {self.attempted_at:%Y-%m-%d %H:%M}"

"""The append-only record of everything that happened to a handoff."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from leads.models.identity import Identified


class JournalEntry(Identified):
    """One thing that happened. The database refuses UPDATE, DELETE and TRUNCATE (migration 0002).

    `data` holds keys, numbers, instants and ids, never free text about a person: that is in JournalNote, which can be
    erased. `occurred_at` is when it happened, `recorded_at` when LeadLoop wrote it down.
    """

    kind = models.CharField(max_length=50)
    handoff_uid = models.UUIDField(null=True)
    lead_uid = models.UUIDField(null=True)
    # No foreign key check on delete: a user who leaves stays in the record under the label.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_label = models.CharField(max_length=200)
    via = models.CharField(max_length=50)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = (
            # Read by a handoff's timeline, in order.
            models.Index(fields=["handoff_uid", "id"], name="journal_of_handoff"),
            # Read by a lead's timeline across its handoffs.
            models.Index(fields=["lead_uid", "id"], condition=models.Q(lead_uid__isnull=False), name="journal_of_lead"),
        )

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor_label}"


class JournalNote(models.Model):
    """What somebody wrote in their own words about an entry; apart, because words can hold personal data."""

    entry = models.OneToOneField(JournalEntry, on_delete=models.DO_NOTHING, related_name="note", primary_key=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:60]

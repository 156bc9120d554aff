"""What was done, counted by day as it comes in, so that nothing has to read every engagement again."""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from leads.models.accounts import Account
from leads.models.engagements import EngagementKind
from leads.models.people import Lead
from leads.models.visitors import Visitor

# Written with every engagement, which has the constraint: to look a second time whether the lead is there costs more
# than to write the row.
_OF: dict[str, Any] = {
    "null": True,
    "on_delete": models.CASCADE,
    "related_name": "+",
    "db_index": False,
    "db_constraint": False,
}


class EngagementDay(models.Model):
    """How often a lead, an unknown visitor, or somebody unknown of an account did one thing on one day (UTC).

    `visitor` is set only while there is no lead. `confidence` is how sure it is that the account is the right one, in
    percent: 100 where nobody had to guess.
    """

    lead = models.ForeignKey(Lead, **_OF)
    account = models.ForeignKey(Account, **_OF)
    visitor = models.ForeignKey(Visitor, **_OF)
    kind = models.CharField(max_length=20, choices=EngagementKind)
    page_group = models.CharField(max_length=50, blank=True, default="")
    confidence = models.PositiveSmallIntegerField(default=100)
    happened_on = models.DateField()
    count = models.PositiveIntegerField()
    duration_seconds = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            # Promise: one row per who, what and day. Its first column is read by a lead's score.
            models.UniqueConstraint(
                fields=["lead", "account", "visitor", "kind", "page_group", "confidence", "happened_on"],
                nulls_distinct=False,
                name="engagement_day_once",
            ),
        )
        indexes = (
            # Read by the rules on whole accounts, a window of days at a time.
            models.Index(fields=["account", "happened_on"], name="engagement_day_of_account"),
            # Read when a visitor says who they are.
            models.Index(
                fields=["visitor"], condition=models.Q(visitor__isnull=False), name="engagement_day_of_visitor"
            ),
            # Read by retention, oldest first.
            models.Index(fields=["happened_on"], name="engagement_day_age"),
        )

    def __str__(self) -> str:
        return f"{self.count} × {self.kind} {self.page_group} on {self.happened_on}"


class Touched(models.Model):
    """A lead or account to be scored anew: a log, only ever appended to and taken from, so that no intake waits.

    Primary keys, without foreign keys: a row lives for seconds. What could not be scored comes back later.
    """

    lead_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    try_count = models.PositiveSmallIntegerField(db_default=0)
    not_before_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "touched"
        # Read by qualification alone: what waits, oldest first.
        indexes = (models.Index(fields=["not_before_at", "id"], name="touched_waiting"),)

    def __str__(self) -> str:
        return f"lead {self.lead_id}, account {self.account_id}"

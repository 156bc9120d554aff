"""Where a lead or an account stands: its scores, and whether it is sales-ready."""

from django.db import models

from leads.models.accounts import Account
from leads.models.agreements import Agreement
from leads.models.people import Lead


class Standing(models.Model):
    """The last scores of a lead, or of an account as a whole; one row each, written by scoring alone.

    `parts` is {"fit": {term: points}, "intent": {term: points}}. `rule` is the key of the MQL rule that is met, "" for
    none; `why` the sentence that says so; `held_back` why it was not offered although it is met, "" when it was. Who is
    held back is judged anew at `again_at`.
    """

    lead = models.OneToOneField(Lead, null=True, on_delete=models.CASCADE, related_name="standing")
    account = models.OneToOneField(Account, null=True, on_delete=models.CASCADE, related_name="standing")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+", db_index=False)
    fit = models.PositiveSmallIntegerField(default=0)
    intent = models.PositiveSmallIntegerField(default=0)
    parts = models.JSONField(default=dict)
    rule = models.CharField(max_length=50, blank=True, default="")
    why = models.CharField(max_length=500, blank=True, default="")
    held_back = models.CharField(max_length=300, blank=True, default="")
    again_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    scored_at = models.DateTimeField()

    class Meta:
        constraints = (
            # Promise: a standing is of a lead or of an account, never of both.
            models.CheckConstraint(
                condition=models.Q(lead__isnull=False, account__isnull=True)
                | models.Q(lead__isnull=True, account__isnull=False),
                name="standing_of_one",
            ),
            # Promise: both scores run from 0 to 100.
            models.CheckConstraint(condition=models.Q(fit__lte=100, intent__lte=100), name="standing_scores_to_100"),
        )
        indexes = (
            # Read by the page of what is held back, latest first.
            models.Index(fields=["-met_at", "-id"], condition=~models.Q(held_back=""), name="standing_held_back"),
            # Read each second by qualification: whose time has come.
            models.Index(fields=["again_at", "id"], condition=models.Q(again_at__isnull=False), name="standing_again"),
        )

    def __str__(self) -> str:
        return f"fit {self.fit}, intent {self.intent}"

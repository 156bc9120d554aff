"""Scoring everybody anew, once a day and under each new agreement."""

from django.db import models

from leads.models.agreements import Agreement


class ScoringPass(models.Model):
    """How far everybody has been scored for one UTC day under one agreement.

    Leads up to `last_lead_id`, then accounts up to `last_account_id`, by primary key. Whoever goes on with it has
    claimed it until `claimed_until`.
    """

    scored_on = models.DateField()
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_lead_id = models.BigIntegerField(db_default=0)
    last_account_id = models.BigIntegerField(db_default=0)
    claimed_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "scoring passes"
        constraints = (
            # Promise: everybody is scored once for a day and an agreement.
            models.UniqueConstraint(fields=["scored_on", "agreement"], name="scoring_pass_once"),
        )

    def __str__(self) -> str:
        return f"{self.scored_on} under {self.agreement}"

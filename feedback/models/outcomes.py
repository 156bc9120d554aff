"""What became of it, as the CRM tells."""

from django.db import models
from django.db.models import Q

from feedback.logic import states
from feedback.models.handoffs import Handoff
from leads.models.identity import FromCrm, one_per_external_id


class OutcomeKind(models.TextChoices):
    OPPORTUNITY = states.Outcome.OPPORTUNITY.value, "opportunity"
    WON = states.Outcome.WON.value, "won"
    LOST = states.Outcome.LOST.value, "lost"


class Outcome(FromCrm):
    """A fact about a handoff after sales had it; kept even where it contradicts the decision (that is regret)."""

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=12, choices=OutcomeKind)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = (
            one_per_external_id("outcome_external_id"),
            # Promise: a handoff has each kind of outcome at most once.
            models.UniqueConstraint(fields=["handoff", "kind"], name="outcome_once_per_kind"),
            # Promise: it is not both won and lost.
            models.UniqueConstraint(fields=["handoff"], condition=~Q(kind="opportunity"), name="outcome_one_end"),
        )

    def __str__(self) -> str:
        return self.kind

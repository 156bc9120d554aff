"""Under which condition somebody who was refused may be offered again."""

from django.conf import settings
from django.db import models

from feedback.models.handoffs import Handoff


class RecyclePlan(models.Model):
    """What the reason of a refusal asked for, frozen when it was given.

    Nobody is offered again before `not_before_at`; and not before somebody said, at `met_at`, that the `condition` is
    met, where it is one that LeadLoop cannot see for itself. "" is no condition.
    """

    handoff = models.OneToOneField(Handoff, on_delete=models.CASCADE, related_name="recycle_plan", primary_key=True)
    not_before_at = models.DateTimeField(null=True)
    condition = models.CharField(max_length=100, blank=True, default="")
    met_at = models.DateTimeField(null=True)
    met_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        indexes = (
            # Read by the list of what waits for somebody to say that its condition is met.
            models.Index(
                fields=["handoff"], condition=models.Q(met_at__isnull=True) & ~models.Q(condition=""), name="plan_waits"
            ),
        )

    def __str__(self) -> str:
        return self.condition or f"not before {self.not_before_at}"

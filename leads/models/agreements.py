"""What marketing and sales agreed a good lead to be."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from leads.models.identity import Identified


class AgreementState(models.TextChoices):
    DRAFT = "draft", "draft"
    IN_FORCE = "in_force", "in force"
    ENDED = "ended", "ended"


class Side(models.TextChoices):
    MARKETING = "marketing", "marketing"
    SALES = "sales", "sales"


class Agreement(Identified):
    """One version. `document` (leads.logic.agreement) says what fit, intent, an MQL and an SQL are and what marketing
    owes; `contributed` is what the apps above add: reasons, targets.

    A draft can be edited; once published the database refuses any change but its end (migration 0005).
    """

    number = models.PositiveIntegerField(null=True, unique=True)
    document = models.JSONField()
    contributed = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True, default="")
    state = models.CharField(max_length=10, choices=AgreementState, default=AgreementState.DRAFT)
    # Who wrote or signed something published stays with it: the row could not be changed.
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Promise: at most one agreement is in force, and at most one is being drafted.
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state__in=["draft", "in_force"]), name="agreement_one_of_each"
            ),
            # Promise: published if and only if it has a number and an instant; ended if and only if it is known when.
            models.CheckConstraint(
                condition=models.Q(state="draft", number__isnull=True, published_at__isnull=True)
                | models.Q(~models.Q(state="draft"), number__isnull=False, published_at__isnull=False),
                name="agreement_published_has_number",
            ),
            models.CheckConstraint(
                condition=models.Q(state="ended", ended_at__isnull=False)
                | models.Q(~models.Q(state="ended"), ended_at__isnull=True),
                name="agreement_ended_has_instant",
            ),
        )

    def __str__(self) -> str:
        return f"Agreement {self.number}" if self.number else "Draft agreement"


class SignOff(Identified):
    """A signature of one side under the text with this digest. A signature under another text counts for nothing."""

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="signatures")
    side = models.CharField(max_length=10, choices=Side)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = (
            # Promise: each side signs once.
            models.UniqueConstraint(fields=["agreement", "side"], name="sign_off_once"),
            # Promise: nobody signs for both sides.
            models.UniqueConstraint(fields=["agreement", "user"], name="sign_off_by_two"),
        )

    def __str__(self) -> str:
        return f"{self.label} for {self.side}"

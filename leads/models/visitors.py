"""Somebody on the website, before and after their name is known."""

from django.db import models
from django.db.models.functions import Now

from leads.models.accounts import Account
from leads.models.identity import FromCrm, one_per_external_id
from leads.models.people import Lead


class LawfulBasis(models.TextChoices):
    """On what the identification of a visitor rests (GDPR, article 6)."""

    CONSENT = "consent", "consent"
    LEGITIMATE_INTEREST = "legitimate_interest", "legitimate interest"
    CONTRACT = "contract", "contract"


class Visitor(FromCrm):
    """A browser, known by the id its website or tool gave it (`external_system`, `external_id`).

    `account` is where an identification tool says it belongs, with the tool's `confidence` in percent and the lawful
    basis of saying so. `lead` is set at `identified_at`, when the visitor said who they are; then the visits are
    theirs.
    """

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="visitors")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="visitors")
    tool = models.CharField(max_length=50, blank=True, default="")
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    lawful_basis = models.CharField(max_length=20, choices=LawfulBasis, blank=True, default="")
    identified_at = models.DateTimeField(null=True, blank=True)
    # The page of another website, without its query, that led here first.
    came_from = models.CharField(max_length=400, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            one_per_external_id("visitor_external_id"),
            # Promise: a confidence is a percentage.
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=True) | models.Q(confidence__lte=100),
                name="visitor_confidence_to_100",
            ),
            # Promise: who is known is known since an instant.
            models.CheckConstraint(
                condition=models.Q(lead__isnull=True) | models.Q(identified_at__isnull=False),
                name="visitor_identified_has_instant",
            ),
        )

    def __str__(self) -> str:
        return f"visitor {self.external_id[:12]}"


class PageGroup(models.Model):
    """Pages that mean the same: pricing, docs, careers. The first whose pattern holds takes the page.

    `patterns` is a list of {"operator": "equals" | "prefix" | "contains", "value": "/pricing"} on the address's path.
    What was counted under it stays so when the patterns change.
    """

    key = models.SlugField(max_length=50, unique=True)
    label = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    patterns = models.JSONField(default=list)

    class Meta:
        ordering = ("position", "key")

    def __str__(self) -> str:
        return self.label

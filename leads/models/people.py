"""The person."""

from django.db import models

from leads.models.accounts import Account
from leads.models.identity import FromCrm, one_per_external_id


class Consent(models.TextChoices):
    """What the person agreed to; a blank never counts as consent."""

    UNKNOWN = "unknown", "not known"
    OPT_IN = "opt_in", "opted in"
    OPT_OUT = "opt_out", "opted out"


class Lead(FromCrm):
    """A person who may be offered to sales, several times over the years. `country` is ISO 3166 alpha-2, `language` a
    tag like "de" or "pt-br".

    `merged_into` is set on what turned out to be another lead: its history hangs on that one, and whoever names it
    means that one.
    """

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    email = models.CharField(max_length=254, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    title = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=50, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    product = models.CharField(max_length=100, blank=True, default="")
    consent = models.CharField(max_length=10, choices=Consent, default=Consent.UNKNOWN)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    suppressed_at = models.DateTimeField(null=True, blank=True)
    disqualified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            one_per_external_id("lead_external_id"),
            # Promise: one person per normal form of a mail address (leads.logic.email).
            models.UniqueConstraint(fields=["email"], condition=~models.Q(email=""), name="lead_email"),
        )
        # Read by the API's list of leads, page by page.
        indexes = (models.Index(fields=["-created_at", "-uid"], name="lead_newest"),)

    def __str__(self) -> str:
        return self.name or self.email or "Unknown person"

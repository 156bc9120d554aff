"""The company."""

from django.db import models

from leads.models.identity import FromCrm, one_per_external_id


class Relation(models.TextChoices):
    """What the company is to us."""

    UNKNOWN = "", "not known"
    PROSPECT = "prospect", "prospect"
    CUSTOMER = "customer", "customer"
    PARTNER = "partner", "partner"
    COMPETITOR = "competitor", "competitor"


class Account(FromCrm):
    """A company, known from the CRM, a form, or only by its visitors. `country` is ISO 3166 alpha-2.

    `domain` is in the normal form of leads.logic.domains. `merged_into` is set on what turned out to be another
    account: nothing hangs on it any more, and whoever names it means that one.
    """

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True, default="")
    industry = models.CharField(max_length=100, blank=True, default="")
    employee_count = models.PositiveIntegerField(null=True, blank=True)
    city = models.CharField(max_length=100, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    segment = models.CharField(max_length=50, blank=True, default="")
    relation = models.CharField(max_length=10, choices=Relation, blank=True, default=Relation.UNKNOWN)
    is_target = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    disqualified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (one_per_external_id("account_external_id"),)
        indexes = (
            # Read by account look-ups when an offer names its company by domain.
            models.Index(fields=["domain"], condition=~models.Q(domain=""), name="account_domain"),
            # Read where an offer knows its company by name alone.
            models.Index(fields=["name"], name="account_name"),
            # Read by the API's list of accounts, page by page.
            models.Index(fields=["-created_at", "-uid"], name="account_newest"),
        )

    def __str__(self) -> str:
        return self.name

"""The company."""

from django.db import models

from leads.models.identity import FromCrm, one_per_external_id


class Account(FromCrm):
    """A company, known from the CRM, a form, or only by its visitors. `country` is ISO 3166 alpha-2."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True, default="")
    industry = models.CharField(max_length=100, blank=True, default="")
    employee_count = models.PositiveIntegerField(null=True, blank=True)
    city = models.CharField(max_length=100, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
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
        )

    def __str__(self) -> str:
        return self.name

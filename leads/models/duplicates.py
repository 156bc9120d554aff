"""Leads or accounts that may be the same one."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from leads.models.accounts import Account
from leads.models.identity import Identified
from leads.models.people import Lead


class Verdict(models.TextChoices):
    OPEN = "open", "to be looked at"
    MERGED = "merged", "merged"
    APART = "apart", "not the same"


class Duplicate(Identified):
    """A pair that looks like one; `lead` before `other_lead`, or `account` before `other_account`, by primary key.

    `score` is how alike they are, 0 to 100; `because` lists the keys of what they share.
    """

    lead = models.ForeignKey(Lead, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    other_lead = models.ForeignKey(Lead, null=True, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    other_account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    because = models.JSONField(default=list)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            # Promise: a pair is asked about once.
            models.UniqueConstraint(
                fields=["lead", "other_lead", "account", "other_account"], nulls_distinct=False, name="duplicate_once"
            ),
            # Promise: a pair is of two leads or of two accounts, in order.
            models.CheckConstraint(
                condition=models.Q(lead__lt=models.F("other_lead"), account__isnull=True, other_account__isnull=True)
                | models.Q(account__lt=models.F("other_account"), lead__isnull=True, other_lead__isnull=True),
                name="duplicate_of_two",
            ),
        )
        indexes = (
            # Read by the review queue, the most alike first.
            models.Index(fields=["-score", "id"], condition=models.Q(verdict="open"), name="duplicate_open"),
        )

    def __str__(self) -> str:
        return f"{self.lead or self.account} and {self.other_lead or self.other_account}: {self.verdict}"


class Changed(models.Model):
    """A lead or account that is new, or says something else than before: to be compared with the others. A log as
    Touched is.
    """

    lead_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "changed"

    def __str__(self) -> str:
        return f"lead {self.lead_id}, account {self.account_id}"


class Likeness(models.Model):
    """What the finder compares a lead or account by, brought up to date when it looks at it (leads.logic.alike).

    Two rows that share one of `marks` are worth a closer look.
    """

    lead = models.OneToOneField(Lead, null=True, on_delete=models.CASCADE, related_name="+")
    account = models.OneToOneField(Account, null=True, on_delete=models.CASCADE, related_name="+")
    marks = ArrayField(models.CharField(max_length=200), default=list)

    class Meta:
        verbose_name_plural = "likenesses"
        constraints = (
            # Promise: a likeness is of a lead or of an account, never of both.
            models.CheckConstraint(
                condition=models.Q(lead__isnull=False, account__isnull=True)
                | models.Q(lead__isnull=True, account__isnull=False),
                name="likeness_of_one",
            ),
        )
        indexes = (
            # Read by the finder: who shares a mark.
            GinIndex(fields=["marks"], name="likeness_marks"),
        )

    def __str__(self) -> str:
        return ", ".join(self.marks)

"""What a lead, or an unknown visitor of an account, did."""

import random
import time
import uuid

from django.db import models

from leads.models.accounts import Account
from leads.models.campaigns import Campaign
from leads.models.identity import FromCrm, one_per_external_id
from leads.models.people import Lead
from leads.models.visitors import Visitor


class EngagementKind(models.TextChoices):
    PAGE_VIEW = "page_view", "looked at"
    FORM = "form", "filled in"
    EMAIL_CLICK = "email_click", "clicked in mail"
    EMAIL_OPEN = "email_open", "opened mail"
    WEBINAR = "webinar", "attended"
    DOWNLOAD = "download", "downloaded"
    TRIAL = "trial", "tried"
    MEETING = "meeting", "met us at"
    OTHER = "other", "did"


def ordered_uid() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562, 2024): it begins with the millisecond, so that its index grows at one end."""
    value = time.time_ns() // 1_000_000 << 80 | random.getrandbits(80)
    return uuid.UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)


class Engagement(FromCrm):
    """Belongs to a lead, to a visitor, or to an account alone while nothing else is known of who it was.

    `url` is the address without its query; `page_group` the PageGroup it fell into; `confidence` as in EngagementDay.
    """

    uid = models.UUIDField(default=ordered_uid, unique=True, editable=False)
    # The two indexes below begin with lead and account; nothing reads by campaign.
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    visitor = models.ForeignKey(
        Visitor, null=True, blank=True, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20, choices=EngagementKind)
    subject = models.CharField(max_length=200, blank=True, default="")
    url = models.CharField(max_length=500, blank=True, default="")
    page_group = models.CharField(max_length=50, blank=True, default="")
    confidence = models.PositiveSmallIntegerField(default=100)
    duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = (
            one_per_external_id("engagement_external_id"),
            # Promise: what was done was done by somebody, if only by a visitor.
            models.CheckConstraint(
                condition=models.Q(lead__isnull=False)
                | models.Q(account__isnull=False)
                | models.Q(visitor__isnull=False),
                name="engagement_of_somebody",
            ),
        )
        indexes = (
            # Read by the lead's timeline and by the queue's "why now".
            models.Index(fields=["lead", "-occurred_at"], name="engagement_of_lead"),
            # Read when a visitor says who they are: what they did before becomes theirs; and before one is removed.
            models.Index(fields=["visitor"], condition=models.Q(visitor__isnull=False), name="engagement_of_visitor"),
            # Read by "around this lead": colleagues and unknown visitors of the account.
            models.Index(fields=["account", "-occurred_at"], name="engagement_of_account"),
            # Read by retention, oldest first, and by the list in the API, latest first.
            models.Index(fields=["occurred_at"], name="engagement_at"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}".strip()

"""Keys by which another system enters."""

import datetime as dt

from django.conf import settings
from django.db import models

from leads.models.identity import Identified


class Scope(models.TextChoices):
    READ = "read", "read handoffs"
    INTAKE = "intake", "leads, accounts, campaigns and engagements"
    OFFER = "offer", "offer handoffs"
    DECIDE = "decide", "accept, reject, turn back, log attempts"
    OUTCOME = "outcome", "record outcomes"


class ApiKey(Identified):
    """Belongs to a service account. Only a hash is kept: the key itself is shown once, when it is made."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    last_four = models.CharField(max_length=4)
    key_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    # How many requests a minute; None for the usual limits.
    reads_a_minute = models.PositiveIntegerField(null=True, blank=True)
    writes_a_minute = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    # Not columns: what was read together with the key when somebody called with it.
    owner_groups: frozenset[str] | None = None
    asked_at: dt.datetime | None = None

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…{self.last_four})"

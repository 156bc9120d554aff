"""How a row is known outside: by uid, and by the CRM's own key where there is one."""

import uuid

from django.db import models


class Identified(models.Model):
    """Row numbers never leave; `uid` does."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class FromCrm(Identified):
    """`external_id` is unique within `external_system`; both empty for what LeadLoop made itself."""

    external_system = models.CharField(max_length=50, blank=True, default="")
    external_id = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        abstract = True


def one_per_external_id(name: str) -> models.UniqueConstraint:
    """Promise: a CRM's key names one row, so that offering or importing twice is harmless."""
    return models.UniqueConstraint(
        fields=["external_system", "external_id"], condition=~models.Q(external_id=""), name=name
    )

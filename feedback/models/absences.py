"""When a rep does not answer handoffs."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from feedback.models.teams import Rep
from leads.models.identity import Identified


class AbsenceKind(models.TextChoices):
    """Away is planned and has an end; benched is set by a ladder or a manager and lasts until it is lifted."""

    AWAY = "away", "away"
    BENCHED = "benched", "benched"


class Absence(Identified):
    """From `starts_at` up to `ends_at` (null: until it is lifted) routing leaves the rep out."""

    rep = models.ForeignKey(Rep, on_delete=models.PROTECT, related_name="absences")
    kind = models.CharField(max_length=10, choices=AbsenceKind, default=AbsenceKind.AWAY)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("starts_at", "id")
        constraints = (
            # Promise: an absence ends after it began, and a planned one has an end.
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True, kind="benched") | Q(ends_at__gt=F("starts_at")),
                name="absence_ends_after_start",
            ),
            # Promise: a rep is benched once.
            models.UniqueConstraint(
                fields=["rep"], condition=Q(kind="benched", ends_at__isnull=True), name="absence_benched_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rep}: {self.kind} from {self.starts_at:%Y-%m-%d %H:%M}"

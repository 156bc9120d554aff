"""When business is open."""

from typing import Any

from django.db import models
from django.db.models import Q

from feedback.models import Rep, Team
from leads.models.identity import Identified


class WorkCalendar(Identified):
    """Opening hours in one zone, as they are edited; clocks count in the CalendarVersion published from them.

    `weekly` maps mon..sun to [["09:00", "17:00"], ...] (see sla.logic.business_time). `country` (ISO 3166 alpha-2) and
    `subdivision` say whose public holidays are closed; they stand as exceptions up to and including `holidays_until`.
    """

    name = models.CharField(max_length=100, unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    weekly = models.JSONField(default=dict)
    country = models.CharField(max_length=2, blank=True, default="")
    subdivision = models.CharField(max_length=20, blank=True, default="")
    holidays_until = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def as_dict(self) -> dict[str, Any]:
        """The calendar as sla.logic.business_time.Calendar.from_dict reads it, exceptions included; one query."""
        days = {day.on.isoformat(): day.intervals for day in self.exceptions.all()}
        return {
            "timezone": self.timezone,
            "weekly": self.weekly,
            "holidays": sorted(on for on, intervals in days.items() if not intervals),
            "date_overrides": {on: intervals for on, intervals in sorted(days.items()) if intervals},
        }


class ExceptionSource(models.TextChoices):
    """Where a day that differs came from; only what was typed is never replaced by a fresh reading."""

    TYPED = "typed", "typed"
    HOLIDAYS = "holidays", "public holiday"
    ICS = "ics", "company days file"


class CalendarException(models.Model):
    """One day that differs: closed when `intervals` is empty."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="exceptions")
    on = models.DateField()
    label = models.CharField(max_length=100, blank=True, default="")
    intervals = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=10, choices=ExceptionSource, default=ExceptionSource.TYPED)

    class Meta:
        ordering = ("on",)
        # Promise: a day has one exception.
        constraints = (models.UniqueConstraint(fields=["calendar", "on"], name="calendar_exception_once"),)

    def __str__(self) -> str:
        return f"{self.on} {self.label or 'closed'}"


class CalendarVersion(Identified):
    """A calendar as it was published, whole: `hours` is what Calendar.from_dict reads. Never changed (migration 0007).

    With `moves_running`, clocks that counted in an earlier version count in this one from `published_at` on.
    """

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    hours = models.JSONField()
    moves_running = models.BooleanField(default=True)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ("calendar", "-number")
        # Promise: a version is named by its calendar and number.
        constraints = (models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_number"),)

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"


class CalendarUse(models.Model):
    """Whose hours a calendar tells: a rep's, a team's, or those of the accounts of a country."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="uses")
    rep = models.OneToOneField(Rep, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_use")
    team = models.OneToOneField(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_use")
    country = models.CharField(max_length=2, null=True, blank=True, unique=True)

    class Meta:
        constraints = (
            # Promise: a use says of exactly one thing whose hours these are.
            models.CheckConstraint(
                condition=Q(rep__isnull=False, team__isnull=True, country__isnull=True)
                | Q(rep__isnull=True, team__isnull=False, country__isnull=True)
                | Q(rep__isnull=True, team__isnull=True, country__isnull=False),
                name="calendar_use_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.calendar} for {self.rep or self.team or self.country}"

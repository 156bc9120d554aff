"""When business is open."""

from typing import Any

from django.db import models

from leads.models.identity import Identified


class WorkCalendar(Identified):
    """Opening hours in one zone. `weekly` maps mon..sun to [["09:00", "17:00"], ...] (see sla.logic.business_time)."""

    name = models.CharField(max_length=100, unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    weekly = models.JSONField(default=dict)

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


class CalendarException(models.Model):
    """One day that differs: closed when `intervals` is empty."""

    calendar = models.ForeignKey(WorkCalendar, on_delete=models.CASCADE, related_name="exceptions")
    on = models.DateField()
    label = models.CharField(max_length=100, blank=True, default="")
    intervals = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("on",)
        # Promise: a day has one exception.
        constraints = (models.UniqueConstraint(fields=["calendar", "on"], name="calendar_exception_once"),)

    def __str__(self) -> str:
        return f"{self.on} {self.label or 'closed'}"

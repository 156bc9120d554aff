"""Calendars and policies, for operations; versions, clocks and steps to look at."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from leads.admin_kinds import Guarded, ReadOnly, actor
from sla.actions.ladders import replace_ladder
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.forms_admin import CalendarForm, ExceptionForm, ExceptionFormSet, PolicyForm, TargetForm
from sla.logic.business_time import Calendar
from sla.logic.durations import format_minutes
from sla.logic.hours_text import days_as_counted
from sla.logic.ladder import StepRule
from sla.logic.ladder_text import write_ladder
from sla.models import CalendarException, Clock, Escalation, Policy, PolicyVersion, Target, WorkCalendar

_DAYS_SHOWN = 14


class ExceptionInline(admin.StackedInline):  # type: ignore[type-arg]
    model = CalendarException
    form = ExceptionForm
    formset = ExceptionFormSet
    extra = 0
    fields = ("on", "label", "hours")
    verbose_name = "day that differs"
    verbose_name_plural = "days that differ"


@admin.register(WorkCalendar)
class WorkCalendarAdmin(Guarded):
    """Saving leads back to the page, which shows how the next days will be counted."""

    form = CalendarForm
    inlines = (ExceptionInline,)
    list_display = ("name", "timezone")
    readonly_fields = ("next_days",)
    search_fields = ("name",)

    @admin.display(description="As it will be counted")
    def next_days(self, calendar: WorkCalendar) -> str:
        """The next fortnight as it is saved, a day a line."""
        saved = WorkCalendar.objects.filter(pk=calendar.pk).first()
        if saved is None:
            return "Shown once it is saved."
        counted = Calendar.from_dict(saved.as_dict())
        return "\n".join(days_as_counted(counted, dt.datetime.now(dt.UTC), days=_DAYS_SHOWN))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Also publish anew whatever counts in this calendar; clocks that run keep their deadline."""
        super().save_related(request, form, formsets, change)
        version = publish_calendar(form.instance.pk, by=actor(request))
        self.message_user(request, f"In force from now on: {version}.")

    def response_post_save_add(self, request: HttpRequest, obj: WorkCalendar) -> HttpResponseRedirect:
        """Back to the calendar."""
        return redirect("admin:sla_workcalendar_change", obj.pk)

    response_post_save_change = response_post_save_add


class TargetInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Target
    form = TargetForm
    extra = 0
    min_num = 1
    max_num = 3
    fields = ("key", "within", "ladder")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        """With the steps that the forms write out."""
        return super().get_queryset(request).prefetch_related("steps")

    def get_formset(self, request: HttpRequest, obj: Policy | None = None, **kwargs: Any) -> Any:
        """A policy promises something."""
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(Policy)
class PolicyAdmin(Guarded):
    """Saving publishes: a new version for what starts from now on, when anything differs."""

    form = PolicyForm
    inlines = (TargetInline,)
    list_display = ("name", "position", "is_active", "calendar", "hop_limit", "valid_from", "valid_until")
    list_filter = ("is_active",)
    list_select_related = ("calendar",)
    search_fields = ("name",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write the ladders of the targets, then publish."""
        super().save_related(request, form, formsets, change)
        for one in formsets[0].forms:
            if one.instance.pk and "ladder" in one.cleaned_data and not one.cleaned_data.get("DELETE"):
                replace_ladder(one.instance.pk, one.cleaned_data["ladder"])
        version = publish(form.instance.pk, by=actor(request))
        self.message_user(request, f"In force from now on: {version}. Clocks that run keep their version.")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly):
    list_display = ("__str__", "published_at", "clock_count")
    list_filter = ("policy",)
    list_select_related = ("policy",)
    fields = ("uid", "policy", "number", "published_at", "promises", "rules")
    readonly_fields = ("promises",)
    ordering = ("-id",)

    @admin.display(description="clocks under it")
    def clock_count(self, version: PolicyVersion) -> int:
        """How many clocks ever ran under it."""
        return version.clocks.count()

    @admin.display(description="promises")
    def promises(self, version: PolicyVersion) -> str:
        """What it promises, as it is typed in the policy."""
        said = []
        for key, target in version.rules["targets"].items():
            ladder = write_ladder([StepRule(**step) for step in target["steps"]])
            said.append(f"{key} within {format_minutes(target['minutes'])}\n{ladder}")
        return "\n\n".join(said)


@admin.register(Clock)
class ClockAdmin(ReadOnly):
    list_display = (
        "handoff",
        "target",
        "cycle",
        "state",
        "started_at",
        "due_at",
        "stopped_at",
        "breached_at",
        "last_error",
    )
    list_filter = ("state", "target")
    list_select_related = ("handoff__lead", "handoff__account")
    ordering = ("-id",)
    search_uid_fields = ("handoff__uid",)
    search_fields = ("handoff__external_id",)


@admin.register(Escalation)
class EscalationAdmin(ReadOnly):
    list_display = ("fired_at", "action", "clock", "step", "due_at")
    list_select_related = ("clock",)
    ordering = ("-id",)
    search_uid_fields = ("uid", "clock__handoff__uid")
    search_fields = ("clock__handoff__external_id",)

"""Calendars, for operations: hours, days that differ, whose hours they are; what is saved is published."""

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from leads.admin_kinds import Guarded, actor
from leads.logic.errors import InvalidInput
from sla.actions.calendar_days import holidays_of, make_way, refresh_days
from sla.actions.calendars import publish_calendar
from sla.forms_calendar_days import ExceptionForm, ExceptionFormSet, RowFormSet
from sla.forms_calendars import KEEP, CalendarForm, UseForm, VersionsForm
from sla.logic.business_time import Calendar
from sla.logic.hours_text import days_as_counted, differences
from sla.models import CalendarException, CalendarUse, ExceptionSource, WorkCalendar

_DAYS_SHOWN = 14
# As many as fit into one post of Django's thousand fields.
_MOST_ROWS = 200


class _Rows(admin.StackedInline):  # type: ignore[type-arg]
    """So many rows, and no post that announces more."""

    max_num = _MOST_ROWS

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Bounded: Django's own bound is a thousand rows above max_num."""
        return super().get_formset(request, obj, absolute_max=_MOST_ROWS, **kwargs)


class ExceptionInline(_Rows):
    """Only what was typed: holidays and company days are listed, and give way to a typed day."""

    model = CalendarException
    form = ExceptionForm
    formset = ExceptionFormSet
    extra = 1
    fields = (("on", "label", "hours"),)
    verbose_name = "day that differs"
    verbose_name_plural = "days that differ"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarException]:
        """The typed ones."""
        return super().get_queryset(request).filter(source=ExceptionSource.TYPED)


class UseInline(_Rows):
    model = CalendarUse
    form = UseForm
    formset = RowFormSet
    extra = 1
    fields = (("rep", "team", "country"),)
    verbose_name = "use"
    verbose_name_plural = "whose hours these are"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Reps with their names, in one query."""
        if db_field.name == "rep":
            kwargs["queryset"] = db_field.remote_field.model.objects.select_related("user").order_by("user__last_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(WorkCalendar)
class WorkCalendarAdmin(Guarded):
    """Preview shows how the next days would be counted and writes nothing; saving publishes and shows it again."""

    form = CalendarForm
    inlines = (ExceptionInline, UseInline)
    list_display = ("name", "timezone", "country", "subdivision", "holidays_until")
    readonly_fields = ("next_days", "public_holidays", "days_of_the_file")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("seen", "name", "timezone", "mon", "tue", "wed", "thu", "fri", "sat", "sun")}),
        ("Public holidays", {"fields": ("country", "subdivision", "holidays_until", "public_holidays")}),
        (
            "Company days",
            {"fields": ("company_days", "company_days_read", "forget_company_days", "days_of_the_file")},
        ),
        ("When it is saved", {"fields": ("clocks", "next_days")}),
    )

    @admin.display(description="As it is counted")
    def next_days(self, calendar: WorkCalendar) -> str:
        """The next fortnight as it is saved, a day a line."""
        saved = WorkCalendar.objects.filter(pk=calendar.pk).first()
        return "\n".join(_fortnight(Calendar.from_dict(saved.as_dict()))) if saved else "Shown once it is saved."

    @admin.display(description="Written down")
    def public_holidays(self, calendar: WorkCalendar) -> str:
        """The public holidays that count, a day a line."""
        return _listed(calendar, ExceptionSource.HOLIDAYS)

    @admin.display(description="Out of the last file")
    def days_of_the_file(self, calendar: WorkCalendar) -> str:
        """The company days that count, a day a line."""
        return _listed(calendar, ExceptionSource.ICS)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """Tells the days whether this is a preview."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, ExceptionInline):
            kwargs["previewing"] = "_preview" in request.POST
        return kwargs

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page. Hours that a running clock could never reach its deadline in are refused whole."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except InvalidInput as error:
            self.message_user(request, f"Nothing was saved. {error.message}", messages.ERROR)
            return redirect(request.path)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what a preview shows."""
        if "_preview" in request.POST:
            context["preview"] = _preview(context["adminform"].form, context["inline_admin_formsets"])
        return super().render_change_form(request, context, *args, **kwargs)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """What is typed takes the place of a holiday or company day."""
        if formset.model is CalendarException:
            make_way(form.instance.pk, [one.cleaned_data["on"] for one in formset.forms if one.cleaned_data.get("on")])
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Then write down holidays and company days, and publish."""
        super().save_related(request, form, formsets, change)
        calendar = form.instance
        before = calendar.versions.count()
        refresh_days(calendar.pk, company_days=calendar.coming_days)
        keeps = form.cleaned_data.get("clocks") == KEEP
        version = publish_calendar(calendar.pk, by=actor(request), moves_running=not keeps)
        if version.number == before:
            self.message_user(request, f"The hours are what they were: {version} stays in force.")
        else:
            clocks = "keep the hours they have" if keeps else "count these hours from now on"
            self.message_user(request, f"In force from now on: {version}. Clocks that run {clocks}.")

    def response_post_save_add(self, request: HttpRequest, obj: WorkCalendar) -> HttpResponseRedirect:
        """Back to the calendar."""
        return redirect("admin:sla_workcalendar_change", obj.pk)

    response_post_save_change = response_post_save_add

    def get_urls(self) -> list[URLPattern]:
        """Also the page of the versions."""
        versions = self.admin_site.admin_view(self.versions_view)
        return [path("<int:pk>/versions/", versions, name="sla_workcalendar_versions"), *super().get_urls()]

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every version, and in words what differs between two of them: ?old= and ?new=, else the last two."""
        calendar = WorkCalendar.objects.filter(pk=pk).first()
        if calendar is None:
            raise Http404
        if not self.has_view_permission(request, calendar):
            raise PermissionDenied
        versions = list(calendar.versions.select_related("calendar"))
        last = {"old": versions[min(1, len(versions) - 1)].pk, "new": versions[0].pk} if versions else {}
        form = VersionsForm({**last, **request.GET.dict()}, calendar=calendar)
        said = None
        if versions and form.is_valid():
            said = differences(form.cleaned_data["old"].hours, form.cleaned_data["new"].hours)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Versions of {calendar}",
            "opts": self.opts,
            "original": calendar,
            "versions": versions,
            "form": form,
            "differences": said,
        }
        return TemplateResponse(request, "admin/sla/workcalendar/versions.html", context)


def _fortnight(calendar: Calendar) -> list[str]:
    return list(days_as_counted(calendar, dt.datetime.now(dt.UTC), days=_DAYS_SHOWN))


def _listed(calendar: WorkCalendar, source: ExceptionSource) -> str:
    days = CalendarException.objects.filter(calendar=calendar.pk, source=source) if calendar.pk else ()
    return "\n".join(_day(day.on, day.label) for day in days) or "None."


def _day(on: dt.date, label: str) -> str:
    return f"{on:%a} {on.day} {on:%b %Y}: {label or 'closed'}"


def _preview(form: CalendarForm, inlines: Any) -> dict[str, Any] | None:
    """The fortnight as it would count, and the days that would be written down; None while something is refused."""
    days = next(one.formset for one in inlines if isinstance(one.formset, ExceptionFormSet))
    if days.counted is None:
        return None
    calendar = form.instance
    holidays = holidays_of(calendar, today=form.today)
    coming = getattr(calendar, "coming_days", None)
    return {
        "days": _fortnight(days.counted),
        "holidays": [_day(on, label) for on, label in holidays.items()],
        "company_days": None if coming is None else [_day(on, label) for on, label in coming.items()],
        "left_out": form.left_out,
    }

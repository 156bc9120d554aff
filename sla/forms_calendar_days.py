"""The forms for the days of a calendar that differ, laid over its week and its holidays."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils import timezone

from leads.logic.errors import InvalidInput
from sla.actions.calendar_days import days_together
from sla.logic.business_time import Calendar
from sla.logic.hours_text import parse_hours, write_hours
from sla.models import CalendarException, ExceptionSource, WorkCalendar


class ExceptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """One day that differs. A public holiday or company day on it gives way."""

    hours = forms.CharField(required=False, max_length=400, help_text="Empty when closed all day.")

    class Meta:
        model = CalendarException
        fields = ("on", "label")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].initial = write_hours(self.instance.intervals)

    def clean_hours(self) -> str:
        """The hours, readable as pairs; what they mean is checked with the whole calendar."""
        text: str = self.cleaned_data["hours"]
        try:
            self.instance.intervals = parse_hours(text, field="hours")
        except InvalidInput as error:
            raise ValidationError(error.message) from error
        return text

    def validate_unique(self) -> None:
        """Against the days that were typed; the formset refuses a day named twice."""
        if not self._gives_way():
            super().validate_unique()

    def validate_constraints(self) -> None:
        """As validate_unique."""
        if not self._gives_way():
            super().validate_constraints()

    def _gives_way(self) -> bool:
        stands = CalendarException.objects.filter(calendar=self.instance.calendar_id, on=self.instance.on)
        return stands.exclude(source=ExceptionSource.TYPED).exists()


class RowFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """A post that announces more rows than are taken is refused before any is built: each has lists to choose from."""

    def total_form_count(self) -> int:
        """None of the rows, where there are too many."""
        if self.is_bound and (self.management_form.cleaned_data["TOTAL_FORMS"] or 0) > self.absolute_max:
            return 0
        return super().total_form_count()


class ExceptionFormSet(RowFormSet):
    """The typed days together with the week, the holidays and the file: a calendar that never opens is refused here.

    `counted` is then the calendar as it would count. While previewing the set is never valid, so nothing is saved.
    """

    def __init__(self, *args: Any, previewing: bool = False, **kwargs: Any) -> None:
        self.previewing = previewing
        self.counted: Calendar | None = None
        super().__init__(*args, **kwargs)

    def is_valid(self) -> bool:
        """Not while previewing."""
        return super().is_valid() and not self.previewing

    def clean(self) -> None:
        """ValidationError for a day named twice, hours that make no sense, or a calendar that is never open."""
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data.get("on") and not form.cleaned_data.get("DELETE")]
        typed = {form.cleaned_data["on"]: form.instance.intervals for form in kept}
        calendar: WorkCalendar = self.instance
        if calendar.weekly is None or any(self.errors):
            return
        coming = getattr(calendar, "coming_days", None)
        try:
            days = days_together(calendar, typed, today=timezone.now().date(), company_days=coming)
            self.counted = Calendar.from_dict(
                {
                    "timezone": calendar.timezone,
                    "weekly": calendar.weekly,
                    "holidays": [on.isoformat() for on, pairs in days.items() if not pairs],
                    "date_overrides": {on.isoformat(): pairs for on, pairs in days.items() if pairs},
                }
            )
        except InvalidInput as error:
            raise ValidationError(error.message) from error

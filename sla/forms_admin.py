"""The forms by which operations edit calendars and policies."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet

from leads.admin_kinds import SeenForm, complain
from leads.forms_admin import zone_choices
from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar
from sla.logic.durations import format_minutes, parse_minutes
from sla.logic.hours_text import parse_hours, write_hours
from sla.logic.ladder import EXPIRE, StepRule
from sla.logic.ladder_text import WORDS, parse_ladder, write_ladder
from sla.logic.opening_hours import DAYS, read_weekly, read_zone
from sla.models import CalendarException, Policy, Target, TargetKey, WorkCalendar


def _hours(day: str) -> forms.CharField:
    return forms.CharField(
        label=day, required=False, max_length=400, help_text="09:00-12:00, 13:00-17:30. Empty when closed."
    )


class CalendarForm(SeenForm):
    """Opening hours, one line a weekday."""

    timezone = forms.ChoiceField(choices=zone_choices, label="Time zone")
    mon, tue, wed, thu = _hours("Monday"), _hours("Tuesday"), _hours("Wednesday"), _hours("Thursday")
    fri, sat, sun = _hours("Friday"), _hours("Saturday"), _hours("Sunday")

    class Meta:
        model = WorkCalendar
        fields = ("name", "timezone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in DAYS:
            self.fields[day].initial = write_hours(self.instance.weekly.get(day, []))

    def digest(self, instance: Any) -> str:
        """Also of the exceptions, which are saved with the calendar."""
        days = instance.exceptions.values_list("on", "label", "intervals") if instance.pk else ()
        return super().digest(instance) + "".join(f"{on}{label}{hours}" for on, label, hours in days)

    def clean(self) -> dict[str, Any]:
        """Also: the hours of the week, read as the clocks will read them."""
        cleaned = super().clean()
        weekly: dict[str, list[list[str]]] = {}
        for day in DAYS:
            try:
                if pairs := parse_hours(cleaned.get(day) or "", field=day):
                    weekly[day] = pairs
            except InvalidInput as error:
                complain(self, error)
        if not self.errors:
            try:
                read_zone(cleaned.get("timezone"))
                read_weekly(weekly)
            except InvalidInput as error:
                complain(self, error, fields={error.field: error.field.removeprefix("weekly.").partition("[")[0]})
        # None keeps the exceptions from being judged against hours that were refused.
        self.instance.weekly = None if self.errors else weekly
        return cleaned


class ExceptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """One day that differs."""

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


class ExceptionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The exceptions together with the week: a calendar that could never reach a deadline is refused here."""

    def clean(self) -> None:
        """ValidationError for a day named twice, hours that make no sense, or a calendar that is never open."""
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data.get("on") and not form.cleaned_data.get("DELETE")]
        hours = {form.cleaned_data["on"].isoformat(): form.instance.intervals for form in kept}
        calendar: WorkCalendar = self.instance
        if calendar.weekly is None or any(self.errors):
            return
        try:
            Calendar.from_dict(
                {
                    "timezone": calendar.timezone,
                    "weekly": calendar.weekly,
                    "holidays": [on for on, pairs in hours.items() if not pairs],
                    "date_overrides": {on: pairs for on, pairs in hours.items() if pairs},
                }
            )
        except InvalidInput as error:
            raise ValidationError(error.message) from error


class PolicyForm(SeenForm):
    """Whom a policy applies to, since when, and in whose hours it counts."""

    class Meta:
        model = Policy
        fields = ("name", "position", "is_active", "calendar", "hop_limit", "valid_from", "valid_until")

    def digest(self, instance: Any) -> str:
        """Also of the targets and ladders, which are published with the policy."""
        rows = instance.targets.values_list("key", "minutes", "steps__action", "steps__percent", "steps__minutes_after")
        return super().digest(instance) + str(sorted(map(str, rows))) if instance.pk else super().digest(instance)


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """One promise, and what happens around its deadline."""

    within = forms.CharField(max_length=40, help_text="Business time, like 4 h, 30 min or 1 h 30 min.")
    ladder = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60}),
        help_text=f"One step a line: 75 %, deadline or +1 h, a colon, and one of: {', '.join(WORDS.values())}. "
        "At most ten; nobody loses a handoff before its deadline, and nothing follows the expiry.",
    )

    class Meta:
        model = Target
        fields = ("key",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            steps = [StepRule(one.action, one.percent, one.minutes_after) for one in self.instance.steps.all()]
            self.fields["within"].initial = format_minutes(self.instance.minutes)
            self.fields["ladder"].initial = write_ladder(steps)

    def clean_within(self) -> str:
        """The amount of business time."""
        text: str = self.cleaned_data["within"]
        try:
            self.instance.minutes = parse_minutes(text, field="within")
        except InvalidInput as error:
            raise ValidationError(error.message) from error
        return text

    def clean_ladder(self) -> tuple[StepRule, ...]:
        """The steps."""
        try:
            return parse_ladder(self.cleaned_data["ladder"])
        except InvalidInput as error:
            raise ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        """Also: only what nobody has decided can expire."""
        cleaned = super().clean() or self.cleaned_data
        steps = cleaned.get("ladder") or ()
        if cleaned.get("key") != TargetKey.DECIDE and any(step.action == EXPIRE for step in steps):
            self.add_error("ladder", "Only an undecided handoff can expire.")
        return cleaned

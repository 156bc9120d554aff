"""The forms by which operations edit calendars."""

import datetime as dt
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from leads.admin_kinds import SeenForm, complain
from leads.forms_admin import zone_choices
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line
from sla.logic.holiday_days import MOST_YEARS_AHEAD, YEARS_AHEAD, countries, public_holidays, subdivisions
from sla.logic.hours_text import parse_hours, write_hours
from sla.logic.ics_days import MOST_BYTES, MOST_DAYS, read_days
from sla.logic.opening_hours import DAYS, read_weekly, read_zone
from sla.models import CalendarUse, CalendarVersion, WorkCalendar

FOLLOW, KEEP = "follow", "keep"


def _hours(day: str, hint: str = "") -> forms.CharField:
    return forms.CharField(label=day, required=False, max_length=400, help_text=hint)


def _country_choices() -> list[tuple[str, str]]:
    return [("", "no public holidays"), *countries()]


class CalendarForm(SeenForm):
    """Opening hours, one line a weekday; whose public holidays are closed; a file of company days."""

    timezone = forms.ChoiceField(choices=zone_choices, label="Time zone")
    mon = _hours("Monday", "Like 09:00-12:00, 13:00-17:30; so for every day. Empty when closed.")
    tue, wed, thu = _hours("Tuesday"), _hours("Wednesday"), _hours("Thursday")
    fri, sat, sun = _hours("Friday"), _hours("Saturday"), _hours("Sunday")
    country = forms.ChoiceField(choices=_country_choices, required=False, label="Public holidays of")
    subdivision = forms.CharField(
        widget=forms.Select,
        required=False,
        label="Region",
        help_text="Choose the country and press Preview: the regions with holidays of their own are listed then.",
    )
    holidays_until = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        label="Holidays up to and including",
        help_text="Extended by itself before they run out.",
    )
    company_days = forms.FileField(
        required=False,
        label="Company days",
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
        help_text="An iCalendar file (.ics), at most 1 MB: its whole days are closed. They replace those of the last "
        "file, and nothing that was typed. Preview lists them first.",
    )
    company_days_read = forms.CharField(widget=forms.HiddenInput, required=False)
    forget_company_days = forms.BooleanField(required=False, label="Take out the company days of the last file")
    clocks = forms.ChoiceField(
        choices=[(FOLLOW, "count the new hours from now on"), (KEEP, "keep the hours they have")],
        widget=forms.RadioSelect,
        initial=FOLLOW,
        required=False,
        label="Clocks that run",
        help_text="Nobody is late by a change: what has passed counts in the old hours.",
    )

    class Meta:
        model = WorkCalendar
        fields = ("name", "timezone", "country", "subdivision", "holidays_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left_out: tuple[str, ...] = ()
        self.today = timezone.now().date()
        for day in DAYS:
            self.fields[day].initial = write_hours(self.instance.weekly.get(day, []))
        country = self.data.get("country", "") if self.is_bound else self.instance.country
        self.fields["subdivision"].widget.choices = [("", "the whole country"), *subdivisions(country)]
        years = range(self.today.year, self.today.year + MOST_YEARS_AHEAD + 1)
        known = {self.instance.holidays_until} - {None} | set(years)
        named = [(str(year), str(year)) for year in sorted(year for year in known if year)]
        self.fields["holidays_until"].choices = [("", "two years ahead"), *named]  # type: ignore[attr-defined]

    def digest(self, instance: Any) -> str:
        """Also of the days that differ and the uses, which are saved with the calendar."""
        if not instance.pk:
            return super().digest(instance)
        days = instance.exceptions.values_list("on", "label", "intervals", "source")
        uses = instance.uses.order_by("pk").values_list("rep", "team", "country")
        return super().digest(instance) + "".join(map(str, [*days, *uses]))

    def clean(self) -> dict[str, Any]:
        """Also: hours, holidays and file, read as the clocks will read them."""
        cleaned = super().clean()
        weekly: dict[str, list[list[str]]] = {}
        for day in DAYS:
            try:
                if pairs := parse_hours(cleaned.get(day) or "", field=day):
                    weekly[day] = pairs
            except InvalidInput as error:
                complain(self, error)
        for read in (self._read_holidays, self._read_company_days):
            try:
                read(cleaned)
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

    def _read_holidays(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("country"):
            cleaned |= {"subdivision": "", "holidays_until": None}
            return
        cleaned["holidays_until"] = cleaned.get("holidays_until") or self.today.year + YEARS_AHEAD
        public_holidays(cleaned["country"], cleaned.get("subdivision") or "", years=[self.today.year])

    def _read_company_days(self, cleaned: dict[str, Any]) -> None:
        """What the file holds; after a preview the days come back as they were read, without the file."""
        self.instance.coming_days = None
        if cleaned.get("forget_company_days"):
            days: dict[dt.date, str] = {}
        elif file := cleaned.get("company_days"):
            until = max(cleaned.get("holidays_until") or 0, self.today.year + YEARS_AHEAD)
            first, last = dt.date(self.today.year, 1, 1), dt.date(until, 12, 31)
            found = read_days(file.read(MOST_BYTES + 1), first=first, last=last)
            days, self.left_out = found.days, found.left_out
        elif text := cleaned.get("company_days_read"):
            days = _days_of(text)
        else:
            return
        self.instance.coming_days = days
        found_days = json.dumps([[on.isoformat(), label] for on, label in days.items()])
        posted = QueryDict(mutable=True)
        posted.update(self.data)
        posted["company_days_read"] = found_days
        self.data = posted


def _days_of(text: str) -> dict[dt.date, str]:
    """The days that a preview put into the page."""
    try:
        pairs = json.loads(text)
        days = {dt.date.fromisoformat(on): one_line(label, field="company_days", longest=100) for on, label in pairs}
    except (ValueError, TypeError, RecursionError, InvalidInput):
        raise InvalidInput(
            "The company days could not be read back; choose the file again.", field="company_days"
        ) from None
    if len(days) > MOST_DAYS or any(not 1970 <= on.year <= 2200 for on in days):
        raise InvalidInput("These are too many company days; choose the file again.", field="company_days")
    return days


class UseForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose hours these are: one of three."""

    country = forms.ChoiceField(choices=lambda: [("", "---------"), *countries()], required=False, label="accounts in")

    class Meta:
        model = CalendarUse
        fields = ("rep", "team", "country")

    def clean_country(self) -> str | None:
        """Nothing is null: an empty text would be a country of its own."""
        return self.cleaned_data["country"] or None

    def clean(self) -> dict[str, Any]:
        """ValidationError unless exactly one is named."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and sum(bool(cleaned.get(name)) for name in ("rep", "team", "country")) != 1:
            raise ValidationError("Choose a rep, a team or a country: one of them.")
        return cleaned


class VersionsForm(forms.Form):
    """Two versions of a calendar, to be laid side by side."""

    old = forms.ModelChoiceField(CalendarVersion.objects.none(), label="From", empty_label=None)
    new = forms.ModelChoiceField(CalendarVersion.objects.none(), label="to", empty_label=None)

    def __init__(self, *args: Any, calendar: WorkCalendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("old", "new"):
            self.fields[name].queryset = calendar.versions.select_related("calendar")  # type: ignore[attr-defined]

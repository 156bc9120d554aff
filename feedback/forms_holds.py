"""What people type about waiting and being away. Forms shape; judging is left to the actions."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from feedback.models import Rep
from leads.logic.errors import InvalidInput

_LONGEST_TEXT = 10_000
_DAY = dt.timedelta(days=1)
_YEARS = range(1970, 2200)


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Answer",
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write an answer: the rep waits for it."},
    )


class AbsenceForm(forms.Form):
    """From the start of the first day to the end of the last one, or between two times of day, in the team's zone."""

    rep = forms.TypedChoiceField(label="Who?", coerce=UUID)
    first_on = forms.DateField(
        label="First day away",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Choose the first day."},
    )
    first_at = forms.TimeField(
        label="From", required=False, widget=forms.TimeInput(attrs={"type": "time"}), help_text="All day when empty."
    )
    last_on = forms.DateField(
        label="Last day away",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Choose the last day; it may be the first."},
    )
    last_at = forms.TimeField(
        label="Until", required=False, widget=forms.TimeInput(attrs={"type": "time"}), help_text="All day when empty."
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    def __init__(self, *args: object, reps: Sequence[Rep] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._reps = {rep.uid: rep for rep in reps}
        self.fields["rep"].choices = [(str(rep.uid), f"{rep} · {rep.team}") for rep in reps]  # type: ignore[attr-defined]
        self.fields["rep"].initial = str(reps[0].uid) if reps else ""

    def clean(self) -> dict[str, object]:
        """A span that can be meant: days of these times, the end after the beginning."""
        given = self.cleaned_data
        for name in ("first_on", "last_on"):
            if name in given and given[name].year not in _YEARS:
                self.add_error(name, "Choose a day of these times.")
        if not self.errors:
            starts_at, ends_at = self.span()
            if ends_at <= starts_at:
                self.add_error("last_on", "The end must come after the beginning.")
        return given

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """The instants that were meant, in the zone of the rep's team."""
        given = self.cleaned_data
        zone = ZoneInfo(self._reps[given["rep"]].team.timezone)
        starts_at = dt.datetime.combine(given["first_on"], given["first_at"] or dt.time(), tzinfo=zone)
        if given["last_at"] is None:
            return starts_at, dt.datetime.combine(given["last_on"] + _DAY, dt.time(), tzinfo=zone)
        return starts_at, dt.datetime.combine(given["last_on"], given["last_at"], tzinfo=zone)


def instant_typed(text: str, *, field: str) -> dt.datetime | None:
    """Day and time of day in the active zone as an aware instant, None for nothing. InvalidInput(`field`)."""
    if not text.strip():
        return None
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise InvalidInput("Give a day and a time, like 2026-11-30 09:00.", field=field)
    return timezone.make_aware(found) if timezone.is_naive(found) else found

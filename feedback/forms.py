"""What people type when a decision needs more than a click. Forms shape; judging is left to the actions."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django import forms
from django.utils import timezone

from feedback.models import AttemptKind, OutcomeKind, Rep

_LONGEST_NOTE = 10_000
_FIRST_DAY = dt.date(1970, 1, 1)


class NoteForm(forms.Form):
    """A note, wanted or not; the base of the other questions."""

    note = forms.CharField(
        required=False, max_length=_LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2}), label="Note"
    )
    field_order: list[str] | None = None


class TurnBackForm(NoteForm):
    field_order = ["to", "note"]
    to = forms.TypedChoiceField(required=False, label="Whose is it?", coerce=UUID, empty_value=None)

    def __init__(self, *args: object, reps: Iterable[Rep] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["to"].choices = [("", "I do not know: route it anew"), *_choices(reps)]  # type: ignore[attr-defined]


class ReassignForm(forms.Form):
    to = forms.TypedChoiceField(label="Who gets it?", coerce=UUID)

    def __init__(self, *args: object, reps: Iterable[Rep] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["to"].choices = _choices(reps)  # type: ignore[attr-defined]


class AttemptForm(NoteForm):
    field_order = ["kind", "is_two_way", "note"]
    kind = forms.ChoiceField(
        label="What did you try?",
        choices=[(kind.value, kind.label.capitalize()) for kind in AttemptKind],
        widget=forms.RadioSelect,
        initial=AttemptKind.CALL,
    )
    is_two_way = forms.BooleanField(required=False, label="They answered: it was a conversation")


class OutcomeForm(forms.Form):
    kind = forms.ChoiceField(
        label="Outcome",
        choices=[(kind.value, kind.label.capitalize()) for kind in OutcomeKind],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of it."},
    )
    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2, label="Amount")
    currency = forms.CharField(
        required=False, max_length=3, label="Currency", widget=forms.TextInput(attrs={"placeholder": "EUR"})
    )
    on = forms.DateField(
        required=False, label="When", widget=forms.DateInput(attrs={"type": "date"}), help_text="Today when left empty."
    )

    def clean_on(self) -> dt.date | None:
        """A day that can be meant."""
        day: dt.date | None = self.cleaned_data["on"]
        if day and not _FIRST_DAY <= day <= timezone.localdate():
            raise forms.ValidationError("Choose a day from 1970 until today.")
        return day

    def happened_at(self) -> dt.datetime | None:
        """Noon of the day that was given, in the reader's zone; None, which means now, for today and when none was
        given.
        """
        day: dt.date | None = self.cleaned_data["on"]
        if day is None or day == timezone.localdate():
            return None
        return dt.datetime.combine(day, dt.time(12), tzinfo=timezone.get_current_timezone())


def _choices(reps: Iterable[Rep]) -> list[tuple[str, str]]:
    return [(str(rep.uid), f"{rep} · {rep.team}") for rep in reps]

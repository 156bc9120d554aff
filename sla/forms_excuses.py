"""What is typed to ask for excused time, and to settle it. Forms shape; judging is left to the action."""

from django import forms


def _instant(label: str, hint: str = "") -> forms.DateTimeField:
    """A day and time in the reader's zone."""
    wrong = {"required": "Choose a day and a time."}
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, help_text=hint, widget=widget, error_messages=wrong)


class ExcuseForm(forms.Form):
    begins_at = _instant("From")
    ends_at = _instant("To", "At most 30 days after it begins.")
    why = forms.CharField(
        label="Why should this time not count?",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why: the manager decides by it."},
    )


class SettleForm(forms.Form):
    note = forms.CharField(label="Note", required=False, max_length=2_000)

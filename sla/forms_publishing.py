"""The forms by which a draft is published, versions are compared, and all rules come in one file."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sla.models import AppliesTo

_LARGEST_FILE = 1_000_000
_PUBLISH = [("", "no: save them as drafts"), *AppliesTo.choices]


class PublishForm(forms.Form):
    """What a new version applies to; `seen` is what the page showed."""

    applies_to = forms.ChoiceField(
        choices=AppliesTo.choices, widget=forms.RadioSelect, label="It applies to", initial=AppliesTo.NEW
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class CompareForm(forms.Form):
    """Two versions of one policy; 0 is the draft."""

    old = forms.TypedChoiceField(coerce=int, label="From")
    new = forms.TypedChoiceField(coerce=int, label="to")

    def __init__(self, *args: Any, numbers: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(0, "the draft"), *((number, f"version {number}") for number in numbers)]
        for name in ("old", "new"):
            self.fields[name].choices = named  # type: ignore[attr-defined]


class RulesFileForm(forms.Form):
    """A file of rules, to be looked at first."""

    file = forms.FileField(label="Rules file", help_text="As it was downloaded here or by manage.py export_rules.")
    only_these = forms.BooleanField(required=False, label="Withdraw the policies that the file does not hold")

    def clean_file(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["file"]
        if file.size > _LARGEST_FILE:
            raise ValidationError("A rules file has at most 1 MB.")
        try:
            text: str = file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise ValidationError("A rules file is UTF-8 text.") from None
        return text


class ImportForm(forms.Form):
    """The file that was looked at, and whether it is published as well."""

    text = forms.CharField(widget=forms.HiddenInput, max_length=_LARGEST_FILE, strip=False)
    only_these = forms.BooleanField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    publish = forms.ChoiceField(choices=_PUBLISH, required=False, widget=forms.RadioSelect, label="Publish")

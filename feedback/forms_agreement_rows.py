"""The rows of the agreement's form: a term, a condition, a count."""

from collections.abc import Mapping
from typing import Any

from django import forms

from leads.logic import facts
from leads.logic.agreement import MOST_POINTS
from leads.logic.agreement_phrases import KINDS
from leads.logic.conditions import OPERATORS
from leads.logic.errors import InvalidInput
from leads.models import EngagementKind

_CHOOSE = ("", "choose")
_FIELDS = [_CHOOSE, *((key, one.words) for key, one in facts.ICP.fields.items())]
_OPERATORS = [_CHOOSE, *OPERATORS.items()]
_KINDS = [_CHOOSE, *((kind, KINDS[kind][0]) for kind in EngagementKind.values)]


class ConditionRow(forms.Form):
    """One thing that must be true of a lead or its account."""

    field = forms.ChoiceField(choices=_FIELDS, label="What is known")
    operator = forms.ChoiceField(choices=_OPERATORS, label="How it compares")
    value = forms.CharField(
        required=False, max_length=5_000, label="With", help_text="Several are separated by commas."
    )
    field_order: list[str] | None = None

    def clean(self) -> dict[str, Any]:
        """The condition has to be one that can be asked."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("field") and given.get("operator"):
            try:
                facts.ICP.read(given["field"], given["operator"], given.get("value", ""), place="value")
            except InvalidInput as error:
                self.add_error("value", error.message)
        return given

    def document(self) -> dict[str, Any]:
        """The row as the agreement's document has it."""
        return {key: self.cleaned_data[key] for key in ("field", "operator", "value")}


class FitRow(ConditionRow):
    """Points for a condition."""

    label = forms.CharField(max_length=100, label="What it is called")
    points = forms.IntegerField(min_value=-MOST_POINTS, max_value=MOST_POINTS, label="Points")
    field_order = ["label", "field", "operator", "value", "points"]

    def document(self) -> dict[str, Any]:
        return {**super().document(), "label": self.cleaned_data["label"], "points": self.cleaned_data["points"]}


class _KindRow(forms.Form):
    kind = forms.ChoiceField(choices=_KINDS, label="What was done")
    page_group = forms.ChoiceField(required=False, label="On which pages")

    def __init__(self, *args: Any, groups: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.initial.get("page_group", "")
        # A group that is gone stays to be seen until somebody chooses another one; saving refuses it.
        gone = {kept: f"{kept} (gone)"} if kept and kept not in groups else {}
        self.fields["page_group"].choices = choices_of_groups({**groups, **gone})  # type: ignore[attr-defined]


class IntentRow(_KindRow):
    """Points for something done."""

    label = forms.CharField(max_length=100, label="What it is called")
    points = forms.IntegerField(min_value=-MOST_POINTS, max_value=MOST_POINTS, label="Points")
    half_life_days = forms.IntegerField(min_value=1, max_value=365, label="Half gone after, days")
    cap = forms.IntegerField(min_value=1, max_value=MOST_POINTS, label="At most")
    field_order = ["label", "kind", "page_group", "points", "half_life_days", "cap"]

    def document(self) -> dict[str, Any]:
        """The row as the agreement's document has it."""
        keys = ("label", "kind", "page_group", "points", "half_life_days", "cap")
        return {key: self.cleaned_data[key] for key in keys}


class CountRow(_KindRow):
    """So many of something in so many days."""

    at_least = forms.IntegerField(min_value=1, max_value=1_000, label="At least, times")
    within_days = forms.IntegerField(min_value=1, max_value=90, label="In the last, days")
    field_order = ["at_least", "kind", "page_group", "within_days"]

    def document(self) -> dict[str, Any]:
        """The row as the agreement's document has it."""
        return {key: self.cleaned_data[key] for key in ("kind", "page_group", "at_least", "within_days")}


def choices_of_groups(groups: Mapping[str, str]) -> list[tuple[str, str]]:
    """Page groups to choose from, none first."""
    return [("", "any page"), *groups.items()]

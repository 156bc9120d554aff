"""What a list of handoffs can be narrowed to."""

import datetime as dt
from typing import Any

import django_filters
from django import forms

from feedback.logic.states import State
from feedback.models import Handoff
from leads.api.fields import instant


class InstantField(forms.Field):
    """An instant that says its offset: the same rule as in a body."""

    def to_python(self, value: Any) -> dt.datetime | None:
        if value in self.empty_values:
            return None
        try:
            return instant(value)
        except ValueError as error:
            hint = " A + in a query is written %2B." if " " in str(value) else ""
            raise forms.ValidationError(f"{error}{hint}") from None


class InstantFilter(django_filters.Filter):
    field_class = InstantField


class HandoffFilter(django_filters.FilterSet):
    """`offered_from` is included, `offered_to` is not, so that days laid end to end count nothing twice."""

    state = django_filters.MultipleChoiceFilter(choices=[(state.value, state.value) for state in State])
    team = django_filters.UUIDFilter(field_name="team__uid", label="uid of the team")
    owner = django_filters.UUIDFilter(field_name="owner__uid", label="uid of the rep")
    campaign = django_filters.UUIDFilter(field_name="campaign__uid", label="uid of the campaign")
    channel = django_filters.CharFilter()
    reason = django_filters.CharFilter(field_name="reason__key", label="key of the reason")
    offered_from = InstantFilter(field_name="offered_at", lookup_expr="gte", label="offered at or after")
    offered_to = InstantFilter(field_name="offered_at", lookup_expr="lt", label="offered before")
    external_system = django_filters.CharFilter()
    external_id = django_filters.CharFilter()

    class Meta:
        model = Handoff
        fields: tuple[str, ...] = ()

    def is_valid(self) -> bool:
        """Whether every value can be used, and the interval is one."""
        valid = bool(super().is_valid())
        given = getattr(self.form, "cleaned_data", {})
        start, end = given.get("offered_from"), given.get("offered_to")
        if valid and start and end and start > end:
            self.form.add_error("offered_from", "lies after offered_to.")
            return False
        return valid

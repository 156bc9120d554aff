"""What lists can be narrowed to, and how a query's values are read: as strictly as a body's."""

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from leads.api.fields import instant
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.models import Account, Campaign, Consent, Engagement, EngagementKind, Lead, Relation


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


class EmailField(forms.CharField):
    """A mail address in the one normal form."""

    def to_python(self, value: Any) -> str:
        try:
            return normal_email(super().to_python(value))
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from None


class EmailFilter(django_filters.Filter):
    field_class = EmailField


class YesNoFilter(django_filters.TypedChoiceFilter):
    """true or false, and nothing that looks like it."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda text: text == "true", **kwargs)


class ApiFilter(django_filters.FilterSet):
    """Each pair of `intervals` is where an interval begins, included, and ends, not included, so that days laid end to
    end count nothing twice.
    """

    intervals: ClassVar[tuple[tuple[str, str], ...]] = ()

    def is_valid(self) -> bool:
        """Whether every value can be used, and the intervals are some."""
        valid = bool(super().is_valid())
        given = getattr(self.form, "cleaned_data", {})
        for first, last in self.intervals:
            start, end = given.get(first), given.get(last)
            if valid and start and end and start > end:
                self.form.add_error(first, f"lies after {last}.")
                valid = False
        return valid


def narrowed(filters: type[ApiFilter], request: Request, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that the query of `request` asks for. ValidationError by parameter."""
    found = filters(request.query_params, queryset=rows)
    if not found.is_valid():
        raise ValidationError(found.errors)
    narrow: QuerySet[Any] = found.qs
    return narrow


def _cased(change: Callable[[str], str]) -> Callable[[QuerySet[Any], str, str], QuerySet[Any]]:
    def narrow(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(**{name: change(value)})

    return narrow


_upper, _lower = _cased(str.upper), _cased(str.lower)


class _FromCrmFilter(ApiFilter):
    external_system = django_filters.CharFilter(label="the system that gave external_id")
    external_id = django_filters.CharFilter(label="the key the row has there")


class _MadeFilter(_FromCrmFilter):
    intervals = (("created_from", "created_to"),)
    created_from = InstantFilter(
        field_name="created_at", lookup_expr="gte", label="made at or after; with an offset, its + written %2B"
    )
    created_to = InstantFilter(field_name="created_at", lookup_expr="lt", label="made before")


class LeadFilter(_MadeFilter):
    email = EmailFilter(label="mail address, in any spelling of it")
    domain = django_filters.CharFilter(field_name="account__domain", method=_lower, label="domain of the account")
    account = django_filters.UUIDFilter(field_name="account__uid", label="uid of the account")
    is_target = YesNoFilter(field_name="account__is_target", label="of a target account")
    country = django_filters.CharFilter(method=_upper, label="ISO 3166 alpha-2, of the lead itself")
    language = django_filters.CharFilter(method=_lower, label="a tag like de")
    product = django_filters.CharFilter(label="product of interest")
    consent = django_filters.ChoiceFilter(choices=Consent.choices, label="what the lead agreed to")

    class Meta:
        model = Lead
        fields: tuple[str, ...] = ()


class AccountFilter(_MadeFilter):
    domain = django_filters.CharFilter(method=_lower, label="mail or web domain")
    name = django_filters.CharFilter(label="the whole name")
    country = django_filters.CharFilter(method=_upper, label="ISO 3166 alpha-2")
    industry = django_filters.CharFilter(label="industry")
    segment = django_filters.CharFilter(label="segment")
    relation = django_filters.ChoiceFilter(
        choices=[pair for pair in Relation.choices if pair[0]], label="what the company is to us"
    )
    is_target = YesNoFilter(label="target accounts, or all others")

    class Meta:
        model = Account
        fields: tuple[str, ...] = ()


class CampaignFilter(_MadeFilter):
    name = django_filters.CharFilter(label="the whole name")
    channel = django_filters.CharFilter(label="channel")

    class Meta:
        model = Campaign
        fields: tuple[str, ...] = ()


class EngagementFilter(_FromCrmFilter):
    intervals = (("occurred_from", "occurred_to"),)
    kind = django_filters.ChoiceFilter(choices=EngagementKind.choices, label="what was done")
    lead = django_filters.UUIDFilter(field_name="lead__uid", label="uid of the lead")
    email = EmailFilter(field_name="lead__email", label="mail address of the lead")
    account = django_filters.UUIDFilter(field_name="account__uid", label="uid of the account")
    domain = django_filters.CharFilter(field_name="account__domain", method=_lower, label="domain of the account")
    visitor = django_filters.UUIDFilter(field_name="visitor__uid", label="uid of the visitor")
    campaign = django_filters.UUIDFilter(field_name="campaign__uid", label="uid of the campaign")
    page_group = django_filters.CharFilter(label="key of the page group")
    occurred_from = InstantFilter(
        field_name="occurred_at", lookup_expr="gte", label="at or after; with an offset, its + written %2B"
    )
    occurred_to = InstantFilter(field_name="occurred_at", lookup_expr="lt", label="before")

    class Meta:
        model = Engagement
        fields: tuple[str, ...] = ()

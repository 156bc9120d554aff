"""What the API says, field by field: uids, names and instants in UTC. Row numbers stay inside."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from rest_framework import serializers
from rest_framework.fields import SkipField

from leads.models import Consent, EngagementKind, LawfulBasis, Relation


def listed(serializer: type[serializers.Serializer[Any]], rows: Iterable[object]) -> list[dict[str, Any]]:
    """Each row as the serializer says it."""
    return list(serializer(rows, many=True).data)


class UtcInstant(serializers.DateTimeField):
    """An aware instant as ISO 8601 in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, default_timezone=dt.UTC, **kwargs)


class Said(serializers.Serializer[Any]):
    """An object as it is said. Lists hold hundreds: what to do with each attribute is found out once."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Each field with its value, as JSON has it."""
        return {name: say(instance) for name, say in self._says}

    @cached_property
    def _says(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(name, _saying(field)) for name, field in self.fields.items()]


def _saying(field: Any) -> Callable[[Any], Any]:
    """How a field finds and says its value. Those of the usual kinds say it as it is; the rest are asked."""
    source: Callable[[Any], Any] | None = attrgetter(field.source) if len(field.source_attrs) == 1 else None
    if source is None or isinstance(field, serializers.SerializerMethodField):
        return lambda row: _asked(field, row)
    if isinstance(field, Said):
        return lambda row: _nested(field, source, row)
    if field.source == "__str__":
        return str
    if isinstance(field, UtcInstant):
        return lambda row: None if (at := source(row)) is None else _in_utc(at)
    if isinstance(field, serializers.UUIDField):
        return lambda row: None if (uid := source(row)) is None else str(uid)
    if isinstance(field, _AS_IT_IS):
        return source
    return lambda row: _asked(field, row)


def _nested(field: Said, source: Callable[[Any], Any], row: Any) -> dict[str, Any] | None:
    try:
        part = source(row)
    except ObjectDoesNotExist:  # the other side of a one-to-one
        return None
    return None if part is None else field.to_representation(part)


def _asked(field: Any, row: Any) -> Any:
    try:
        value = field.get_attribute(row)
    except SkipField:
        return None
    return None if value is None else field.to_representation(value)


def _in_utc(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


_AS_IT_IS = (
    *(serializers.CharField, serializers.ChoiceField, serializers.BooleanField, serializers.IntegerField),
    serializers.JSONField,
)


class Named(Said):
    """Something by uid and name."""

    uid = serializers.UUIDField(read_only=True)
    name = serializers.CharField(source="__str__", read_only=True)


class NamedInCrm(Named):
    """Something by uid and name, and by the CRM's key where it has one."""

    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)


class ComplaintSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457. `field` and `errors` are there when fields are to blame."""

    type = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    status = serializers.IntegerField(read_only=True)
    detail = serializers.CharField(read_only=True)
    field = serializers.CharField(required=False)
    errors = ComplaintSerializer(many=True, required=False)  # type: ignore[assignment]


class StandingSerializer(Said):
    """The last scores with what they are made of, and the rule that is met; `held_back` says why nothing was offered
    although one is.
    """

    fit = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    intent = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    parts = serializers.JSONField(read_only=True)
    rule = serializers.CharField(read_only=True)
    why = serializers.CharField(read_only=True)
    held_back = serializers.CharField(read_only=True)
    agreement = serializers.IntegerField(source="agreement.number", read_only=True, allow_null=True)
    met_at = UtcInstant(allow_null=True)
    scored_at = UtcInstant()


class AccountSerializer(Said):
    """A company as it is known. `merged_into` is the uid of the account that it turned out to be."""

    uid = serializers.UUIDField(read_only=True)
    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    domain = serializers.CharField(read_only=True)
    industry = serializers.CharField(read_only=True)
    employee_count = serializers.IntegerField(read_only=True, allow_null=True)
    city = serializers.CharField(read_only=True)
    country = serializers.CharField(read_only=True)
    segment = serializers.CharField(read_only=True)
    relation = serializers.ChoiceField(choices=Relation.values, read_only=True)
    is_target = serializers.BooleanField(read_only=True)
    merged_into = serializers.UUIDField(source="merged_into.uid", read_only=True, allow_null=True)
    disqualified_at = UtcInstant(allow_null=True)
    created_at = UtcInstant()


class AccountDetailSerializer(AccountSerializer):
    """An account with where it stands; null before it was scored."""

    standing = StandingSerializer(read_only=True, allow_null=True)


class LeadSerializer(Said):
    """A person as they are known. `merged_into` is the uid of the lead that they turned out to be."""

    uid = serializers.UUIDField(read_only=True)
    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    email = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True)
    country = serializers.CharField(read_only=True)
    language = serializers.CharField(read_only=True)
    product = serializers.CharField(read_only=True)
    consent = serializers.ChoiceField(choices=Consent.values, read_only=True)
    account = NamedInCrm(read_only=True, allow_null=True)
    merged_into = serializers.UUIDField(source="merged_into.uid", read_only=True, allow_null=True)
    suppressed_at = UtcInstant(allow_null=True)
    disqualified_at = UtcInstant(allow_null=True)
    created_at = UtcInstant()


class LeadDetailSerializer(LeadSerializer):
    """A lead with where they stand; null before they were scored."""

    standing = StandingSerializer(read_only=True, allow_null=True)


class CampaignSerializer(Said):
    uid = serializers.UUIDField(read_only=True)
    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    channel = serializers.CharField(read_only=True)
    created_at = UtcInstant()


class VisitorSerializer(Said):
    """A browser; `tool`, `confidence` and `lawful_basis` of saying to which account it belongs."""

    uid = serializers.UUIDField(read_only=True)
    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    tool = serializers.CharField(read_only=True)
    confidence = serializers.IntegerField(read_only=True, allow_null=True, min_value=0, max_value=100)
    lawful_basis = serializers.ChoiceField(choices=["", *LawfulBasis.values], read_only=True)


class EngagementSerializer(Said):
    """What was done, by whom as far as it is known. `confidence` is how sure the account is, in percent."""

    uid = serializers.UUIDField(read_only=True)
    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=EngagementKind.values, read_only=True)
    occurred_at = UtcInstant()
    lead = NamedInCrm(read_only=True, allow_null=True)
    account = NamedInCrm(read_only=True, allow_null=True)
    visitor = VisitorSerializer(read_only=True, allow_null=True)
    campaign = NamedInCrm(read_only=True, allow_null=True)
    url = serializers.CharField(read_only=True)
    page_group = serializers.CharField(read_only=True)
    confidence = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    subject = serializers.CharField(read_only=True)
    duration_seconds = serializers.IntegerField(read_only=True, allow_null=True)


class _RowSerializer(serializers.Serializer[Any]):
    """What became of one row of a list: 201 new, 200 known before, else the problem."""

    status = serializers.IntegerField(read_only=True)
    problem = ProblemSerializer(required=False)


class LeadRowSerializer(_RowSerializer):
    lead = LeadSerializer(required=False)


class LeadRowsSerializer(serializers.Serializer[Any]):
    results = LeadRowSerializer(many=True, read_only=True)


class AccountRowSerializer(_RowSerializer):
    account = AccountSerializer(required=False)


class AccountRowsSerializer(serializers.Serializer[Any]):
    results = AccountRowSerializer(many=True, read_only=True)


class CampaignRowSerializer(_RowSerializer):
    campaign = CampaignSerializer(required=False)


class CampaignRowsSerializer(serializers.Serializer[Any]):
    results = CampaignRowSerializer(many=True, read_only=True)


class EngagementRowSerializer(_RowSerializer):
    engagement = EngagementSerializer(required=False)


class EngagementRowsSerializer(serializers.Serializer[Any]):
    results = EngagementRowSerializer(many=True, read_only=True)

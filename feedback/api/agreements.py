"""The agreement, read by another system: its document, its words, who signed it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.pages.agreements import sections_of
from leads.api.schema_parts import answer, refusals
from leads.api.serializers import UtcInstant
from leads.api.views import ApiView
from leads.logic.errors import NotFound
from leads.models import AgreementState, Scope, Side
from leads.reports.agreements import Version, page_group_labels, versions


class _SignatureSerializer(serializers.Serializer[Any]):
    side = serializers.ChoiceField(choices=Side.values, read_only=True)
    by = serializers.CharField(source="label", read_only=True)
    signed_at = UtcInstant()


class _SaidSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(read_only=True)
    lines = serializers.ListField(child=serializers.CharField(), read_only=True)


class AgreementSerializer(serializers.Serializer[Any]):
    """A published agreement: `document` as the rules read it, `contributed` what was frozen with it, `words` for
    people.
    """

    uid = serializers.UUIDField(read_only=True)
    number = serializers.IntegerField(read_only=True)
    is_in_force = serializers.BooleanField(read_only=True)
    note = serializers.CharField(read_only=True)
    published_at = UtcInstant()
    ended_at = UtcInstant(allow_null=True)
    digest = serializers.CharField(read_only=True)
    signatures = _SignatureSerializer(many=True, read_only=True)
    document = serializers.DictField(read_only=True)
    contributed = serializers.DictField(read_only=True)
    words = _SaidSerializer(many=True, read_only=True)


_EXAMPLE = {
    "uid": "c7d1f6de-5a3b-4f0e-9c39-0a4b8e6f2d15",
    "number": 3,
    "is_in_force": True,
    "note": "Fewer, better",
    "published_at": "2026-11-02T09:00:00Z",
    "ended_at": None,
    "digest": "9f2c4a…",
    "signatures": [
        {"side": "marketing", "by": "Mia Sandberg", "signed_at": "2026-11-01T15:20:00Z"},
        {"side": "sales", "by": "Nadia Benali", "signed_at": "2026-11-02T08:55:00Z"},
    ],
    "document": {"sql": {"checklist": ["A next step with a date is agreed"]}},
    "contributed": {},
    "words": [{"title": "What an SQL is", "lines": ["A next step with a date is agreed"]}],
}
_SAID = {200: answer(AgreementSerializer, {"In force": _EXAMPLE}), **refusals(400, 404)}


class AgreementInForceView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="agreement_in_force", responses=_SAID, tags=["agreements"])
    def get(self, request: Request) -> Response:
        """The agreement in force; 404 before the first was published."""
        found = next((one for one in versions() if one.state == AgreementState.IN_FORCE), None)
        if found is None:
            raise NotFound("Nothing is agreed yet.")
        return _said(found)


class AgreementView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="agreements_read", responses=_SAID, tags=["agreements"])
    def get(self, request: Request, number: int) -> Response:
        """The agreement with this number, as it was published."""
        found = next((one for one in versions() if one.number == number), None)
        if found is None:
            raise NotFound("There is no such agreement.")
        return _said(found)


def _said(version: Version) -> Response:
    words = [
        {"title": section.title, "lines": [f"{line.name}: {line.words}".removesuffix(": ") for line in section.lines]}
        for section in sections_of(version, page_group_labels())
    ]
    facts = {name: getattr(version, name) for name in _COLUMNS}
    is_in_force = version.state == AgreementState.IN_FORCE
    return Response(AgreementSerializer({**facts, "is_in_force": is_in_force, "words": words}).data)


_COLUMNS = (
    *("uid", "number", "note", "published_at", "ended_at"),
    *("digest", "signatures", "document", "contributed"),
)

"""Which leads may be one, and making one of two."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.actions.merging import merge_accounts, merge_leads
from leads.api import examples as story
from leads.api.fields import Shape, Uid, parsed
from leads.api.intake import IntakeView, accounts, leads
from leads.api.pagination import QUERY, NewestFirst
from leads.api.schema_parts import answer, body, refusals
from leads.api.serializers import AccountSerializer, LeadSerializer, NamedInCrm, Said, UtcInstant, listed
from leads.logic.actors import Actor
from leads.logic.alike import WORDS
from leads.models import Account, Duplicate, Lead, Scope
from leads.reports.duplicates import open_pairs

_DROP = "8a1f6f0e-21b4-4f8e-9a53-6a1e5d1c7b42"
_PAIR = {
    "uid": "c2b1f7de-52a7-4a53-8a0f-0b1d7a0c9e11",
    "leads": [
        {"uid": story.UID, "name": "Ana Duarte", "external_system": "crm", "external_id": "1042"},
        {"uid": _DROP, "name": "A. Duarte", "external_system": "", "external_id": ""},
    ],
    "accounts": [],
    "score": 81,
    "because": ["alike_name", "company"],
    "created_at": "2026-11-22T09:00:00Z",
}


class MergeShape(Shape):
    """The other one: what it has goes to the one in the address, and its keys name that one from then on."""

    drop = Uid(help_text="uid of the one that is dropped")


class DuplicateSerializer(Said):
    """Two that may be one: `leads` or `accounts` holds the two, the older one first. `score` is how alike they are."""

    uid = serializers.UUIDField(read_only=True)
    leads = serializers.SerializerMethodField()
    accounts = serializers.SerializerMethodField()
    score = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    because = serializers.ListField(child=serializers.ChoiceField(choices=sorted(WORDS)), read_only=True)
    created_at = UtcInstant()

    @extend_schema_field(NamedInCrm(many=True))
    def get_leads(self, pair: Duplicate) -> list[dict[str, Any]]:
        """The two leads."""
        return _said(pair.lead, pair.other_lead)

    @extend_schema_field(NamedInCrm(many=True))
    def get_accounts(self, pair: Duplicate) -> list[dict[str, Any]]:
        """The two accounts."""
        return _said(pair.account, pair.other_account)


class DuplicatesView(IntakeView):
    """The pairs that nobody has decided about, those found last on top."""

    scopes = {"GET": Scope.INTAKE}
    pagination_class = NewestFirst

    def known_query(self, request: Request) -> frozenset[str]:
        return QUERY

    @extend_schema(
        operation_id="duplicates_list",
        summary="List pairs of leads or accounts that may be one, those found last on top.",
        parameters=[OpenApiParameter(name, str) for name in sorted(QUERY)],
        responses={200: answer(DuplicateSerializer(many=True), {"A pair": _PAIR}), **refusals(400)},
        tags=["intake"],
    )
    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        rows: QuerySet[Duplicate] = open_pairs()
        return pages.get_paginated_response(listed(DuplicateSerializer, pages.paginate_queryset(rows, request)))


class MergeView(IntakeView):
    scopes = {"POST": Scope.INTAKE}
    given: ClassVar[type[Shape]] = MergeShape

    def by(self) -> Actor:
        assert isinstance(self.request.user, User)  # IsAuthenticated saw to it
        user = self.request.user
        return Actor(user_id=user.pk, label=user.get_full_name() or user.get_username(), via="api")

    def drop(self) -> UUID:
        given: dict[str, Any] = parsed(self.given, self.request.data)
        uid: UUID = given["drop"]
        return uid


class MergeLeadsView(MergeView):
    @extend_schema(
        operation_id="leads_merge",
        summary="Make one of two leads: the one in the address goes on. Asking again changes nothing.",
        request=body(MergeShape, {"The other one": {"drop": _DROP}}),
        responses={200: answer(LeadSerializer, {"The lead that goes on": story.LEAD_SAID}), **refusals(400, 404, 409)},
        tags=["intake"],
    )
    def post(self, request: Request, uid: UUID) -> Response:
        kept = merge_leads(uid, self.drop(), by=self.by())
        return Response(LeadSerializer(leads().get(pk=kept.pk)).data)


class MergeAccountsView(MergeView):
    @extend_schema(
        operation_id="accounts_merge",
        summary="Make one of two accounts: the one in the address goes on. Asking again changes nothing.",
        request=body(MergeShape, {"The other one": {"drop": _DROP}}),
        responses={
            200: answer(AccountSerializer, {"The account that goes on": story.ACCOUNT_SAID}),
            **refusals(400, 404, 409),
        },
        tags=["intake"],
    )
    def post(self, request: Request, uid: UUID) -> Response:
        kept = merge_accounts(uid, self.drop(), by=self.by())
        return Response(AccountSerializer(accounts().get(pk=kept.pk)).data)


def _said(one: Lead | Account | None, other: Lead | Account | None) -> list[dict[str, Any]]:
    return listed(NamedInCrm, [row for row in (one, other) if row is not None])

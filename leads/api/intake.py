"""Leads, accounts, campaigns and engagements: taken in one by one or many at once, listed and read."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from leads.actions import intake
from leads.actions.bulk import read_rows
from leads.actions.clock import database_now
from leads.actions.intake import Taken
from leads.api import schema_intake as schema
from leads.api.errors import problem_of
from leads.api.fields import Shape, parsed, parsed_each
from leads.api.filters import AccountFilter, ApiFilter, CampaignFilter, EngagementFilter, LeadFilter, narrowed
from leads.api.inputs import AccountShape, CampaignShape, EngagementShape, LeadShape, placed
from leads.api.pagination import QUERY, NewestFirst
from leads.api.permissions import TakesIn
from leads.api.schema_intake import LONGEST_BATCH
from leads.api.serializers import (
    AccountDetailSerializer,
    AccountSerializer,
    CampaignSerializer,
    EngagementSerializer,
    LeadDetailSerializer,
    LeadSerializer,
    listed,
)
from leads.api.views import ApiView
from leads.logic.errors import NotFound
from leads.models import Account, Campaign, Engagement, Lead, RowResult, Scope


class NewestDone(NewestFirst):
    """Latest engagement first."""

    instant = "occurred_at"


class IntakeView(ApiView):
    """What marketing knows is for marketing, operations and integrators."""

    permission_classes = (*ApiView.permission_classes, TakesIn)


class RowsView(IntakeView):
    """Rows of one kind: `given` reads one, `take` keeps many, `said` answers with them and what is `beside`."""

    scopes = {"GET": Scope.READ, "POST": Scope.INTAKE}
    pagination_class: ClassVar[type[NewestFirst]] = NewestFirst
    kind: ClassVar[str]
    given: ClassVar[type[Shape]]
    said: ClassVar[type[Serializer[Any]]]
    filters: ClassVar[type[ApiFilter]]
    take: ClassVar[Callable[..., list[Taken[Any]]]]
    rows: ClassVar[Callable[[], QuerySet[Any]]]
    beside: ClassVar[tuple[str, ...]] = ()

    def known_query(self, request: Request) -> frozenset[str]:
        return frozenset() if request.method == "POST" else QUERY | set(self.filters.base_filters)

    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        rows = pages.paginate_queryset(narrowed(self.filters, request, self.listed()), request)
        return pages.get_paginated_response(listed(self.said, rows))

    def listed(self) -> QuerySet[Any]:
        """What a list can hold."""
        return type(self).rows()

    def taken(self, given: list[Any], *, now: dt.datetime) -> list[Taken[Any]]:
        """What became of each; `now` is when it was asked."""
        return type(self).take(given)

    def post(self, request: Request) -> Response:
        now = getattr(request.auth, "asked_at", None) or database_now()
        if isinstance(request.data, list):
            return self._many(request.data, now=now)
        one = parsed(self.given, request.data, now=now)
        taken = self.taken([one], now=now)[0]
        if taken.error:
            raise placed(taken.error, one) from taken.error
        assert taken.kept is not None
        row = taken.kept.row
        place = f"{request.path}{row.uid}/"
        return Response(self._said([taken])[row.pk], status=_status(taken), headers={"Location": place})

    def _many(self, bodies: list[Any], *, now: dt.datetime) -> Response:
        if not 1 <= len(bodies) <= LONGEST_BATCH:
            raise ValidationError(f"holds {len(bodies)} {self.kind}s; send 1 to {LONGEST_BATCH} at a time.")
        read = parsed_each(self.given, bodies, now=now)
        good = {at: one for at, one in enumerate(read) if not isinstance(one, ValidationError)}
        taken = dict(zip(good, self.taken(list(good.values()), now=now), strict=True))
        said = self._said(taken.values())
        return Response({"results": [self._result(one, taken.get(at), said) for at, one in enumerate(read)]})

    def _said(self, taken: Iterable[Taken[Any]]) -> dict[int, Any]:
        """What is said of each row that was kept, by primary key."""
        kept = {one.kept.row.pk: one.kept.row for one in taken if one.kept}
        for name in self.beside:
            _bring(kept.values(), name)
        says = _says(self.said)
        return {pk: says.to_representation(row) for pk, row in kept.items()}

    def _result(self, given: Any, taken: Taken[Any] | None, said: Mapping[int, Any]) -> dict[str, Any]:
        if taken and taken.kept:
            return {"status": _status(taken), self.kind: said[taken.kept.row.pk]}
        error = placed(taken.error, given) if taken and taken.error else given
        problem = problem_of(error)
        assert problem is not None
        return {"status": problem.status, "problem": problem.body()}


class RowView(IntakeView):
    """One row of a kind."""

    scopes = {"GET": Scope.READ}
    kind: ClassVar[str]
    said: ClassVar[type[Serializer[Any]]]
    rows: ClassVar[Callable[[], QuerySet[Any]]]

    def get(self, request: Request, uid: UUID) -> Response:
        row = type(self).rows().filter(uid=uid).first()
        if row is None:
            raise NotFound(f"There is no such {self.kind}.")
        return Response(self.said(row).data)


@cache
def _says(said: type[Serializer[Any]]) -> Serializer[Any]:
    """One for all requests: to make the fields takes longer than what they say."""
    return said()


def _bring(rows: Iterable[Any], name: str) -> None:
    """Have the rows know what the foreign key `name` means; at most one statement."""
    field: Any = None
    lacking: dict[int, list[Any]] = {}
    for row in rows:
        field = field or row._meta.get_field(name)
        pk = getattr(row, field.attname)
        if pk is not None and not field.is_cached(row):
            lacking.setdefault(pk, []).append(row)
    if lacking:
        for found in read_rows(field.related_model, "id = ANY(%s)", [list(lacking)]):
            for row in lacking[found.pk]:
                field.set_cached_value(row, found)


def _status(taken: Taken[Any]) -> int:
    return 201 if taken.kept and taken.kept.result is RowResult.CREATED else 200


def leads() -> QuerySet[Lead]:
    """Leads with what is said of them; one statement."""
    return Lead.objects.select_related("account", "merged_into")


def accounts() -> QuerySet[Account]:
    """Accounts with what is said of them; one statement."""
    return Account.objects.select_related("merged_into")


def campaigns() -> QuerySet[Campaign]:
    """Campaigns; one statement."""
    return Campaign.objects.all()


def engagements() -> QuerySet[Engagement]:
    """Engagements with what is said of them; one statement."""
    return Engagement.objects.select_related("lead", "account", "visitor", "campaign")


@schema.rows("lead")
class LeadsView(RowsView):
    kind, given, said, filters = "lead", LeadShape, LeadSerializer, LeadFilter
    take, rows, beside = staticmethod(intake.take_leads), staticmethod(leads), ("account", "merged_into")

    def listed(self) -> QuerySet[Lead]:
        return leads().filter(merged_into=None)


@schema.row("lead")
class LeadView(RowView):
    kind, said = "lead", LeadDetailSerializer
    rows = staticmethod(lambda: leads().select_related("standing__agreement"))


@schema.rows("account")
class AccountsView(RowsView):
    kind, given, said, filters = "account", AccountShape, AccountSerializer, AccountFilter
    take, rows, beside = staticmethod(intake.take_accounts), staticmethod(accounts), ("merged_into",)

    def listed(self) -> QuerySet[Account]:
        return accounts().filter(merged_into=None)


@schema.row("account")
class AccountView(RowView):
    kind, said = "account", AccountDetailSerializer
    rows = staticmethod(lambda: accounts().select_related("standing__agreement"))


@schema.rows("campaign")
class CampaignsView(RowsView):
    kind, given, said, filters = "campaign", CampaignShape, CampaignSerializer, CampaignFilter
    take, rows = staticmethod(intake.take_campaigns), staticmethod(campaigns)


@schema.row("campaign")
class CampaignView(RowView):
    kind, said = "campaign", CampaignSerializer
    rows = staticmethod(campaigns)


@schema.rows("engagement")
class EngagementsView(RowsView):
    pagination_class = NewestDone
    kind, given, said, filters = "engagement", EngagementShape, EngagementSerializer, EngagementFilter
    take, rows = staticmethod(intake.take_engagements), staticmethod(engagements)
    beside = ("lead", "account", "visitor", "campaign")

    def taken(self, given: list[Any], *, now: dt.datetime) -> list[Taken[Any]]:
        return intake.take_engagements(given, now=now)


@schema.row("engagement")
class EngagementView(RowView):
    kind, said = "engagement", EngagementSerializer
    rows = staticmethod(engagements)

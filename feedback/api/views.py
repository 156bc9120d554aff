"""Offering, listing and reading handoffs; each view parses, calls one action, answers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.actions import offers
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import OfferResult
from feedback.api import schema
from feedback.api.base import HandoffApiView, parsed
from feedback.api.etags import etag, is_known
from feedback.api.filters import HandoffFilter
from feedback.api.inputs import OfferShape
from feedback.api.pagination import NewestOffered
from feedback.api.schema import LONGEST_BATCH
from feedback.api.serializers import HandoffDetailSerializer, HandoffSerializer, ReasonSerializer
from feedback.models import Handoff, RejectionReason
from feedback.reports.routing_traces import steps_of
from leads.api.errors import problem_of
from leads.api.fields import parsed_each
from leads.api.filters import narrowed
from leads.api.inputs import placed
from leads.api.pagination import QUERY
from leads.api.serializers import listed
from leads.api.views import ApiView
from leads.logic.errors import InvalidInput, NotFound
from leads.models import JournalEntry, Scope

LONGEST_JOURNAL = 500


class HandoffsView(HandoffApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.OFFER}
    pagination_class = NewestOffered

    repeatable = frozenset({"state"})

    def known_query(self, request: Request) -> frozenset[str]:
        if request.method == "POST":
            return frozenset()
        return QUERY | set(HandoffFilter.base_filters)

    @schema.listing
    def get(self, request: Request) -> Response:
        """The handoffs that the key's owner may see, latest offer first."""
        pages = NewestOffered()
        rows = pages.paginate_queryset(narrowed(HandoffFilter, request, self.visible(self.person())), request)
        return pages.get_paginated_response(listed(HandoffSerializer, rows))

    @schema.offering
    def post(self, request: Request) -> Response:
        """Offer a lead to sales, or up to 500 in a list with a result for each."""
        if isinstance(request.data, list):
            return self._many(request.data)
        person = self.person()
        given: OfferInput = parsed(OfferShape, request.data)
        try:
            result = offers.offer(given, by=person)
        except InvalidInput as error:
            raise placed(error, given) from error
        assert result.handoff is not None
        handoff = self.visible(person).get(pk=result.handoff.pk)
        place = reverse("api:handoff", args=[handoff.uid])
        status = 201 if result.is_new else 200
        answer = HandoffSerializer(handoff).data
        return Response(answer, status=status, headers={"Location": place, "ETag": etag(handoff, answer)})

    def _many(self, rows: list[Any]) -> Response:
        if not 1 <= len(rows) <= LONGEST_BATCH:
            raise ValidationError(f"holds {len(rows)} offers; send 1 to {LONGEST_BATCH} at a time.")
        person = self.person()
        read: list[OfferInput | ValidationError] = parsed_each(OfferShape, rows)
        given = {at: one for at, one in enumerate(read) if not isinstance(one, ValidationError)}
        results = dict(zip(given, offers.offer_many(list(given.values()), by=person), strict=True))
        made = [result.handoff.pk for result in results.values() if result.handoff]
        handoffs = {handoff.pk: handoff for handoff in self.visible(person).filter(pk__in=made)}
        return Response(
            {
                "results": [
                    _problem_row(one) if isinstance(one, ValidationError) else _row(results[at], one, handoffs)
                    for at, one in enumerate(read)
                ]
            }
        )


class HandoffView(HandoffApiView):
    scopes = {"GET": Scope.READ}

    @schema.detail
    def get(self, request: Request, uid: UUID) -> Response:
        """One handoff with its journal."""
        handoff = self.visible(self.person()).filter(uid=uid).first()
        if handoff is None:
            raise NotFound("There is no such handoff.")
        entries = JournalEntry.objects.filter(handoff_uid=uid).select_related("note").order_by("-pk")[:LONGEST_JOURNAL]
        handoff.journal = list(reversed(entries))  # type: ignore[attr-defined]
        handoff.routing = steps_of(uid)  # type: ignore[attr-defined]
        answer = HandoffDetailSerializer(handoff).data
        tag = etag(handoff, answer)
        if is_known(request.headers.get("If-None-Match"), tag):
            return Response(status=304, headers={"ETag": tag})
        return Response(answer, headers={"ETag": tag})


class ReasonsView(ApiView):
    scopes = {"GET": Scope.READ}

    @schema.reasons
    def get(self, request: Request) -> Response:
        """The reasons in use, with the evidence each asks for."""
        return Response({"results": listed(ReasonSerializer, RejectionReason.objects.filter(is_live=True))})


def _row(result: OfferResult, given: OfferInput, handoffs: Mapping[int, Handoff]) -> dict[str, object]:
    if result.error or result.handoff is None:
        error = placed(result.error, given) if isinstance(result.error, InvalidInput) else result.error
        return _problem_row(error or NotFound("Nothing was made of this row."))
    handoff = handoffs[result.handoff.pk]
    return {"status": 201 if result.is_new else 200, "handoff": HandoffSerializer(handoff).data}


def _problem_row(error: Exception) -> dict[str, object]:
    problem = problem_of(error)
    assert problem is not None
    return {"status": problem.status, "problem": problem.body()}

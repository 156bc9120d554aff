"""What the OpenAPI description says of each address beyond its shapes."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema

from feedback.api import examples as story
from feedback.api.filters import HandoffFilter
from feedback.api.inputs import AbsenceShape, OfferShape
from feedback.api.routing_examples import STEPS
from feedback.api.serializers import (
    AbsenceSerializer,
    AbsencesSerializer,
    DecidedSerializer,
    HandoffDetailSerializer,
    HandoffSerializer,
    ReasonsSerializer,
    RowResultsSerializer,
)
from leads.api.errors import Problem
from leads.api.fields import Shape
from leads.api.schema_parts import answer, body, query_of, refusals

View = TypeVar("View", bound=Callable[..., Any] | type)


LONGEST_BATCH = 500

_TAGS = {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'}
IF_MATCH = OpenApiParameter(
    "If-Match",
    _TAGS,
    OpenApiParameter.HEADER,
    description="ETag of the handoff as it was read: when it has changed since, the answer is 412",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="ETag of an earlier answer: 304 when it still holds"
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="which version of the handoff this is, for If-Match and If-None-Match",
)

_DETAIL = story.HANDOFF_SAID | {"routing": STEPS, "journal": story.JOURNAL_SAID}
_LATE = Problem(status=409, detail="Sam Okafor accepted this handoff on 2026-11-20 at 10:04 UTC.")
_BUSY = Problem(status=409, detail="Ana Duarte is with sales already; one open handoff at a time.")
_DECIDED = [
    {"status": 200, "handoff": story.HANDOFF_SAID, "etag": '"5e0c.9a1f"'},
    {"status": 409, "problem": _LATE.body()},
]
_OFFERED = [{"status": 201, "handoff": story.HANDOFF_SAID}, {"status": 409, "problem": _BUSY.body()}]

listing = extend_schema(
    operation_id="handoffs_list",
    parameters=query_of(HandoffFilter),
    responses={200: answer(HandoffSerializer(many=True), {"Pending": story.HANDOFF_SAID}), **refusals(400)},
    tags=["handoffs"],
)
offering = extend_schema(
    operation_id="handoffs_offer",
    request=body(
        PolymorphicProxySerializer(
            component_name="OfferOrOffers",
            serializers=[
                OfferShape,
                OfferShape(many=True, max_length=LONGEST_BATCH),
            ],
            resource_type_field_name=None,
            many=False,
        ),
        {
            "A lead for a rep": story.OFFER,
            "An unknown visitor of an account, for a team": story.OFFER_OF_ACCOUNT,
            "Several at once": [story.OFFER, story.OFFER_OF_ACCOUNT],
        },
    ),
    responses={
        200: answer(
            PolymorphicProxySerializer(
                component_name="OfferedBeforeOrRows",
                serializers=[HandoffSerializer, RowResultsSerializer],
                resource_type_field_name=None,
            ),
            {"Offered before": story.HANDOFF_SAID, "A result for each": {"results": _OFFERED}},
        ),
        201: answer(HandoffSerializer, {"New": story.HANDOFF_SAID}),
        **refusals(400, 409, 413, 415),
    },
    tags=["handoffs"],
)
detail = extend_schema(
    operation_id="handoffs_read",
    parameters=[IF_NONE_MATCH, ETAG],
    responses={200: answer(HandoffDetailSerializer, {"With its journal": _DETAIL}), 304: None, **refusals(404)},
    tags=["handoffs"],
)
absences = extend_schema(
    operation_id="absences_list",
    responses={200: answer(AbsencesSerializer, {"Holidays": {"results": [story.ABSENCE_SAID]}}), **refusals(404)},
    tags=["absences"],
)
adding_absence = extend_schema(
    operation_id="absences_add",
    request=body(AbsenceShape, AbsenceShape.examples),
    responses={201: answer(AbsenceSerializer, {"Holidays": story.ABSENCE_SAID}), **refusals(400, 404, 413, 415)},
    tags=["absences"],
)
removing_absence = extend_schema(
    operation_id="absences_remove", request=None, responses={204: None, **refusals(404, 409)}, tags=["absences"]
)
reasons = extend_schema(
    operation_id="reasons_list",
    responses={200: answer(ReasonsSerializer, {"A reason": {"results": [story.REASON_SAID]}}), **refusals(400)},
    tags=["reasons"],
)


def deciding(shapes: Mapping[str, type[Shape]]) -> Callable[[View], View]:
    """The description of a batch of decisions: one shape for each verb."""
    return extend_schema(
        operation_id="handoffs_decide",
        request=body(
            PolymorphicProxySerializer(
                component_name="Decision", serializers=dict(shapes), resource_type_field_name="verb", many=True
            ),
            story.DECISIONS,
        ),
        responses={
            200: answer(DecidedSerializer, {"A result for each": {"results": _DECIDED}}),
            **refusals(400, 413, 415),
        },
        tags=["verbs"],
    )


def verb(given: type[Shape], summary: str) -> Callable[[View], View]:
    """The description of a verb's POST: what it takes, the handoff it answers with, and how it may refuse."""

    def described(view: View) -> View:
        extend_schema(
            methods=["POST"],
            summary=summary,
            request=body(given, given.examples),
            parameters=[IF_MATCH, ETAG],
            responses={
                200: answer(HandoffSerializer, {"As it stands then": story.HANDOFF_SAID}),
                **refusals(400, 404, 409, 412, 413, 415),
            },
            tags=["verbs"],
        )(view)
        return view

    return described

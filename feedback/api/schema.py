"""What the OpenAPI description says of each address beyond its shapes."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema

from feedback.api.inputs import AbsenceShape, OfferShape
from feedback.api.pagination import LARGEST_PAGE
from feedback.api.serializers import (
    AbsenceSerializer,
    AbsencesSerializer,
    HandoffDetailSerializer,
    HandoffSerializer,
    ProblemSerializer,
    ReasonsSerializer,
    RowResultsSerializer,
)
from feedback.logic.states import State
from leads.api.errors import CONTENT_TYPE
from leads.api.fields import Shape

View = TypeVar("View", bound=Callable[..., Any] | type)


def _problems(*statuses: int) -> dict[Any, Any]:
    return {(status, CONTENT_TYPE): ProblemSerializer for status in (401, 403, *statuses, 429, 503)}


def _query(name: str, kind: Any, words: str = "", **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=words, **more)


LISTING = (
    _query("state", str, "may be repeated", enum=[state.value for state in State], many=True),
    _query("team", OpenApiTypes.UUID, "uid of the team"),
    _query("owner", OpenApiTypes.UUID, "uid of the rep"),
    _query("campaign", OpenApiTypes.UUID, "uid of the campaign"),
    _query("channel", str),
    _query("reason", str, "key of the reason"),
    _query("offered_from", OpenApiTypes.DATETIME, "offered at or after; with an offset, its + written %2B"),
    _query("offered_to", OpenApiTypes.DATETIME, "offered before"),
    _query("external_system", str),
    _query("external_id", str),
    _query("cursor", str, "taken from `next`"),
    _query("page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": LARGEST_PAGE}),
)

listing = extend_schema(
    operation_id="handoffs_list",
    parameters=list(LISTING),
    responses={200: HandoffSerializer(many=True), **_problems(400)},
    tags=["handoffs"],
)
offering = extend_schema(
    operation_id="handoffs_offer",
    request=PolymorphicProxySerializer(
        component_name="OfferOrOffers",
        serializers=[
            OfferShape,
            OfferShape(many=True, max_length=100),  # type: ignore[call-arg]
        ],
        resource_type_field_name=None,
        many=False,
    ),
    responses={
        200: PolymorphicProxySerializer(
            component_name="OfferedBeforeOrRows",
            serializers=[HandoffSerializer, RowResultsSerializer],
            resource_type_field_name=None,
        ),
        201: HandoffSerializer,
        **_problems(400, 409, 413, 415),
    },
    tags=["handoffs"],
)
detail = extend_schema(
    operation_id="handoffs_read", responses={200: HandoffDetailSerializer, **_problems(404)}, tags=["handoffs"]
)
absences = extend_schema(
    operation_id="absences_list", responses={200: AbsencesSerializer, **_problems(404)}, tags=["absences"]
)
adding_absence = extend_schema(
    operation_id="absences_add",
    request=AbsenceShape,
    responses={201: AbsenceSerializer, **_problems(400, 404, 413, 415)},
    tags=["absences"],
)
removing_absence = extend_schema(
    operation_id="absences_remove", request=None, responses={204: None, **_problems(404, 409)}, tags=["absences"]
)
reasons = extend_schema(
    operation_id="reasons_list", responses={200: ReasonsSerializer, **_problems(400)}, tags=["reasons"]
)


def verb(given: type[Shape], summary: str) -> Callable[[View], View]:
    """The description of a verb's POST: what it takes, the handoff it answers with, and how it may refuse."""

    def described(view: View) -> View:
        extend_schema(
            methods=["POST"],
            summary=summary,
            request=given,
            responses={200: HandoffSerializer, **_problems(400, 404, 409, 413, 415)},
            tags=["verbs"],
        )(view)
        return view

    return described


def problems_of(*statuses: int) -> dict[Any, Any]:
    """The refusals of an address of another app, beside those that every address has."""
    return _problems(*statuses)

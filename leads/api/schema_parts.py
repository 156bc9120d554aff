"""What descriptions of addresses are put together from: refusals, examples, and the query of a list."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import django_filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse

from leads.api.authentication import REFUSAL
from leads.api.errors import CONTENT_TYPE, Problem
from leads.api.filters import ApiFilter, InstantFilter
from leads.api.pagination import LARGEST_PAGE
from leads.api.serializers import ProblemSerializer

Examples = Mapping[str, object]
"""Examples by what they show."""

_WRONG = "email is not a mail address: An email address must have an @-sign."
_BUSY = "The database is busy or away; nothing was changed. Try again in a moment."
_REFUSALS = {
    400: Problem(status=400, detail=_WRONG, fields=(("email", _WRONG),)),
    401: Problem(status=401, detail=REFUSAL),
    403: Problem(status=403, detail="This key may not do that: it lacks the scope “read”."),
    404: Problem(status=404, detail="There is nothing at this address."),
    409: Problem(status=409, detail="Ana Duarte is with sales already; one open handoff at a time."),
    412: Problem(status=412, detail="The handoff has changed since it was read."),
    413: Problem(status=413, detail="The body is larger than 1000000 bytes."),
    415: Problem(status=415, detail="Unsupported media type “text/plain” in request."),
    429: Problem(status=429, detail="Too many requests; try again in 20 s."),
    503: Problem(status=503, detail=_BUSY),
}


def refusals(*statuses: int) -> dict[Any, Any]:
    """The refusals of an address, beside those that every address has; each with an example."""
    return {(status, CONTENT_TYPE): _refusal(status) for status in (401, 403, *statuses, 429, 503)}


def _refusal(status: int) -> OpenApiResponse:
    example = OpenApiExample(HTTPStatus(status).phrase, _REFUSALS[status].body())
    return OpenApiResponse(ProblemSerializer, examples=[example])


def answer(serializer: Any, examples: Examples) -> OpenApiResponse:
    """An answer with examples."""
    return OpenApiResponse(serializer, examples=[OpenApiExample(name, value) for name, value in examples.items()])


def body(shape: Any, examples: Examples) -> OpenApiRequest:
    """A request's body with examples, each of which can be sent as it is."""
    return OpenApiRequest(shape, examples=[OpenApiExample(name, value) for name, value in examples.items()])


def query_of(filters: type[ApiFilter]) -> list[OpenApiParameter]:
    """Every query parameter of a list: its filters, and what pages are asked for with."""
    return [
        *(_narrowing(name, one) for name, one in filters.base_filters.items()),
        _query("cursor", str, "taken from `next`"),
        _query("page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": LARGEST_PAGE}),
    ]


def _narrowing(name: str, one: django_filters.Filter) -> OpenApiParameter:
    if isinstance(one, django_filters.ChoiceFilter | django_filters.MultipleChoiceFilter):
        choices = [value for value, _ in one.extra["choices"]]
        return _query(name, str, one.label, enum=choices, many=isinstance(one, django_filters.MultipleChoiceFilter))
    kinds = {InstantFilter: OpenApiTypes.DATETIME, django_filters.UUIDFilter: OpenApiTypes.UUID}
    return _query(name, kinds.get(type(one), str), one.label)


def _query(name: str, kind: Any, words: str = "", **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=words, **more)

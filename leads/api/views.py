"""What every endpoint has in common, and the answer where there is none."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.authentication import ApiKeyAuthentication
from leads.api.idempotency import once
from leads.api.parsers import LengthRequired, StrictJsonParser
from leads.api.permissions import HasScope
from leads.models import Scope


class ApiView(APIView):
    """One address of the API. `scopes` says by method what the key needs, `repeatable` what a query may give twice.

    Every POST is done once for each Idempotency-Key.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes: Sequence[Any] = (IsAuthenticated, HasScope)
    parser_classes = (StrictJsonParser,)
    metadata_class = None  # OPTIONS is answered 405: the schema tells more
    scopes: ClassVar[Mapping[str, Scope | tuple[Scope, ...]]] = {}
    repeatable: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if handler := cls.__dict__.get("post"):
            cls.post = once(handler)  # type: ignore[attr-defined]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "OPTIONS" or not hasattr(self, str(request.method).lower()):
            return  # 405 follows, whatever the query holds
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired
        known = self.known_query(request)
        for name, values in request.query_params.lists():
            if name not in known:
                raise ValidationError({name[:100]: "is no query parameter of this address."})
            if len(values) > 1 and name not in self.repeatable:
                raise ValidationError({name: "is there twice."})
            if "" in values:
                raise ValidationError({name: "is empty."})

    def known_query(self, request: Request) -> frozenset[str]:
        """What a query may hold here; anything else is refused, so that a typing error does not show too much."""
        return frozenset()

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["Cache-Control"] = "no-store"
        for name, value in getattr(request, "rate_limits", {}).items():
            answer.headers[name] = value
        return answer


class NothingHere(APIView):
    """Whatever is asked under /api/ and does not exist. No key is asked for: there is nothing to protect."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is nothing at this address. Every address of the API ends with a slash.")

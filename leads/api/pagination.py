"""Pages that stay put while rows come in: the next one starts after a row, not after a number of rows."""

import datetime as dt
from typing import Any, ClassVar
from uuid import UUID

from django.core import signing
from django.db.models import Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

LARGEST_PAGE = 100
QUERY = frozenset({"cursor", "page_size"})
"""What every list takes beside its filters."""


class NewestFirst(BasePagination):
    """By `instant` and uid, latest first. The cursor is signed for the user, and the kind of list, it was given to."""

    instant: ClassVar[str] = "created_at"
    page_size = LARGEST_PAGE
    cursor: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        salt = f"leadloop.api.{queryset.model._meta.label_lower}.{request.user.pk}"
        size = _size(request.query_params.get("page_size"))
        if token := request.query_params.get("cursor"):
            at, uid = _position(token, salt=salt)
            before = Q(**{f"{self.instant}__lt": at}) | Q(**{self.instant: at}, uid__lt=uid)
            # Said once more without OR, so that the index begins there.
            queryset = queryset.filter(before, **{f"{self.instant}__lte": at})
        elif token == "":
            raise ValidationError({"cursor": "is empty."})
        rows = list(queryset.order_by(f"-{self.instant}", "-uid")[: size + 1])
        page = rows[:size]
        if len(rows) > size:
            last = page[-1]
            self.cursor = signing.dumps([getattr(last, self.instant).isoformat(), str(last.uid)], salt=salt)
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "null on the last page",
                    "example": None,
                },
            },
        }

    def _next(self) -> str | None:
        if self.cursor is None:
            return None
        query = self.request.query_params.copy()
        query["cursor"] = self.cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


def _size(given: str | None) -> int:
    if given is None:
        return LARGEST_PAGE
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= LARGEST_PAGE):
        raise ValidationError({"page_size": f"must be a whole number from 1 to {LARGEST_PAGE}."})
    return int(given)


def _position(token: str, *, salt: str) -> tuple[dt.datetime, UUID]:
    try:
        at, uid = signing.loads(token, salt=salt)
    except signing.BadSignature:
        raise ValidationError({"cursor": "is not one that this key was given."}) from None
    return dt.datetime.fromisoformat(at), UUID(uid)

"""Reading a request's body: JSON only, in UTF-8, up to a size."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from leads.logic import strict_json
from leads.logic.errors import InvalidInput

LARGEST_BODY_BYTES = 1_000_000


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {LARGEST_BODY_BYTES} bytes."
    default_code = "too_large"


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the body with a Content-Length, not in chunks."
    default_code = "length_required"


class StrictJsonParser(BaseParser):
    """See leads.logic.strict_json for what is refused. TooLarge before more than the limit is in memory."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        encoding = str((parser_context or {}).get("encoding", "utf-8")).lower()
        if encoding not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "", detail="JSON is sent in UTF-8.")
        body = stream.read(LARGEST_BODY_BYTES + 1)
        if len(body) > LARGEST_BODY_BYTES:
            raise TooLarge
        if len(body) < _declared_bytes((parser_context or {}).get("request")):
            raise InvalidInput("The body is shorter than its Content-Length says: the end of it is missing.")
        return strict_json.loads(body)


def _declared_bytes(request: Any) -> int:
    """How long the request says its body is; what a cut connection leaves of it may be JSON, too."""
    declared = str(request.META.get("CONTENT_LENGTH") or "") if request else ""
    return int(declared) if declared.isascii() and declared.isdigit() else 0

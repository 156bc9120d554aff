"""Every refusal of the API in one form: RFC 9457, application/problem+json."""

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, Throttled, ValidationError
from rest_framework.response import Response

from leads.api.authentication import REFUSAL
from leads.logic.errors import Changed, InvalidInput, LeadLoopError, NotAllowed, NotFound, StateConflict

CONTENT_TYPE = "application/problem+json"
STATUS = {NotFound: 404, NotAllowed: 403, StateConflict: 409, Changed: 412, InvalidInput: 400}
_BUSY_SECONDS = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What went wrong: an HTTP status, a sentence, and which fields have to change (path and sentence each)."""

    status: int
    detail: str
    fields: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The members of RFC 9457, and `field` and `errors` where fields are to blame."""
        status = HTTPStatus(self.status)
        members: dict[str, Any] = {
            "type": f"urn:leadloop:problem:{status.phrase.lower().replace(' ', '-')}",
            "title": status.phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.fields:
            members["field"] = self.fields[0][0]
            members["errors"] = [{"field": name, "detail": words} for name, words in self.fields]
        return members


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to `error`; None for what is our own fault, which then is logged as such."""
    problem = problem_of(error)
    if problem is None:
        return None
    return Response(problem.body(), status=problem.status, headers=dict(problem.headers), content_type=CONTENT_TYPE)


def problem_of(error: Exception) -> Problem | None:
    """The problem that `error` is for the caller; None when it is none of theirs."""
    if isinstance(error, LeadLoopError):
        named = isinstance(error, InvalidInput) and error.field
        return Problem(
            status=STATUS[type(error)], detail=error.message, fields=((str(named), error.message),) if named else ()
        )
    if isinstance(error, OperationalError | InterfaceError):
        # Unreachable, a lock or statement that took too long, a deadlock: all pass, and nothing was written.
        log.warning("the database could not answer: %s", type(error.__cause__ or error).__name__)
        busy = "The database is busy or away; nothing was changed. Try again in a moment."
        return Problem(status=503, detail=busy, headers={"Retry-After": str(_BUSY_SECONDS)})
    if isinstance(error, RequestDataTooBig):
        return Problem(status=413, detail="The request is too large.")
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return Problem(status=400, detail="The request cannot be read.")
    if isinstance(error, Http404):
        return Problem(status=404, detail="There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return Problem(status=403, detail="You may not do that.")
    return _of_framework(error) if isinstance(error, APIException) else None


def _of_framework(error: APIException) -> Problem:
    if isinstance(error, ValidationError):
        fields = tuple(_flat(error.detail))
        return Problem(status=400, detail=fields[0][1], fields=tuple(pair for pair in fields if pair[0]))
    headers: dict[str, str] = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, NotAuthenticated | AuthenticationFailed):
        return Problem(status=error.status_code, detail=REFUSAL, headers=headers)
    if isinstance(error, Throttled):
        seconds = str(math.ceil(getattr(error, "wait", None) or 1))
        words = f"Too many requests; try again in {seconds} s."
        return Problem(status=429, detail=words, headers={"Retry-After": seconds})
    detail, field_name = str(error.detail), getattr(error, "field", "")
    fields = ((field_name, detail),) if field_name else ()
    return Problem(status=error.status_code, detail=detail, fields=fields, headers=headers)


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and sentence of each complaint in the framework's nested form; a predicate gets its path in front."""
    if isinstance(detail, Mapping):
        for key, part in detail.items():
            inner = "" if key in {"non_field_errors", "__all__"} else str(key)
            yield from _flat(part, f"{path}.{inner}".strip("."))
    elif isinstance(detail, list | tuple):
        for part in detail:
            yield from _flat(part, path)
    else:
        words = str(detail)
        yield path, words if words[:1].isupper() else f"{path or 'The body'} {words}"

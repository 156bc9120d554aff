"""Idempotency-Key: a POST that is sent again is done once and answered alike."""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from leads.actions import answers
from leads.actions.answers import Answer
from leads.logic.errors import InvalidInput
from leads.models import Answered

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
Handler = Callable[..., HttpResponseBase]


class OtherRequest(APIException):
    """The key already stands for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = (
        f"This {HEADER} was used for another request: the same key stands for the same address and the same body. "
        "Take a new key for a new request."
    )
    field = HEADER


def once(handler: Handler) -> Handler:
    """The handler of a POST, which does its work once for each Idempotency-Key; without the header, as it was.

    Key, work and answer are one transaction: what is remembered was done, what was done is remembered. A handler that
    refuses has done nothing, and its key is free again; so it is when the answer says that another try may do better
    (409, 429, 5xx). InvalidInput(Idempotency-Key), OtherRequest.
    """

    @functools.wraps(handler)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not _KEY.fullmatch(key):
            raise InvalidInput(f"{HEADER} has 1 to 255 characters of visible ASCII, without spaces.", field=HEADER)
        user_id, digest = request.user.pk, _digest(request)
        assert user_id is not None  # every view of the API asks for a key first
        with transaction.atomic():
            earlier = answers.claim(user_id, key, digest=digest)
            if earlier is not None:
                return _replayed(earlier, digest=digest)
            response = handler(view, request, *args, **kwargs)
            if response.status_code in {409, 429} or response.status_code >= 500:
                transaction.set_rollback(True)
                return response
            answer = _answer(response)
            answers.keep(user_id, key, answer)
        return _response(answer)

    answered.does_once = True  # type: ignore[attr-defined]
    return answered


def _digest(request: Request) -> str:
    """What makes the request this one: its address and what its body says, however that is spelled."""
    said = json.dumps(request.data or {}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n{said}".encode()).hexdigest()


def _answer(response: HttpResponseBase) -> Answer:
    """The response as it will be kept. Whatever the Accept header asked for in detail, the first answer decides."""
    if isinstance(response, Response):
        # Django has put its own Content-Type there, which rendering would have replaced.
        headers = {**dict(response.items()), "Content-Type": response.content_type or "application/json"}
        body = b"" if response.data is None else JSONRenderer().render(response.data)
        return Answer(status=response.status_code, headers=headers, body=body.decode())
    assert isinstance(response, HttpResponse)
    return Answer(status=response.status_code, headers=dict(response.items()), body=response.content.decode())


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body.encode(), status=answer.status, headers=answer.headers)


def _replayed(earlier: Answered, *, digest: str) -> HttpResponse:
    if earlier.digest != digest:
        raise OtherRequest
    assert earlier.status is not None  # only committed rows are seen, and they are committed with their answer
    answer = Answer(status=earlier.status, headers={**earlier.headers, REPLAYED: "true"}, body=earlier.body)
    return _response(answer)

"""What the description says of every address alike, so that no view has to say it."""

from typing import Any

from drf_spectacular.plumbing import get_lib_doc_excludes

from leads.api.errors import CONTENT_TYPE
from leads.api.fields import Shape
from leads.api.idempotency import HEADER, REPLAYED

_ALWAYS = {
    "400": "The request cannot be taken; `field` and `errors` say why.",
    "401": "The key is missing or not valid.",
    "403": "The key lacks the scope, or its owner the right.",
    "406": "The answer is JSON; the Accept header asks for something else.",
    "429": "Too many requests in this minute; Retry-After says when to come again.",
    "503": "The database is busy or away and nothing was changed; Retry-After says when to come again.",
}
_WITH_BODY = {
    "411": "The body came in chunks.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
}
_ONCE = {"422": f"The {HEADER} was used for another request."}
_KEY = {
    "name": HEADER,
    "in": "header",
    "description": "The same key, address and body are done once; what was answered is answered again for seven days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
}
_HEADERS: dict[str, tuple[str, str]] = {
    "RateLimit-Policy": ("How many requests a minute the key may make.", '"reads";q=600;w=60'),
    "RateLimit": ("How many of them are left, and seconds until the minute is over.", '"reads";r=598;t=41'),
}
_REPLAYED = ("There, and true, when the request was answered before.", "true")
_RETRY = ("Seconds to wait.", "2")


def unsaid() -> list[Any]:
    """The classes whose docstring is about our code, not about what is sent."""
    return [*get_lib_doc_excludes(), Shape]  # type: ignore[no-untyped-call]


def shared_by_all(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The description with the refusals, headers and the Idempotency-Key that every address of the API has."""
    for path, methods in result["paths"].items():
        if not path.startswith("/api/v1/") or path.startswith(("/api/v1/schema", "/api/v1/docs")):
            continue
        for method, operation in methods.items():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(method, operation)
    return result


def _complete(method: str, operation: dict[str, Any]) -> None:
    problems = {**_ALWAYS, **(_WITH_BODY if "requestBody" in operation else {})}
    if method == "post":
        problems |= {**_WITH_BODY, **_ONCE}
        operation.setdefault("parameters", []).append(_KEY)
    for status, words in problems.items():
        operation["responses"].setdefault(status, _problem(words))
    for status, response in operation["responses"].items():
        named = {} if status == "401" else dict(_HEADERS)
        if status in {"429", "503"}:
            named["Retry-After"] = _RETRY
        if method == "post" and status.startswith("2"):
            named[REPLAYED] = _REPLAYED
        response.setdefault("headers", {}).update({name: _header(*said) for name, said in named.items()})


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {CONTENT_TYPE: {"schema": schema}}}


def _header(words: str, example: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}, "example": example}

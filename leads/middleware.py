"""What every request goes through: what cannot be read is refused, and times are shown in the reader's zone."""

import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import SuspiciousOperation, TooManyFieldsSent
from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.utils import timezone

from leads.api.errors import CONTENT_TYPE, Problem

COOKIE = "leadloop_tz"


MOST_FIELDS = 1_000
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def takes_fields(most: int) -> Callable[[View], View]:
    """Have a view take forms of up to so many fields instead of MOST_FIELDS, within DATA_UPLOAD_MAX_NUMBER_FIELDS."""

    def marked(view: View) -> View:
        view.most_fields = most  # type: ignore[attr-defined]
        return view

    return marked


def _refuse_more(fields: QueryDict, most: int) -> None:
    if sum(len(values) for _, values in fields.lists()) > most:
        raise TooManyFieldsSent(f"More than {most} fields were sent.")


class ReadableMiddleware:
    """Refuses a request whose address or text no page and no view could read, before any of them has acted on it.

    That is text in another charset than UTF-8, and a query string or form of more fields than are taken. A cookie with
    a NUL in it was never ours and is not looked at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; 400 for what cannot be read, 415 from the API for a charset. SuspiciousOperation."""
        is_api = request.path_info.startswith("/api/")
        charset = str((request.content_params or {}).get("charset", "utf-8")).strip().lower()
        if charset not in {"utf-8", "utf8"}:
            if is_api:
                return _problem(415, "Text is sent in UTF-8.")
            raise SuspiciousOperation("A request says that it is in another charset than UTF-8.")
        try:
            # Read here, so that no view finds out too late.
            _refuse_more(request.GET, MOST_FIELDS)
        except SuspiciousOperation:
            if is_api:
                return _problem(400, "The query string has too many parameters.")
            raise
        if any("\x00" in value for value in request.COOKIES.values()):
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\x00" not in value}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: Any) -> None:
        """Nothing; SuspiciousOperation for a form of more fields than this view takes.

        The API takes no forms, and the doors that are open to strangers read theirs by themselves.
        """
        is_ours = not (request.path_info.startswith("/api/") or getattr(view, "csrf_exempt", False))
        if request.method == "POST" and is_ours:
            _refuse_more(request.POST, getattr(view, "most_fields", MOST_FIELDS))


def _problem(status: int, detail: str) -> JsonResponse:
    body = Problem(status=status, detail=detail).body()
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


@cache
def known_zones() -> frozenset[str]:
    """Every IANA name this machine knows; a cookie is only ever compared with it, never opened as a file."""
    return frozenset(zoneinfo.available_timezones())


class ZoneMiddleware:
    """Activates the zone of the cookie `leadloop_tz` for one request; anything unknown means settings.TIME_ZONE."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with times in the reader's zone."""
        name = request.COOKIES.get(COOKIE, "")
        with timezone.override(zoneinfo.ZoneInfo(name) if name in known_zones() else None):
            return self.get_response(request)

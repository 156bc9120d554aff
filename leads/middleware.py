"""Times are shown in the reader's zone."""

import zoneinfo
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "leadloop_tz"


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

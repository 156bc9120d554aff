"""How much one key may ask, so that a runaway script cannot take the queue from everybody."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from leads.models import ApiKey

if TYPE_CHECKING:  # the view reads its throttles from the settings while it is being made
    from rest_framework.views import APIView


class _PerKey(SimpleRateThrottle):
    """Counted per key, never per address: a forged X-Forwarded-For changes nothing. Each process counts for itself."""

    methods: frozenset[str]

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if request.method not in self.methods or not isinstance(request.auth, ApiKey):
            return None
        return f"throttle-{self.scope}-{request.auth.pk}"


class ReadThrottle(_PerKey):
    scope = "read"
    rate = "600/min"
    methods = frozenset({"GET", "HEAD", "OPTIONS"})


class WriteThrottle(_PerKey):
    scope = "write"
    rate = "300/min"
    methods = frozenset({"POST"})

"""How much one key may ask, so that a runaway script cannot take the queue from everybody."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from leads.actions.allowances import Spent, spent
from leads.models import ApiKey, Scope

if TYPE_CHECKING:  # the view reads its throttles from the settings while it is being made
    from rest_framework.views import APIView

SECONDS = 60
READS_A_MINUTE, WRITES_A_MINUTE, INTAKE_WRITES_A_MINUTE = 600, 300, 3000
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyThrottle(BaseThrottle):
    """Counted per key, in the database: never per address, so that a forged X-Forwarded-For changes nothing, and once
    for all processes.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether the key has a request left this minute; what is left stands in `request.spent`."""
        key = request.auth
        if not isinstance(key, ApiKey):
            return True
        name, limit = limit_of(key, str(request.method))
        self.spent = spent(f"key:{key.pk}:{name}", limit=limit, seconds=SECONDS)
        request.rate_limits = rate_headers(name, self.spent)  # type: ignore[attr-defined]
        return self.spent.wait_seconds == 0

    def wait(self) -> float:
        """Seconds until the minute is over."""
        return self.spent.wait_seconds


def limit_of(key: ApiKey, method: str) -> tuple[str, int]:
    """Which of a key's two limits a request counts towards, and how many a minute that allows."""
    if method in _READING:
        return "reads", READS_A_MINUTE if key.reads_a_minute is None else key.reads_a_minute
    usual = INTAKE_WRITES_A_MINUTE if Scope.INTAKE in key.scopes else WRITES_A_MINUTE
    return "writes", usual if key.writes_a_minute is None else key.writes_a_minute


def rate_headers(name: str, left: Spent) -> dict[str, str]:
    """The two fields of draft-ietf-httpapi-ratelimit-headers-10: what is allowed, and what is left of it."""
    return {
        "RateLimit-Policy": f'"{name}";q={left.limit};w={SECONDS}',
        "RateLimit": f'"{name}";r={left.remaining};t={left.reset_seconds}',
    }

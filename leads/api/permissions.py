"""What a key may be used for, before anybody asks what its owner may do."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from leads.actions.intake import takes_in
from leads.models import ApiKey


class HasScope(BasePermission):
    """The key's scopes hold what the view asks for this method in `scopes`, one of several where it names several; a
    method without an entry is refused.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if not hasattr(view, method.lower()) or method == "OPTIONS":
            return True  # the view answers 405
        wanted = getattr(view, "scopes", {}).get(method)
        choice = wanted if isinstance(wanted, tuple) else (wanted,)
        self.message = lacking(*choice)
        return isinstance(request.auth, ApiKey) and not set(choice).isdisjoint(request.auth.scopes)


def lacking(*scopes: str | None) -> str:
    """The sentence for a key that has none of `scopes`."""
    return f"This key may not do that: it lacks the scope {' or '.join(f'“{scope}”' for scope in scopes)}."


class TakesIn(BasePermission):
    """The key's owner may read and write what marketing knows."""

    message = "Leads, accounts, campaigns and engagements are for marketing, operations and integrators."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return takes_in(request.user, groups=request.auth.owner_groups if isinstance(request.auth, ApiKey) else None)

"""What a key may be used for, before anybody asks what its owner may do."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from leads.models import ApiKey


class HasScope(BasePermission):
    """The key's scopes hold what the view asks for this method in `scopes`; a method without an entry is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if not hasattr(view, method.lower()) or method == "OPTIONS":
            return True  # the view answers 405
        wanted = getattr(view, "scopes", {}).get(method)
        self.message = f"This key may not do that: it lacks the scope “{wanted}”."
        return isinstance(request.auth, ApiKey) and wanted in request.auth.scopes

"""The machine-readable description of the API, and a page to read it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated

from leads.api.authentication import ApiKeyAuthentication
from leads.api.fields import Shape


class _ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ll_<prefix>_<secret>"}


class _Closed(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """What a Shape does not know it refuses."""

    target_class = Shape
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        known: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**known, "additionalProperties": False}


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1 as JSON, for a key or for a signed-in person."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer]
    authentication_classes = (ApiKeyAuthentication, SessionAuthentication)
    permission_classes = (IsAuthenticated,)


class DocsView(SpectacularSwaggerSplitView):
    """Swagger from the sidecar, with a page of our own: the packaged one has a style element, which the CSP refuses."""

    template_name = "leads/api_docs.html"
    url_name = "api-schema"


schema = SchemaView.as_view()
docs = login_required(DocsView.as_view())

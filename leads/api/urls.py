"""What marketing knows, and what describes the API itself."""

from django.urls import include, path

from leads.api import schema

urlpatterns = [
    path("", include("leads.api.urls_intake")),
    path("schema/", schema.schema, name="api-schema"),
    path("docs/", schema.docs, name="api-docs"),
]

"""What describes the API itself."""

from django.urls import path

from leads.api import schema

urlpatterns = [
    path("schema/", schema.schema, name="api-schema"),
    path("docs/", schema.docs, name="api-docs"),
]

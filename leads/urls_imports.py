"""Addresses of the pages that import files."""

from django.urls import path

from leads import views_imports as views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<uuid:uid>/", views.import_run, name="import-run"),
    path("imports/<uuid:uid>/refused.csv", views.import_refused, name="import-refused"),
    path("imports/<uuid:uid>/cancel/", views.import_cancel, name="import-cancel"),
]

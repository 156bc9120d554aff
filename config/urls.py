"""The address space: pages at the root, one API, the admin. Each app keeps its own urls.py.

sla may be missing from INSTALLED_APPS: its addresses, below /sla/ and /healthz, then go with it.
"""

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from leads.api.views import NothingHere

handler500 = "feedback.middleware.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("leads.api.urls")),
    path("api/v1/", include("feedback.api.urls")),
    *([path("api/v1/", include("sla.api.urls"))] if apps.is_installed("sla") else []),
    re_path("^api/", NothingHere.as_view()),
    path("", include("leads.urls")),
    path("", include("feedback.urls")),
]
if apps.is_installed("sla"):
    urlpatterns.append(path("", include("sla.urls")))

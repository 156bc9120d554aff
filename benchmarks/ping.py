"""The least that a view of this site can answer, beside the site itself."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def ping(request: HttpRequest) -> HttpResponse:
    """A word."""
    return HttpResponse("pong")


ping.login_required = False  # type: ignore[attr-defined]
urlpatterns = [path("ping/", ping), path("", include("config.urls"))]

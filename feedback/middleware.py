"""Who asks, and what a page answers when an operation is refused."""

import sys
from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django_htmx.middleware import HtmxDetails

from feedback.logic.rights import Person
from feedback.models import person_of
from leads.api.errors import CONTENT_TYPE, Problem
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, NotFound, StateConflict

STATUS: dict[type[LeadLoopError], int] = {NotFound: 404, NotAllowed: 403, StateConflict: 409, InvalidInput: 400}
_AWAY = (OperationalError, InterfaceError)
_NOBODY = Person(user_id=None, label="", via="page")


class PageRequest(HttpRequest):
    """A request as the pages of LeadLoop get it: signed in, with the rights of `person`."""

    user: User
    person: Person
    htmx: HtmxDetails
    # The list that the page belongs to, when its address does not say so.
    listing: str


def _person_of(request: HttpRequest) -> Person:
    return person_of(request.user, via="page") if isinstance(request.user, User) else _NOBODY


class PersonMiddleware:
    """Sets request.person, read when first asked for, and answers the four refusals for every page at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; one with somebody's data in it is kept by no cache, and a fragment never served as a page."""
        request.person = SimpleLazyObject(lambda: _person_of(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and getattr(request, "user", None) is not None:
            response["Cache-Control"] = "no-store, private"
        patch_vary_headers(response, ["HX-Request"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """404, 403, 409 or 400 in words: a page, or a toast for htmx. 503 when the database does not answer in time.

        A NUL that reached the database, from a page of Django's own admin, is a 400 like everywhere else.
        """
        if isinstance(exception, LeadLoopError):
            return refusal(request, exception)
        if isinstance(exception, _AWAY):
            return _busy(request)
        if isinstance(exception, DataError) and (name := _with_nul(request)):
            return refusal(request, InvalidInput(f"{name} holds a NUL character; remove it.", field=name))
        return None


def server_error(request: HttpRequest) -> HttpResponse:
    """What is said when something broke: 503 when the database was away before any view was asked, else 500. A program
    that asked the API is told in the API's form.
    """
    if isinstance(sys.exc_info()[1], _AWAY):
        return _busy(request)
    broken = Problem(status=500, detail="Something broke on our side; it is in the log. Try again in a moment.")
    return _told(request, broken) or HttpResponse(render_to_string("500.html"), status=500)


def _busy(request: HttpRequest) -> HttpResponse:
    away = Problem(status=503, detail="The database is away; nothing was changed. Try again in a minute.")
    response = _told(request, away) or HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "60"
    return response


def _told(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    is_program = request.path_info.startswith("/api/")
    return JsonResponse(problem.body(), status=problem.status, content_type=CONTENT_TYPE) if is_program else None


def _with_nul(request: HttpRequest) -> str:
    given = [*request.GET.lists(), *request.POST.lists()]
    return next((name for name, values in given if any("\x00" in str(value) for value in values)), "")


def refusal(request: HttpRequest, error: LeadLoopError, *, url: str = "") -> HttpResponse:
    """What a refused operation answers; `url` leads to the thing as it is now. What was typed as a note is given
    back.
    """
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    # Where the token was checked the form has been read; an upload is not, for the sake of a refusal.
    is_read = request.resolver_match and not getattr(request.resolver_match.func, "csrf_exempt", False)
    typed = request.POST.get("note", "")[:10_000] if is_read else ""
    context = {"message": error.message, "url": url, "typed": typed}
    if not getattr(request, "htmx", False):
        return render(request, f"{status}.html", context, status=status)
    response = render(request, "_problem.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#toasts", "beforeend"
    return response

"""Signing in and out, notices, and the reader's time zone."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from leads.actions import notices
from leads.backends import DEVICE_COOKIE, DEVICE_DAYS, device_mark
from leads.forms import LoginForm, ZoneForm
from leads.logic.errors import InvalidInput
from leads.middleware import COOKIE
from leads.reports.notices import latest

_YEAR = 365 * 24 * 3600


class LoginView(DjangoLoginView):
    """Signs in and goes on to a page of this site. The device becomes known, see leads.backends."""

    template_name = "leads/login.html"
    authentication_form = LoginForm

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who is signed in has nothing to read here; signing in as somebody else ends the first session."""
        self.redirect_authenticated_user = request.method != "POST"
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: LoginForm) -> HttpResponse:  # type: ignore[override]
        """The redirect, with the cookie of a known device."""
        response = super().form_valid(form)
        user = form.get_user()
        assert isinstance(user, AbstractBaseUser)
        remember_device(response, user)
        return response

    def form_invalid(self, form: LoginForm) -> HttpResponse:  # type: ignore[override]
        """The page again; 400 when there was nothing in it that could have been tried."""
        was_tried = {"invalid_login", "inactive"} & {error.code for error in form.non_field_errors().as_data()}
        return self.render_to_response(self.get_context_data(form=form), status=200 if was_tried else 400)


def remember_device(response: HttpResponse, user: AbstractBaseUser) -> None:
    """Have this device known as the user's, see leads.backends."""
    response.set_signed_cookie(
        DEVICE_COOKIE,
        device_mark(user.get_username()),
        max_age=DEVICE_DAYS * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """The reader's newest notices."""
    found = latest(_reader(request))
    has_unread = any(notice.read_at is None for notice in found)
    return render(request, "leads/notices.html", {"notices": found, "has_unread": has_unread})


@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Marks the named notices read, or all of the reader's when none is named."""
    try:
        named = [UUID(uid) for uid in request.POST.getlist("uid")[:200]]
    except ValueError:
        raise InvalidInput("That is not a notice.", field="uid") from None
    count = notices.mark_read(_reader(request), named or None)
    messages.success(request, f"{count} marked as read." if count else "All were read already.")
    return redirect("leads:notices")


def zone(request: HttpRequest) -> HttpResponse:
    """Chooses the time zone by hand, for browsers that do not tell it."""
    form = ZoneForm(
        request.POST if request.method == "POST" else None, initial={"zone": timezone.get_current_timezone_name()}
    )
    if not (form.is_bound and form.is_valid()):
        return render(request, "leads/zone.html", {"form": form}, status=400 if form.is_bound else 200)
    response = redirect("leads:notices")
    chosen = form.cleaned_data["zone"]
    response.set_cookie(COOKIE, chosen, max_age=_YEAR, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax")
    return response


def _reader(request: HttpRequest) -> int:
    """The primary key of who is signed in; a page without a login does not get here."""
    assert request.user.pk is not None
    return request.user.pk

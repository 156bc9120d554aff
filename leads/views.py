"""Signing in and out, notices, and the reader's time zone."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
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
    redirect_authenticated_user = True

    def form_valid(self, form: LoginForm) -> HttpResponse:  # type: ignore[override]
        """The redirect, with the cookie of a known device."""
        response = super().form_valid(form)
        user = form.get_user()
        assert isinstance(user, AbstractBaseUser)
        response.set_signed_cookie(
            DEVICE_COOKIE,
            device_mark(user.get_username()),
            max_age=DEVICE_DAYS * 24 * 3600,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response


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

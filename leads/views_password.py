"""Passwords: a forgotten one, a new one, one's own, and where one is signed in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.actions import passwords, sessions
from leads.backends import may_try
from leads.forms import ChangeForm, ForgottenForm, NewPasswordForm
from leads.reports.sessions import sessions_of
from leads.views import remember_device


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Asks where to send a link. Known, unknown and too often get the same answer, after the same work."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return render(request, "leads/password_forgotten.html", {"form": form}, status=400 if form.is_bound else 200)
    if may_try(request):
        passwords.ask_for_new(form.cleaned_data["email"])
    return redirect("leads:password-asked")


@login_not_required
@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """What is said to whoever asked for a link."""
    return render(request, "leads/password_asked.html", {"most": passwords.MAILS_AN_HOUR})


class NewPasswordView(PasswordResetConfirmView):
    """Sets the password of who follows a link from a mail. Nothing changes until the form is sent."""

    template_name = "leads/password_new.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("leads:login")

    def get_user(self, uidb64: str) -> User | None:
        """Whose link it is, None when nobody may use it: a network that tried too much, or somebody switched off."""
        is_spared = self.request.method != "POST" or may_try(self.request)
        user = super().get_user(uidb64) if is_spared else None
        return user if isinstance(user, User) and user.is_active and user.has_usable_password() else None

    def render_to_response(self, context: dict[str, Any], **more: Any) -> HttpResponse:
        """The form; 400 for a link that is no good, and for a password that is none."""
        is_good = self.validlink and not context["form"].errors
        return super().render_to_response(context, status=200 if is_good else 400, **more)

    def form_valid(self, form: Any) -> HttpResponse:
        """To the login: a link from a mail signs nobody in. The device is known from now on."""
        response = super().form_valid(form)
        passwords.after_new(form.user, keep=None, how="forgotten")
        remember_device(response, form.user)
        messages.success(self.request, "Your new password is set. Sign in with it.")
        return response


class PasswordView(PasswordChangeView):
    """One's own password, and one's sessions."""

    template_name = "leads/password.html"
    success_url = reverse_lazy("leads:password")
    form_class = ChangeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = sessions_of(_me(self.request), now_in=self.request.session.session_key)
        return super().get_context_data(sessions=own, most=sessions.MOST_SESSIONS, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """The page with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=400)

    def form_valid(self, form: Any) -> HttpResponse:
        """The page again; every other session is over."""
        response = super().form_valid(form)
        passwords.after_new(form.user, keep=self.request.session.session_key, how="changed")
        messages.success(self.request, "Your password is changed. Everywhere else you are signed out.")
        return response


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Signs the reader out everywhere but here."""
    count = sessions.end_others(_me(request), keep=request.session.session_key)
    messages.success(request, f"Signed out in {count} other places." if count != 1 else "Signed out in 1 other place.")
    return redirect("leads:password")


def _me(request: HttpRequest) -> int:
    assert request.user.pk is not None
    return request.user.pk

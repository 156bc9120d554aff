"""What people type into the pages of leads."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.middleware import known_zones
from leads.password_validators import LONGEST_PASSWORD, RULES, is_readable


class LoginForm(AuthenticationForm):
    """One text for everything that can go wrong, so that it tells nobody which accounts exist or are locked."""

    error_messages = dict.fromkeys(
        ("invalid_login", "inactive"),
        "User name and password do not match, or there were too many tries. Check both; after many tries, wait a "
        "quarter of an hour.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["password"].widget.attrs["maxlength"] = str(LONGEST_PASSWORD)

    def clean(self) -> dict[str, Any]:
        """The fields, checked as a pair. What did not arrive as it was typed is no try."""
        if not all(is_readable(self.cleaned_data.get(name, "")) for name in ("username", "password")):
            raise ValidationError("User name and password could not be read.", code="unreadable")
        return super().clean()


class ForgottenForm(forms.Form):
    """Whose password is to be set anew."""

    email = forms.CharField(
        label="Mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True, "maxlength": "254"}),
    )

    def clean_email(self) -> str:
        """The address in its normal form."""
        try:
            return normal_email(self.cleaned_data["email"])
        except InvalidInput:
            raise ValidationError("That is not a mail address.") from None


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A new password, typed twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_rules(self)


class ChangeForm(PasswordChangeForm):
    """A new password of one's own. The old one is checked behind the counters of the login."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        self.fields["old_password"].label = "Your password now"
        _say_rules(self)

    def clean_old_password(self) -> str:
        """The old password. One text for a wrong one and for too many tries."""
        old: str = self.cleaned_data["old_password"]
        if authenticate(self._request, username=self.user.get_username(), password=old) is None:
            raise ValidationError("That is not your password, or there were too many tries.", code="password_incorrect")
        return old


def _say_rules(form: forms.Form) -> None:
    first, second = form.fields["new_password1"], form.fields["new_password2"]
    first.label, first.help_text = "New password", RULES
    second.label, second.help_text = "New password, once more", ""


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(label="Time zone", choices=lambda: [(name, name) for name in sorted(known_zones())])

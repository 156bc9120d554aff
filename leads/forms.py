"""What people type into the pages of leads."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from leads.middleware import known_zones

_LONGEST_PASSWORD = 4096


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
        self.fields["password"].max_length = _LONGEST_PASSWORD  # type: ignore[attr-defined]
        self.fields["password"].widget.attrs["maxlength"] = str(_LONGEST_PASSWORD)


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(label="Time zone", choices=lambda: [(name, name) for name in sorted(known_zones())])

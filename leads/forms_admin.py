"""The forms by which operations edit what marketing knows."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from leads.actions.api_keys import MOST_A_MINUTE
from leads.admin_kinds import SeenForm
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.middleware import known_zones
from leads.models import Account, ApiKey, Campaign, Lead, Scope

# Listed by zoneinfo, yet no place on earth.
_NO_PLACES = frozenset({"localtime", "Factory", "posixrules"})


def zone_choices() -> list[tuple[str, str]]:
    """Every IANA zone this machine knows, by name."""
    return [(name, name) for name in sorted(known_zones() - _NO_PLACES)]


class AccountForm(SeenForm):
    """A company; its country is kept in upper case."""

    class Meta:
        model = Account
        fields = (
            "name", "domain", "industry", "employee_count", "city", "country", "disqualified_at",
            "external_system", "external_id",
        )  # fmt: skip

    def clean_country(self) -> str:
        """The two-letter code of ISO 3166, or nothing."""
        country: str = self.cleaned_data["country"].upper()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise ValidationError("Write the two-letter code of ISO 3166, like DE.")
        return country

    def clean_domain(self) -> str:
        """The domain in lower case, as offers look for it."""
        domain: str = self.cleaned_data["domain"]
        return domain.lower()


class LeadForm(SeenForm):
    """A person, known by one normal form of their mail address."""

    class Meta:
        model = Lead
        fields = (
            "name", "email", "title", "phone", "account", "consent", "disqualified_at",
            "external_system", "external_id",
        )  # fmt: skip

    def clean_email(self) -> str:
        """The address as every other door writes it."""
        try:
            return normal_email(self.cleaned_data["email"])
        except InvalidInput as error:
            raise ValidationError(error.message) from error


class CampaignForm(SeenForm):
    """A campaign and the channel its handoffs get."""

    class Meta:
        model = Campaign
        fields = ("name", "channel", "external_system", "external_id")


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is said when a key is made; the key itself is shown once, afterwards."""

    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    reads_a_minute = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_A_MINUTE,
        help_text="How many times a minute it may read; 600 when left empty.",
    )
    writes_a_minute = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_A_MINUTE,
        help_text="How many times a minute it may write; when left empty 300, with leads and engagements 3,000.",
    )

    class Meta:
        model = ApiKey
        fields = ("user", "name", "scopes", "reads_a_minute", "writes_a_minute", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A key has its user's rights, so it belongs to a service account, never to somebody's own login.
        self.fields["user"] = forms.ModelChoiceField(
            get_user_model()._default_manager.filter(is_active=True, groups__name="integrator").order_by("username"),
            label="Service account",
            help_text="An active user of the group integrator.",
        )

    def clean_expires_at(self) -> dt.datetime | None:
        """An instant to come, or nothing."""
        expires_at: dt.datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= dt.datetime.now(dt.UTC):
            raise ValidationError("This instant has passed.")
        return expires_at

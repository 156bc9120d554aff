"""The forms by which operations edit what steps say and where they say it."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from leads.admin_kinds import SeenForm
from leads.logic.errors import InvalidInput
from leads.logic.text import note
from sla.forms_policies import on_one_line
from sla.logic import chat, templates
from sla.models import ChatChannel, StepTemplate

_NAMES = ", ".join(f"{{{name}}} {words}" for name, words in templates.PLACEHOLDERS.items())


class TemplateForm(SeenForm):
    """A mail's words."""

    class Meta:
        model = StepTemplate
        fields = ("name", "subject", "body")
        help_texts = {
            "name": 'As ladders name it: tell the owner using "this name".',
            "body": f"Placeholders: {_NAMES}. A brace that is meant as such is written twice.",
        }

    def clean_name(self) -> str:
        """On one line."""
        return on_one_line(self.cleaned_data["name"], field="name", longest=50)

    def clean_subject(self) -> str:
        """On one line, with placeholders that exist."""
        return _checked(on_one_line(self.cleaned_data["subject"], field="subject", longest=150), field="subject")

    def clean_body(self) -> str:
        """With placeholders that exist."""
        try:
            return _checked(note(self.cleaned_data["body"], field="body", longest=4_000), field="body")
        except InvalidInput as error:
            raise ValidationError(error.message) from error


class ChannelForm(SeenForm):
    """A chat room. Its address is a secret: typed, never shown again."""

    address = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"size": 80, "autocomplete": "off"}),
        help_text="In the notation of Apprise, like slack://… Never shown again. Empty: the one that is there stays.",
    )

    class Meta:
        model = ChatChannel
        fields = ("name", "is_active")
        help_texts = {"name": 'As ladders name it: tell the channel "this name".'}

    def digest(self, instance: Any) -> str:
        """Keyed: the page carries it, and nobody shall find an address by guessing."""
        return salted_hmac("sla.ChatChannel", super().digest(instance)).hexdigest()

    def clean_name(self) -> str:
        """On one line."""
        return on_one_line(self.cleaned_data["name"], field="name", longest=50)

    def clean_address(self) -> str:
        """An address that messages may be sent to."""
        address: str = self.cleaned_data["address"].strip()
        if not address and not self.instance.url:
            raise ValidationError("A channel needs an address.")
        if address:
            try:
                schemes, allow_private = settings.LEADLOOP_CHAT_SCHEMES, settings.LEADLOOP_CHAT_PRIVATE
                chat.check_url(address, schemes=schemes, allow_private=allow_private)
            except InvalidInput as error:
                raise ValidationError(error.message) from error
            self.instance.url = address
        return address


def _checked(text: str, *, field: str) -> str:
    try:
        templates.check(text, field=field)
    except InvalidInput as error:
        raise ValidationError(error.message) from error
    return text

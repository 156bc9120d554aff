"""Forms for strangers: their fields, the tokens that make one sending of one form, and the forms of the admin."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError

from leads.actions.web_forms import TOKEN_LASTS_SECONDS
from leads.admin_kinds import SeenForm
from leads.logic.errors import InvalidInput
from leads.logic.web_form import CONSENT, MEANINGS, MESSAGE, TOKEN, USUAL, VISITOR, clean_mapping
from leads.logic.website import clean_origin, clean_thanks_url
from leads.models import WebForm, Website

_SALT = "leadloop.form"
_COMPLETE = {
    "email": "email",
    "name": "name",
    "first_name": "given-name",
    "last_name": "family-name",
    "title": "organization-title",
    "company": "organization",
    "phone": "tel",
    "country": "country",
    "language": "language",
}
_FIRST = ("name", "first_name", "last_name")
_READING_ORDER = (*_FIRST, *(one for one in MEANINGS if one not in _FIRST))
LEAST_SECONDS, LEAST_SECONDS_AGAIN = 2, 1
_LONGEST_TOKEN = 800


@dataclass(frozen=True)
class Page:
    """The page a token is given to: its origin, and the mark of the network of the browser that shows it."""

    origin: str = ""
    network: str = ""


NO_PAGE = Page()


@dataclass(frozen=True)
class Token:
    """A token that is ours, of this form and not too old. `mark` is what it is remembered by once it was used."""

    mark: str
    is_too_fast: bool
    given_to: Page


def make_token(form: WebForm, *, given_to: Page = NO_PAGE, least_seconds: int = LEAST_SECONDS) -> str:
    """A token for one sending of this form, to be used after so many seconds and within the hour."""
    when = [int(time.time() * 1000), least_seconds]
    return signing.dumps([form.key, secrets.token_hex(8), *when, given_to.origin, given_to.network], salt=_SALT)


def read_token(form: WebForm, text: object) -> Token | None:
    """What the token says; None for one that is missing, forged, another form's or too old."""
    if not isinstance(text, str) or len(text) > _LONGEST_TOKEN:
        return None
    try:
        key, mark, made_at, least, *page = signing.loads(text, salt=_SALT, max_age=TOKEN_LASTS_SECONDS)
        token = Token(mark, time.time() * 1000 - made_at < least * 1000, Page(*page))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return token if key == form.key else None


def fields_of(form: WebForm) -> list[tuple[str, str]]:
    """The form's own names, each with what it means, as people fill them in: the database keeps no order of names."""
    return sorted((form.fields or USUAL).items(), key=lambda one: _READING_ORDER.index(one[1]))


class FilledForm(forms.Form):
    """A web form as a page of ours shows it: its own fields, then those nobody sees."""

    use_required_attribute = True

    def __init__(
        self, form: WebForm, *, page: Page, given: Mapping[str, object] | None = None, visitor: str = ""
    ) -> None:
        given = given or {}
        super().__init__(initial={**given, VISITOR: visitor})
        for own, meaning in fields_of(form):
            self.fields[own] = _field(meaning)
        least = LEAST_SECONDS_AGAIN if given else LEAST_SECONDS
        token = make_token(form, given_to=page, least_seconds=least)
        self.fields[TOKEN] = forms.CharField(widget=forms.HiddenInput, initial=token)
        self.initial.pop(TOKEN, None)
        if visitor:
            self.fields[VISITOR] = forms.CharField(widget=forms.HiddenInput)

    def complain(self, errors: Mapping[str, str]) -> "FilledForm":
        """The form itself, with a sentence at each field that has to change."""
        self._errors = forms.utils.ErrorDict()
        for own, words in errors.items():
            self._errors[own] = self.error_class([words])
        return self


def _field(meaning: str) -> forms.Field:
    label, longest = MEANINGS[meaning]
    if meaning == CONSENT:
        return forms.BooleanField(label=label, required=False)
    attrs: dict[str, Any] = {"autocomplete": _COMPLETE.get(meaning, "off"), "maxlength": str(longest)}
    if meaning == MESSAGE:
        return forms.CharField(label=label, required=False, widget=forms.Textarea(attrs={**attrs, "rows": 5}))
    widget = forms.EmailInput if meaning == "email" else forms.TextInput
    return forms.CharField(label=label, required=meaning == "email", widget=widget(attrs=attrs))


class WebsiteForm(SeenForm):
    """A website: where it is, one origin a line."""

    origins = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="One a line, like https://www.example.com: scheme and host, without a path.",
    )

    class Meta:
        model = Website
        fields = ("name", "origins", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["origins"] = "\n".join(self.instance.origins)

    def clean_origins(self) -> list[str]:
        """Each origin once, as browsers write it."""
        try:
            found = [clean_origin(line) for line in self.cleaned_data["origins"].splitlines() if line.strip()]
        except InvalidInput as error:
            raise ValidationError(error.message) from error
        if not found or len(found) > 20:
            raise ValidationError("A website has 1 to 20 origins.")
        return list(dict.fromkeys(found))


class WebFormForm(SeenForm):
    """A form: which of its fields mean what, one a line."""

    fields = forms.CharField(  # type: ignore[assignment]
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 60}),
        help_text=(
            "One a line: the form's own name = what it means, like your-mail = email. It can mean "
            f"{', '.join(MEANINGS)}. Empty: {', '.join(USUAL)} under those names."
        ),
    )

    class Meta:
        model = WebForm
        fields = ("website", "name", "campaign", "fields", "thanks_url", "is_active")
        help_texts = {
            "thanks_url": "The page of the website that says thank you. Empty: a plain page of LeadLoop says it.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["fields"] = "\n".join(
            f"{own} = {meaning}" for own, meaning in (fields_of(self.instance) if self.instance.fields else ())
        )

    def clean_fields(self) -> dict[str, str]:
        """What each of the form's own names means."""
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["fields"].splitlines())):
            own, equals, meaning = line.partition("=")
            if not equals or own.strip() in found:
                raise ValidationError(f"“{line[:100]}” has to be a name of its own, = and what it means.")
            found[own.strip()] = meaning.strip()
        try:
            return clean_mapping(found)
        except InvalidInput as error:
            raise ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        """Thanks are said on the website itself."""
        cleaned = super().clean()
        website = cleaned.get("website")
        try:
            origins = website.origins if website else []
            cleaned["thanks_url"] = clean_thanks_url(cleaned.get("thanks_url", ""), origins)
        except InvalidInput as error:
            self.add_error("thanks_url", error.message)
        return cleaned

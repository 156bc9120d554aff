"""What a password may not be, beside Django's own list of common ones."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError

LONGEST_PASSWORD = 4096
RULES = (
    "At least 10 characters; no password that many people use, and not digits alone. Your own name and your company's "
    "count for nothing."
)
"""AUTH_PASSWORD_VALIDATORS in one go, for the pages."""
_SHORTEST_REST = 10
_SHORTEST_WORD = 4
_UNFIT = re.compile("[\x00\ufffd\ud800-\udfff]")
_PARTS = re.compile(r"[\W_]+")


def is_readable(text: str) -> bool:
    """Whether it arrived as it was typed, and is not too long. U+FFFD stands where bytes were no text at all."""
    return len(text) <= LONGEST_PASSWORD and not _UNFIT.search(text)


class ReadableValidator:
    """Refuses what could not be checked to the letter at the next login."""

    def validate(self, password: str, user: AbstractUser | None = None) -> None:
        """ValidationError for more than LONGEST_PASSWORD characters, and for bytes that are no text."""
        if not is_readable(password):
            raise ValidationError(
                f"The password must be text of at most {LONGEST_PASSWORD:,} characters.", code="password_unreadable"
            )

    def get_help_text(self) -> str:
        """The rule in words."""
        return "Every character counts as typed, spaces too."


class ContextValidator:
    """Refuses a password that is little more than the name of the product, the company or the user."""

    def validate(self, password: str, user: AbstractUser | None = None) -> None:
        """ValidationError when fewer than _SHORTEST_REST characters are left without those words."""
        rest = password.casefold()
        for word in sorted(_words(user), key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(rest) < _SHORTEST_REST <= len(password):
            raise ValidationError(
                "Without your name, your company's and LeadLoop's, too little of this password is left.",
                code="password_of_context",
            )

    def get_help_text(self) -> str:
        """The rule in words."""
        return "Your own name and your company's count for nothing."


def _words(user: AbstractUser | None) -> set[str]:
    texts = ["leadloop", *_labels(urlsplit(settings.LEADLOOP_ORIGIN).hostname or "")]
    texts += _labels(settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >"))
    if user is not None:
        local, _, domain = user.email.partition("@")
        texts += [user.get_username(), user.first_name, user.last_name, local, *_labels(domain)]
    found = {part for text in texts for part in (text.casefold(), *_PARTS.split(text.casefold()))}
    return {word for word in found if len(word) >= _SHORTEST_WORD}


def _labels(domain: str) -> Iterable[str]:
    """The names in a domain without its last one: nortex of mail.nortex.example."""
    return domain.split(".")[:-1]

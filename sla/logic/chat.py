"""Addresses of chat rooms, in the notation of Apprise: only services that are known to be chat; and what may stand in
a message to one.
"""

from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

from leads.logic.errors import InvalidInput

SCHEMES = ("slack", "workflow", "workflows", "gchat", "discord", "mmost", "mmosts")
"""Slack, Microsoft Teams (by its Workflows), Google Chat, Discord, Mattermost."""

LONGEST = 500

# Options of Apprise that would read a file, follow a redirect, trust anybody, or wait longer than we do.
_REFUSED = frozenset({"template", "redirect", "verify", "cto", "rto", "retry", "wait", "tz", "emojis", "ping", "store"})

# What chat services read as markup or as calling people: without these, a name is nothing but a name.
_PLAIN = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "@": "@\u2060", "|": "¦"})


def check_url(url: str, *, schemes: Collection[str] = SCHEMES) -> None:
    """Nothing, or InvalidInput(url) for an address whose service is not allowed, or that asks for an option which is
    LeadLoop's to decide. The address is a secret and not repeated.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not rest.strip("/") or scheme.casefold() not in schemes:
        raise InvalidInput(f"An address begins with one of {', '.join(schemes)} and ://.", field="url")
    if len(url) > LONGEST or any(char.isspace() or not char.isprintable() for char in url):
        raise InvalidInput(f"An address has no spaces and at most {LONGEST} characters.", field="url")
    try:
        options = {key.casefold().lstrip("+-:") for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    except ValueError:
        raise InvalidInput("This address cannot be read.", field="url") from None
    if refused := sorted(options & _REFUSED):
        raise InvalidInput(f"An address of a room does not set {', '.join(refused)}.", field="url")


def plain(text: str) -> str:
    """The text with whatever a chat service takes for a link, a command or a call to people made harmless."""
    return text.translate(_PLAIN)

"""Addresses of chat rooms, in the notation of Apprise: only services that are known to be chat; and what may stand in
a message to one.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address

from leads.logic.errors import InvalidInput

SCHEMES = ("slack", "workflow", "workflows", "gchat", "discord", "mmost", "mmosts")
"""Slack, Microsoft Teams (by its Workflows), Google Chat, Discord, Mattermost."""

LONGEST = 500

# These write to hosts of their own: what stands where others have a host is an identifier, which may be a number.
_HOSTLESS = frozenset({"slack", "gchat", "discord"})

# One reading only: a second @, a missing host or a host in percent signs is read by each library in its own way.
_PLACE = re.compile(r"(?:[^@/?#\\\[\]]*@)?(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::[0-9]{1,5})?(?:[/#].*)?", re.I | re.A)
# 2130706433, 0x7f000001, 127.1 and 0177.0.0.1 are all read as 127.0.0.1 by some.
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)", re.A)

# What chat services read as markup or as calling people: without these, a name is nothing but a name.
_PLAIN = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "@": "@\u2060", "|": "¦"})


def check_url(url: str, *, schemes: Collection[str] = SCHEMES, allow_private: bool = False) -> None:
    """Nothing, or InvalidInput(url) for an address whose service is not allowed, that sets options (they could name
    files and headers), or whose host is this machine or a number of a network of one's own, unless `allow_private`.
    Names are not resolved. The address is a secret and not repeated.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not rest.strip("/") or scheme.casefold() not in schemes:
        raise InvalidInput(f"An address begins with one of {', '.join(schemes)} and ://.", field="url")
    if len(url) > LONGEST or any(char.isspace() or not char.isprintable() for char in url):
        raise InvalidInput(f"An address has no spaces and at most {LONGEST} characters.", field="url")
    if "?" in url:
        raise InvalidInput("An address of a room sets no options: leave out ? and what follows.", field="url")
    place = _PLACE.fullmatch(rest)
    if place is None:
        raise InvalidInput("This address cannot be read.", field="url")
    if not allow_private and _is_private(place[1].casefold(), may_be_number=scheme.casefold() in _HOSTLESS):
        raise InvalidInput("An address of a room does not lead to this machine or a network of one's own.", field="url")


def _is_private(host: str, *, may_be_number: bool) -> bool:
    host = host.strip("[]").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return last == "localhost" or ":" in host or (not may_be_number and bool(_NUMBER.fullmatch(last)))
    return not address.is_global or address.is_multicast or address.is_reserved


def plain(text: str) -> str:
    """The text with whatever a chat service takes for a link, a command or a call to people made harmless."""
    return text.translate(_PLAIN)

"""What a website sends of itself: origins, and the messages of the snippet."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from leads.logic import strict_json
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line

LARGEST_MESSAGE_BYTES = 4_096
LONGEST_STAY_SECONDS = 4 * 3600
_LONGEST = {"path": 400, "title": 200, "from": 400}
_ID = re.compile(r"[0-9a-z]{16,32}", re.ASCII)
_KEY = re.compile(r"[0-9a-z]{8,32}", re.ASCII)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}|\[[0-9a-f:.]+\]", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_OF_VIEW = {"site", "visitor", "view", "path", "title", "from", "seconds"}
_OF_FORGETTING = {"site", "visitor", "forget"}


@dataclass(frozen=True, kw_only=True)
class PageView:
    """A page that a visitor looks at; `seconds` once they left it. `came_from` is an address without its query."""

    site: str
    visitor: str
    view: str
    path: str
    title: str = ""
    came_from: str = ""
    seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """A visitor who took their consent back."""

    site: str
    visitor: str


def clean_origin(text: object, *, field: str = "origins") -> str:
    """Scheme, host and port as browsers write them: "https://www.nortex.example". InvalidInput(field).

    No path, no user, no port that goes without saying; names in other scripts become Punycode.
    """
    given = one_line(text, field=field, longest=300)
    refusal = InvalidInput(f"{given or 'Nothing'} is no origin: write it like https://www.example.com.", field=field)
    try:
        parts = urlsplit(given)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        raise refusal from None
    if parts.scheme not in _PORTS or "@" in parts.netloc or parts.path not in {"", "/"} or set(given) & set("?#\\*"):
        raise refusal
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host):
        raise refusal
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


def origin_of(url: str) -> str:
    """The origin of an address, "" for what is none."""
    try:
        parts = urlsplit(url)
        return clean_origin(f"{parts.scheme}://{parts.netloc}")
    except (InvalidInput, ValueError):
        return ""


def clean_thanks_url(text: object, origins: list[str], *, field: str = "thanks_url") -> str:
    """The address itself when it is a page of one of the origins; "" stays "". InvalidInput(field)."""
    url = one_line(text, field=field, longest=500)
    if not url:
        return ""
    if not url.isascii() or set(url) & set(' "<>\\^`{|}') or origin_of(url) not in origins:
        known = ", ".join(origins) or "none so far"
        raise InvalidInput(f"The page of thanks has to be on the website itself ({known}).", field=field)
    return url


def is_key(text: str) -> bool:
    """Whether the text has the shape of a website's or a form's key."""
    return bool(_KEY.fullmatch(text))


def visitor_id(text: object) -> str:
    """The id that the snippet gave a browser, "" for anything else."""
    return text if isinstance(text, str) and _ID.fullmatch(text) else ""


def read_message(body: bytes) -> PageView | Forgotten:
    """What the snippet says. InvalidInput for anything else than exactly that."""
    if len(body) > LARGEST_MESSAGE_BYTES:
        raise InvalidInput(f"A message has at most {LARGEST_MESSAGE_BYTES} bytes.")
    given = strict_json.loads(body)
    if not isinstance(given, dict) or (set(given) - _OF_VIEW and set(given) != _OF_FORGETTING):
        raise InvalidInput("This is no message of the snippet.")
    site = given.get("site")
    if not isinstance(site, str) or not is_key(site):
        raise InvalidInput("site is no key of a website.", field="site")
    visitor = _id(given, "visitor")
    if "forget" in given:
        if given["forget"] is not True:
            raise InvalidInput("forget is true or not there.", field="forget")
        return Forgotten(site=site, visitor=visitor)
    text = {name: one_line(given.get(name, ""), field=name, longest=longest) for name, longest in _LONGEST.items()}
    if not text["path"].startswith("/") or set(text["path"]) & set("?#\\"):
        raise InvalidInput("path begins with / and has no query.", field="path")
    return PageView(
        site=site,
        visitor=visitor,
        view=_id(given, "view"),
        path=text["path"],
        title=text["title"],
        came_from=text["from"] if origin_of(text["from"]) and "?" not in text["from"] else "",
        seconds=_seconds(given.get("seconds")),
    )


def _id(given: dict[str, Any], name: str) -> str:
    if not (found := visitor_id(given.get(name))):
        raise InvalidInput(f"{name} is no id that the snippet made.", field=name)
    return found


def _seconds(given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise InvalidInput("seconds is a whole number.", field="seconds")
    return min(given, LONGEST_STAY_SECONDS)

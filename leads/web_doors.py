"""What the doors for strangers share: where a request comes from, and what browsers of other sites may read of it."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.crypto import salted_hmac

from leads.actions.allowances import spend
from leads.backends import network_of

HIDDEN = "null"
"""What browsers say instead of an origin, of a form too, when the page's Referrer-Policy tells nobody where it is."""

_SCRIPTS = Path(__file__).parent / "static" / "leads"


def own_origin(request: HttpRequest) -> str:
    """Where our own pages are, as their browsers write it."""
    return request.build_absolute_uri("/").rstrip("/")


def origin_of(request: HttpRequest) -> str:
    """The origin of the page that sent the request, HIDDEN when its browser keeps it back, "" when nothing is said."""
    return request.headers.get("Origin", "")[:300]


def network_mark(request: HttpRequest, door: str) -> str:
    """What the network of the request (IPv6: its /64) is known by at a door: a keyed hash, which tells no address."""
    return salted_hmac(f"leadloop.door.{door}", network_of(request), algorithm="sha256").hexdigest()[:32]


def seconds_to_wait(request: HttpRequest, door: str, *, limit: int, seconds: int) -> int:
    """How long this network has to wait at a door; 0: it may go on, and one of `limit` is spent.

    No address is kept: the counter is known by a keyed hash of it, and goes within hours.
    """
    return spend(f"{door}-net:{network_mark(request, door)}", limit=limit, seconds=seconds)


def readable_by(response: HttpResponse, origin: str) -> HttpResponse:
    """The answer, which scripts of this origin may read. Never with credentials: there are none."""
    response["Access-Control-Allow-Origin"] = origin
    patch_vary_headers(response, ["Origin"])
    return response


def declared_length(request: HttpRequest) -> int:
    """How many bytes the request says it has; 0 for none, which then reads as an empty body."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdecimal() and len(text) < 12 else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@cache
def script(name: str) -> bytes:
    """The script as it is served: the source without its comments and indentation."""
    lines = (line.strip() for line in (_SCRIPTS / name).read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")).encode()

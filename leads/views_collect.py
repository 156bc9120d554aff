"""The snippet for websites, and the door its messages come in by."""

import hashlib

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_safe

from leads import web_doors
from leads.actions import websites
from leads.actions.allowances import spend
from leads.logic.errors import InvalidInput
from leads.logic.spam import is_automated
from leads.logic.website import LARGEST_MESSAGE_BYTES, Forgotten, read_message
from leads.reports.websites import website_of

# A new version reaches every browser within a day, and is asked for once a day at most.
_SCRIPT_CACHE = "public, max-age=86400, stale-while-revalidate=604800"
_READ = frozenset({"text/plain", "application/json"})
NETWORK_A_MINUTE = 600
WEBSITE_A_MINUTE = 12_000


def _etag(request: HttpRequest, name: str) -> str:
    return f'"{hashlib.sha256(web_doors.script(name)).hexdigest()[:16]}"'


@login_not_required
@require_safe
@condition(etag_func=_etag)
def script(request: HttpRequest, name: str) -> HttpResponse:
    """A script for other people's pages, which may load it under any policy of theirs that names us."""
    response = HttpResponse(web_doors.script(name), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = _SCRIPT_CACHE
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return web_doors.readable_by(response, "*")


@csrf_exempt
@login_not_required
@require_http_methods(["POST"])
def collect(request: HttpRequest) -> HttpResponse:
    """Takes a message of the snippet in, or drops it: the answer is the same, so that it tells nobody why."""
    origin = web_doors.origin_of(request)
    response = HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Origin"])
    return web_doors.readable_by(response, origin) if _take(request, origin) else response


def _take(request: HttpRequest, origin: str) -> bool:
    """Whether the message was from a website of ours, whatever became of it then."""
    if is_automated(request.headers.get("User-Agent", "")) or request.content_type not in _READ:
        return False
    if not origin or web_doors.declared_length(request) > LARGEST_MESSAGE_BYTES:
        return False
    try:
        message = read_message(request.body)
    except InvalidInput:
        return False
    website = website_of(message.site, origin)
    if website is None:
        return False
    if web_doors.seconds_to_wait(request, "collect", limit=NETWORK_A_MINUTE, seconds=60):
        return True
    if isinstance(message, Forgotten):
        websites.forget_visitor(website, message)
    elif not (_said_no(request) or spend(f"collect:{website.pk}", limit=WEBSITE_A_MINUTE)):
        websites.keep_view(website, message, origin=origin)
    return True


def _said_no(request: HttpRequest) -> bool:
    """Whether the browser says by itself that its owner does not want this; the snippet listens to that already."""
    return request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"

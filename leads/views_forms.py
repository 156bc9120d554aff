"""Forms that strangers fill in, on a website or on a page of ours. No session, no cookie, no login."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads import web_doors
from leads.actions.allowances import spend
from leads.actions.web_forms import take_form
from leads.actions.websites import count_kept_out
from leads.api.errors import CONTENT_TYPE, Problem
from leads.forms_web import FilledForm, Page, Token, make_token, read_token
from leads.logic import strict_json
from leads.logic.errors import InvalidInput
from leads.logic.spam import Why, why_spam
from leads.logic.web_form import MOST_FIELDS, TOKEN, TRAP, USUAL, VISITOR, WrongFields, read_filled
from leads.logic.website import clean_thanks_url, visitor_id
from leads.models import WebForm
from leads.reports.websites import form_of

LARGEST_BODY_BYTES = 64_000
NETWORK_LIMIT, NETWORK_SECONDS = 30, 600
FORM_A_MINUTE = 300
_ONCE_MORE = "Please look it over and send it once more."
_NOT_HERE = (404, "There is no form here, or it may not be sent from the page you came from.")
_UNREADABLE = (SuspiciousOperation, MultiPartParserError, UnreadablePostError, InvalidInput)


@dataclass(frozen=True)
class _Asked:
    """Who asks for what: the request, the form, and the origin of the page it was sent from."""

    request: HttpRequest
    form: WebForm
    origin: str

    @property
    def may_send(self) -> frozenset[str]:
        """The origins that this form may be sent from: its website's and our own."""
        return frozenset({*self.form.website.origins, web_doors.own_origin(self.request)})

    @property
    def own_page(self) -> Page:
        """This form as a page of ours, shown to whoever asks."""
        return self.page_at(web_doors.own_origin(self.request))

    def page_at(self, origin: str) -> Page:
        """A page of this origin in the browser that asks."""
        return Page(origin, web_doors.network_mark(self.request, "form"))

    def sent_from(self, token: Token | None) -> str:
        """The origin that the form was sent from, "" when it may not be or nobody knows.

        A page whose policy hides where it is sends HIDDEN. The token then stands for it: browsers give the origin of a
        script that fetches one whatever the policy is, and let no script of another origin read it. Nor is a token good
        for a browser of another network, so nobody can fetch some and have other people's browsers send them.
        """
        if self.origin != web_doors.HIDDEN:
            return self.origin if self.origin in self.may_send else ""
        known = token.given_to if token else None
        return known.origin if known and known.origin in self.may_send and known == self.page_at(known.origin) else ""

    @property
    def wants_json(self) -> bool:
        accepts = self.request.headers.get("Accept", "")
        return self.request.content_type == "application/json" or "application/json" in accepts

    def shared(self, response: HttpResponse) -> HttpResponse:
        """The answer, which scripts of the website may read."""
        response["Cache-Control"] = "no-store"
        is_theirs = self.origin in self.form.website.origins
        return web_doors.readable_by(response, self.origin) if is_theirs else response


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def form(request: HttpRequest, key: str) -> HttpResponse:
    """The form as a page of its own, and what becomes of it when it is sent from here or from its website."""
    found = form_of(key)
    if found is None:
        return _refused(request, *_NOT_HERE)
    origin = web_doors.origin_of(request)
    asked = _Asked(request, found, origin)
    if request.method in {"GET", "HEAD"}:
        return _page(asked, FilledForm(found, page=asked.own_page))
    is_hidden = origin == web_doors.HIDDEN and request.method == "POST" and not asked.wants_json
    if origin not in asked.may_send and not is_hidden:
        return _refused(request, *_NOT_HERE)
    if request.method == "OPTIONS":
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
        return asked.shared(HttpResponse(status=204, headers={**allowed, "Access-Control-Max-Age": "600"}))
    return _sent(asked)


@login_not_required
@require_safe
def token(request: HttpRequest, key: str) -> HttpResponse:
    """A token for one sending of the form, for scripts of its website."""
    found = form_of(key)
    if found is None:
        return _refused(request, *_NOT_HERE)
    asked = _Asked(request, found, web_doors.origin_of(request))
    return asked.shared(JsonResponse({"token": make_token(found, given_to=asked.page_at(asked.origin))}))


@login_not_required
@require_safe
def thanks(request: HttpRequest, key: str) -> HttpResponse:
    """The plain page that thanks."""
    found = form_of(key)
    return render(request, "leads/form_thanks.html", {"form": found}) if found else _refused(request, *_NOT_HERE)


def _sent(asked: _Asked) -> HttpResponse:
    """What becomes of a form that was sent: thanks, which say nothing of whether it was kept, or what has to change."""
    if web_doors.declared_length(asked.request) > LARGEST_BODY_BYTES:
        return _said(asked, 413, f"A form may have {LARGEST_BODY_BYTES} bytes.")
    try:
        given = _read(asked.request)
    except _UNREADABLE:
        return _said(asked, 400, "What was sent cannot be read: fields with names and text, no files.")
    found, known = asked.form, read_token(asked.form, given.get(TOKEN))
    origin, visitor = asked.sent_from(known), visitor_id(given.get(VISITOR))
    if not origin:
        # From who knows where: nobody's tries are spent, and what a person then sends from our own page counts.
        return _wrong(asked, {**given, VISITOR: ""}, {TOKEN: _ONCE_MORE})
    wait = web_doors.seconds_to_wait(asked.request, "form", limit=NETWORK_LIMIT, seconds=NETWORK_SECONDS)
    if wait := wait or spend(f"form:{found.pk}", limit=FORM_A_MINUTE):
        return _said(asked, 429, "That was often. Please wait a while and try again.", wait_seconds=wait)
    if given.get(TRAP):
        return _kept_out(asked, Why.TRAP)
    try:
        filled = read_filled(given, found.fields)
        if known is None or known.is_too_fast:
            if known:
                count_kept_out(found, Why.TOO_FAST)
            return _wrong(asked, given, {TOKEN: _ONCE_MORE})
        why = why_spam(filled)
        if why:
            return _kept_out(asked, why)
        if not take_form(found, filled, visitor=visitor, token=known.mark, origin=origin):
            return _kept_out(asked, Why.REPEATED)
    except WrongFields as error:
        return _wrong(asked, given, error.errors)
    except InvalidInput as error:
        own = next((own for own, meaning in (found.fields or USUAL).items() if meaning == error.field), "")
        return _wrong(asked, given, {own or TOKEN: error.message})
    return _thanked(asked)


def _read(request: HttpRequest) -> dict[str, object]:
    """The fields of the body by name. Raises one of _UNREADABLE."""
    if request.content_type == "application/json":
        given = strict_json.loads(request.body)
    elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        given = dict(request.POST.items())
        if request.FILES:
            raise InvalidInput("A form takes no files.")
    else:
        raise InvalidInput("This is no form.")
    if not isinstance(given, dict) or len(given) > MOST_FIELDS:
        raise InvalidInput("This is no form, or one with too many fields.")
    if not all(isinstance(value, str | bool) for value in given.values()):
        raise InvalidInput("Every field is text.")
    return given


def _kept_out(asked: _Asked, why: Why) -> HttpResponse:
    count_kept_out(asked.form, why)
    return _thanked(asked)


def _thanked(asked: _Asked) -> HttpResponse:
    if asked.wants_json:
        return asked.shared(JsonResponse({"thanks": True}))
    try:
        url = clean_thanks_url(asked.form.thanks_url, asked.form.website.origins)
    except InvalidInput:
        url = ""
    url = url or reverse("leads:form-thanks", args=[asked.form.key])
    return asked.shared(HttpResponseRedirect(url, status=303))


def _wrong(asked: _Asked, given: Mapping[str, object], errors: dict[str, str]) -> HttpResponse:
    """What has to change before the form is taken, with everything that was typed."""
    if asked.wants_json:
        problem = Problem(status=400, detail=next(iter(errors.values())), fields=tuple(errors.items()))
        return asked.shared(JsonResponse(problem.body(), status=400, content_type=CONTENT_TYPE))
    page = FilledForm(asked.form, page=asked.own_page, given=given, visitor=visitor_id(given.get(VISITOR)))
    words = errors.pop(TOKEN, "")
    return _page(asked, page.complain(errors), words=words, status=400)


def _page(asked: _Asked, page: FilledForm, *, words: str = "", status: int = 200) -> HttpResponse:
    context = {"web_form": asked.form, "form": page, "trap": TRAP, "words": words}
    response = render(asked.request, "leads/form.html", context, status=status)
    # A browser holds the redirect that follows a form to its page's policy as well.
    response._csp_update = {"form-action": asked.form.website.origins}  # type: ignore[attr-defined]
    return asked.shared(response)


def _said(asked: _Asked, status: int, words: str, *, wait_seconds: int = 0) -> HttpResponse:
    response = _refused(asked.request, status, words, is_json=asked.wants_json)
    if wait_seconds:
        response["Retry-After"] = str(wait_seconds)
    return asked.shared(response)


def _refused(request: HttpRequest, status: int, words: str, *, is_json: bool = False) -> HttpResponse:
    if is_json:
        return JsonResponse(Problem(status=status, detail=words).body(), status=status, content_type=CONTENT_TYPE)
    return render(request, "leads/form_refused.html", {"words": words, "status": status}, status=status)

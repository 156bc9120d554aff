"""What a decision view asks before it acts, and answers after: the next handoff, the question again, or who was
quicker.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from feedback.actions.locking import following
from feedback.logic.rights import Subject, may
from feedback.logic.states import Verb
from feedback.middleware import PageRequest, refusal
from feedback.models import Handoff
from feedback.pages.lists import Place
from feedback.reports import queue as lists
from feedback.reports.detail import detail, is_held, visible
from feedback.views_queue import handoff_view, named_place, place_of, read_list, rows_shown
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, NotFound, StateConflict

View = Callable[[PageRequest, UUID], HttpResponse]
GET_POST = ["GET", "HEAD", "POST"]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """See templates/feedback/_ask.html."""

    title: str
    url: str
    back_url: str
    submit: str
    sentence: str = ""
    then: str = ""


def deciding(view: View) -> View:
    """Who comes second is told who was first, beside the handoff as it stands now. An address that makes no sense is
    refused before anything is written, not when the answer is made.
    """

    @wraps(view)
    def inner(request: PageRequest, uid: UUID) -> HttpResponse:
        named_place(request)
        try:
            return view(request, uid)
        except StateConflict as error:
            return _too_late(request, uid, error)

    return inner


def askable(request: PageRequest, uid: UUID, verb: Verb) -> Handoff:
    """The handoff, when there is sense in asking about `verb`. The action asks all this again, under its lock."""
    handoff = visible(uid, person=request.person)
    if not may(request.person, verb, Subject(team_id=handoff.team_id, owner_id=handoff.owner_id)):
        whose = f"it belongs to {handoff.owner}" if handoff.owner else "nobody has it yet, so take it first"
        raise NotAllowed(f"This is not yours to do: {whose}.")
    if verb is not Verb.RECORD_OUTCOME:
        following(handoff, verb)
    return handoff


def addresses(request: PageRequest, handoff: Handoff, name: str) -> dict[str, str]:
    place = place_of(request, handoff)
    return {"url": place.address(name, handoff.uid), "back_url": place.address("handoff", handoff.uid)}


def ends_hold(handoff: Handoff) -> str:
    """What is said before a decision on a handoff that waits, "" for one that does not."""
    return "It is on hold; this ends the hold." if is_held(handoff) else ""


def with_hold(words: str, before: Handoff) -> str:
    """What is said after it."""
    return f"{words}; its hold has ended" if is_held(before) else words


def answered(request: PageRequest, form: forms.Form, ask: Ask, act: Callable[[], HttpResponse]) -> HttpResponse:
    """What `act` answers when the form was sent and taken, else the question, with what is wrong beside its field."""
    if form.is_bound and form.is_valid():
        try:
            return act()
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    return asked(request, "ask", {"form": form, "ask": ask}, is_refused=form.is_bound)


def asked(request: PageRequest, name: str, context: dict[str, object], *, is_refused: bool) -> HttpResponse:
    template = f"feedback/{'_' if request.htmx else ''}{name}.html"
    response = render(request, template, context, status=400 if is_refused else 200)
    if request.htmx and is_refused:
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def decided(request: PageRequest, before: Handoff, *, words: str, is_undoable: bool = False) -> HttpResponse:
    """The next handoff of the list the person works from, with the undo of this one; without a list, this one as it
    is now.
    """
    place = place_of(request, before)
    undo_url = place.address("handoff-undo", before.uid) if is_undoable else ""
    if place.listing is None:
        return _landed(request, before.uid, place=place, words=words, undo_url=undo_url)
    wanted = lists.asked_for(place.listing, chip=place.chip, query=place.query)
    cursor = lists.cursor_of(before.priority, before.due_at, before.uid)
    following_uid = lists.following(request.person, wanted, cursor=cursor, now=timezone.now())
    return _landed(request, following_uid, place=place, words=words, undo_url=undo_url)


def stayed(
    request: PageRequest, before: Handoff, *, words: str, place: Place | None = None, undo_url: str = ""
) -> HttpResponse:
    """The same handoff as it is now, or its list when it is no longer the person's to see."""
    place = place or place_of(request, before)
    try:
        visible(before.uid, person=request.person)
    except NotFound:
        return _landed(request, None, place=place, words=words)
    return _landed(request, before.uid, place=place, words=words, undo_url=undo_url)


def _landed(request: PageRequest, uid: UUID | None, *, place: Place, words: str, undo_url: str = "") -> HttpResponse:
    here = place.address("handoff", uid) if uid else place.address(place.listing or "board")
    if not request.htmx:
        messages.success(request, words, extra_tags=f"undo:{undo_url}" if undo_url else "")
        return redirect(here)
    now = timezone.now()
    context: dict[str, object] = {"now": now, "toast": {"text": words, "undo_url": undo_url}, "handoff": None}
    if uid:
        found = detail(uid, person=request.person, now=now)
        context["handoff"] = handoff_view(found, request=request, place=place, now=now)
    if place.listing:
        wanted = replace(lists.asked_for(place.listing, chip=place.chip, query=place.query), rows=rows_shown(request))
        context["queue"] = read_list(request.person, wanted, active=uid, now=now)
    response = render(request, "feedback/_decided.html", context)
    response["HX-Push-Url"], response["HX-Reswap"] = here, "outerHTML"
    return response


def _too_late(request: PageRequest, uid: UUID, error: LeadLoopError) -> HttpResponse:
    """409: who did what and when, the handoff as it stands now, and the words of the person, so that they are not
    lost.
    """
    now = timezone.now()
    found = detail(uid, person=request.person, now=now)
    place = place_of(request, found.handoff)
    if not request.htmx:
        return refusal(request, error, url=place.address("handoff", uid))
    typed = request.POST.get("note", "")[:10_000]
    text = f"{error.message} You had written: {typed}" if typed else error.message
    page = handoff_view(found, request=request, place=place, now=now)
    response = render(request, "feedback/_too_late.html", {"handoff": page, "now": now, "text": text}, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = "#handoff", "outerHTML"
    return response

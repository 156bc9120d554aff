"""What can be done with a handoff. Each view parses, calls one action and answers; the next handoff comes with the
answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from feedback.actions import attempts, decisions, outcomes, owners
from feedback.actions import undo as undoing
from feedback.forms import AttemptForm, NoteForm, OutcomeForm, ReassignForm, TurnBackForm
from feedback.logic.states import Verb
from feedback.middleware import PageRequest
from feedback.models import Handoff
from feedback.pages.handoffs import name_of
from feedback.pages.lists import Place
from feedback.pages.rejecting import PREFIX, Typed, reject_question
from feedback.reports.detail import colleagues, live_reasons, reasons_used, visible
from feedback.reports.queue import Listing
from feedback.views_answers import (
    GET_POST,
    Ask,
    addresses,
    answered,
    askable,
    asked,
    decided,
    deciding,
    ends_hold,
    stayed,
    with_hold,
)
from feedback.views_queue import place_of
from leads.logic.errors import InvalidInput


@require_POST
@deciding
def accept(request: PageRequest, uid: UUID) -> HttpResponse:
    before = visible(uid, person=request.person)
    handoff = decisions.accept(uid, by=request.person)
    return decided(request, before, words=with_hold(f"Accepted {name_of(handoff)}", before), is_undoable=True)


@require_http_methods(GET_POST)
@deciding
def reject(request: PageRequest, uid: UUID) -> HttpResponse:
    """Asks why the lead is not for sales, before any work."""
    return _with_reason(request, uid, Verb.REJECT)


@require_http_methods(GET_POST)
@deciding
def return_after_work(request: PageRequest, uid: UUID) -> HttpResponse:
    """Asks why an accepted lead goes back to marketing."""
    return _with_reason(request, uid, Verb.RETURN)


@require_http_methods(GET_POST)
@deciding
def turn_back(request: PageRequest, uid: UUID) -> HttpResponse:
    before = askable(request, uid, Verb.TURN_BACK)
    reps = colleagues(frozenset({before.team_id}), without=before.owner_id)
    form = TurnBackForm(request.POST if request.method == "POST" else None, reps=reps)
    ask = Ask(
        title=f"{name_of(before)} is not yours?",
        sentence=ends_hold(before),
        submit="Turn back",
        then="Goes to whom you name, else to the next in line. It is never held against the lead or its campaign.",
        **addresses(request, before, "handoff-turn-back"),
    )

    def act() -> HttpResponse:
        decisions.turn_back(uid, by=request.person, to=form.cleaned_data["to"], note=form.cleaned_data["note"])
        return decided(request, before, words=with_hold(f"Turned back {name_of(before)}", before), is_undoable=True)

    return answered(request, form, ask, act)


@require_http_methods(GET_POST)
@deciding
def log(request: PageRequest, uid: UUID) -> HttpResponse:
    before = askable(request, uid, Verb.LOG_ATTEMPT)
    form = AttemptForm(request.POST if request.method == "POST" else None)
    ask = Ask(
        title=f"An attempt to reach {name_of(before)}", submit="Log it", **addresses(request, before, "handoff-log")
    )

    def act() -> HttpResponse:
        given = form.cleaned_data
        attempts.log_attempt(
            uid, by=request.person, kind=given["kind"], is_two_way=given["is_two_way"], note=given["note"]
        )
        return stayed(request, before, words="Logged")

    return answered(request, form, ask, act)


@require_http_methods(GET_POST)
@deciding
def qualify(request: PageRequest, uid: UUID) -> HttpResponse:
    before = askable(request, uid, Verb.QUALIFY)
    form = NoteForm(request.POST if request.method == "POST" else None)
    ask = Ask(
        title=f"Is {name_of(before)} an opportunity for sales?",
        sentence=ends_hold(before),
        submit="Qualify",
        then="Becomes an SQL today and stays yours until it is won or lost. This cannot be undone.",
        **addresses(request, before, "handoff-qualify"),
    )

    def act() -> HttpResponse:
        decisions.qualify(uid, by=request.person, note=form.cleaned_data["note"])
        return decided(request, before, words=with_hold(f"Qualified {name_of(before)}", before))

    return answered(request, form, ask, act)


@require_http_methods(GET_POST)
@deciding
def outcome(request: PageRequest, uid: UUID) -> HttpResponse:
    before = askable(request, uid, Verb.RECORD_OUTCOME)
    form = OutcomeForm(request.POST if request.method == "POST" else None)
    ask = Ask(
        title=f"What became of {name_of(before)}?", submit="Record", **addresses(request, before, "handoff-outcome")
    )

    def act() -> HttpResponse:
        given = form.cleaned_data
        made = outcomes.OutcomeInput(kind=given["kind"], amount=given["amount"], currency=given["currency"])
        outcomes.record_outcome(uid, made, by=request.person, at=form.happened_at())
        return stayed(request, before, words=f"Recorded: {given['kind']}")

    return answered(request, form, ask, act)


@require_http_methods(GET_POST)
@deciding
def reassign(request: PageRequest, uid: UUID) -> HttpResponse:
    before = askable(request, uid, Verb.REASSIGN)
    teams = request.person.managed_team_ids | {before.team_id}
    form = ReassignForm(
        request.POST if request.method == "POST" else None, reps=colleagues(teams, without=before.owner_id)
    )
    ask = Ask(
        title=f"Give {name_of(before)} to somebody else",
        submit="Reassign",
        **addresses(request, before, "handoff-reassign"),
    )

    def act() -> HttpResponse:
        given = owners.reassign(uid, by=request.person, to=form.cleaned_data["to"])
        return stayed(request, before, words=f"{name_of(given)} is {given.owner}'s now")

    return answered(request, form, ask, act)


@require_POST
@deciding
def release(request: PageRequest, uid: UUID) -> HttpResponse:
    """Puts the handoff back into its team's queue."""
    before = visible(uid, person=request.person)
    owners.release(uid, by=request.person, cause="manager")
    return stayed(request, before, words=f"{name_of(before)} is back in the team's queue")


@require_POST
@deciding
def raise_one(request: PageRequest, uid: UUID) -> HttpResponse:
    """Raises the priority of the handoff by one."""
    before = visible(uid, person=request.person)
    owners.raise_priority(uid, by=request.person, cause="manager")
    return stayed(request, before, words=f"{name_of(before)} is raised: it stands above what is merely due")


@require_POST
@deciding
def take(request: PageRequest, uid: UUID) -> HttpResponse:
    before = visible(uid, person=request.person)
    handoff = owners.take(uid, by=request.person)
    return stayed(request, before, words=f"{name_of(handoff)} is yours now", place=Place(listing=Listing.QUEUE))


@require_POST
@deciding
def undo(request: PageRequest, uid: UUID) -> HttpResponse:
    before = visible(uid, person=request.person)
    handoff = undoing.undo(uid, by=request.person)
    place = place_of(request, before)
    if place.listing:
        place = Place(listing=Listing.QUEUE)
    return stayed(request, before, words=f"Taken back: {name_of(handoff)} is pending again", place=place)


def _with_reason(request: PageRequest, uid: UUID, verb: Verb) -> HttpResponse:
    """The question for a reason and what it needs; a refusal keeps what was typed and names the field."""
    before = askable(request, uid, verb)
    reasons = live_reasons(decisions.moment_of(before))
    typed = Typed()
    if request.method == "POST":
        typed = _typed(request, {reason.key: reason.evidence_field for reason in reasons})
        try:
            return _refuse(request, before, verb, typed)
        except InvalidInput as error:
            typed = replace(typed, error=error.message, wrong=error.field)
    used = reasons_used(before.team_id, now=timezone.now())
    place = place_of(request, before)
    question = reject_question(before, reasons=reasons, used=used, place=place, typed=typed)
    question = replace(question, sentence=ends_hold(before))
    return asked(request, "reject", {"ask": question}, is_refused=bool(typed.error))


def _typed(request: PageRequest, asked: Mapping[str, str]) -> Typed:
    """What was sent. Every question of the page comes along; only what the chosen reason asks is looked at."""
    reason = request.POST.get("reason", "")
    key = asked.get(reason, "")
    value = request.POST.get(f"{PREFIX}{key}", "") if key else ""
    return Typed(reason=reason, evidence={key: value} if value else {}, note=request.POST.get("note", ""))


def _refuse(request: PageRequest, before: Handoff, verb: Verb, typed: Typed) -> HttpResponse:
    act = decisions.reject if verb is Verb.REJECT else decisions.return_after_work
    handoff = act(before.uid, by=request.person, reason=typed.reason, evidence=dict(typed.evidence), note=typed.note)
    done = "Rejected" if verb is Verb.REJECT else "Returned"
    words = with_hold(f"{done} {name_of(handoff)}: {handoff.reason}", before)
    return decided(request, before, words=words, is_undoable=verb is Verb.REJECT)

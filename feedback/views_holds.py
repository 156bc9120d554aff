"""Waiting for somebody else: putting a handoff on hold, taking it off, and marketing's answers."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.actions import holds
from feedback.forms_holds import AnswerForm, instant_typed
from feedback.logic.rights import MANAGER, MARKETER, OPERATIONS
from feedback.logic.states import Verb
from feedback.middleware import PageRequest
from feedback.models import Handoff, Hold
from feedback.pages.handoffs import name_of
from feedback.pages.held import held_sentence, instant_words
from feedback.pages.holding import HoldTyped, hold_question
from feedback.pages.questions import questions_page
from feedback.reports.detail import visible
from feedback.reports.holds import answered_questions, holds_of, open_hold, open_questions, unanswered
from feedback.views_answers import GET_POST, Ask, addresses, answered, askable, asked, decided, deciding, stayed
from feedback.views_queue import place_of
from leads.logic.errors import InvalidInput, NotAllowed, StateConflict


@require_http_methods(GET_POST)
@deciding
def hold(request: PageRequest, uid: UUID) -> HttpResponse:
    """Asks what the handoff waits for and until when; what each choice does is said before it is made."""
    before, now = askable(request, uid, Verb.HOLD), timezone.now()
    if current := open_hold(before.pk):
        raise StateConflict(held_sentence(current, now=now))
    typed = HoldTyped()
    if request.method == "POST":
        typed = _typed(request)
        try:
            return _hold(request, before, typed, now=now)
        except InvalidInput as error:
            typed = HoldTyped(
                reason=typed.reason, question=typed.question, until=typed.until, error=error.message, wrong=error.field
            )
    question = hold_question(before, place=place_of(request, before), typed=typed, now=now)
    return asked(request, "hold", {"ask": question, "now": now}, is_refused=bool(typed.error))


@require_POST
@deciding
def resume(request: PageRequest, uid: UUID) -> HttpResponse:
    before = visible(uid, person=request.person)
    handoff = holds.release_hold(uid, by=request.person)
    return stayed(request, before, words=f"{name_of(handoff)} is off hold: the clock runs again")


@require_http_methods(GET_POST)
@deciding
def answer(request: PageRequest, uid: UUID) -> HttpResponse:
    """Answers what sales asked; the hold ends with it."""
    before = askable(request, uid, Verb.ANSWER)
    current = _question(before)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    ask = Ask(
        title=f"An answer about {name_of(before)}",
        sentence=f"{current.by.get_full_name() or current.by.get_username() if current.by else 'Sales'} asked: "
        f"“{current.question}”",
        submit="Answer",
        then="The rep is told. The hold has ended already."
        if current.ended_at
        else "The rep is told, the hold ends and the clock goes on.",
        **addresses(request, before, "handoff-answer"),
    )

    def act() -> HttpResponse:
        holds.answer(uid, by=request.person, text=form.cleaned_data["text"])
        words = f"Answered: the rep of {name_of(before)} is told"
        if request.GET.get("from") == "questions":
            messages.success(request, words)
            return redirect("feedback:questions")
        return stayed(request, before, words=words)

    return answered(request, form, ask, act)


@require_safe
def questions(request: PageRequest) -> HttpResponse:
    """What sales waits for from marketing, the one that runs out first on top, and what was answered."""
    person, now = request.person, timezone.now()
    if not person.roles & {MARKETER, MANAGER, OPERATIONS}:
        raise NotAllowed("Questions are answered by marketing. Your own stand on the handoffs that wait for them.")
    asked_for = open_questions(person, after=request.GET.get("after", ""))
    page = questions_page(asked_for, answered=answered_questions(person), person=person, now=now)
    return render(request, "feedback/questions.html", {"page": page, "form": AnswerForm(auto_id=False), "now": now})


def _question(handoff: Handoff) -> Hold:
    """What marketing is asked about the handoff. StateConflict."""
    found = unanswered(holds_of(handoff.pk))
    if found is None:
        raise StateConflict("There is no open question about this handoff: it was answered, or the hold was ended.")
    return found


def _typed(request: PageRequest) -> HoldTyped:
    """What was sent. Every choice's fields come along; only those of the chosen one are looked at."""
    reason = request.POST.get("reason", "")
    return HoldTyped(
        reason=reason,
        question=request.POST.get(f"question.{reason}", ""),
        until=request.POST.get(f"until.{reason}", ""),
    )


def _hold(request: PageRequest, before: Handoff, typed: HoldTyped, *, now: dt.datetime) -> HttpResponse:
    handoff = holds.hold(
        before.uid,
        by=request.person,
        reason=typed.reason,
        question=typed.question,
        until=instant_typed(typed.until, field="until"),
    )
    made = open_hold(handoff.pk)
    until = f" until {instant_words(made.limit_at, now=now)}" if made else ""
    return decided(request, before, words=f"{name_of(handoff)} is on hold{until}")

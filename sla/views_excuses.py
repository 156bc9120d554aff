"""Asking for excused time, and settling it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from feedback.logic.rights import MANAGER
from feedback.middleware import PageRequest
from feedback.reports.detail import visible
from feedback.reports.snapshot import snapshot
from leads.logic.errors import InvalidInput, NotAllowed
from sla.actions import excuses
from sla.forms_excuses import ExcuseForm, SettleForm
from sla.pages.excuses import excuses_page
from sla.reports.dodging import WINDOW, dodging
from sla.reports.excuses import requests_for
from sla.views_proofs import shown


@require_safe
def listing(request: PageRequest) -> HttpResponse:
    """What waits for this manager's answer, what was settled lately, and how holds are used in their teams."""
    if MANAGER not in request.person.roles:
        raise NotAllowed("Excused time is settled by managers. Ask for it on a handoff, where its time is counted.")
    now = timezone.now()
    with snapshot():
        found = requests_for(request.person)
        lines = dodging(request.person, since=now - WINDOW, now=now)
    return render(request, "sla/excuses.html", {"page": excuses_page(found, lines), "form": SettleForm()})


@require_POST
def ask(request: PageRequest, uid: UUID) -> HttpResponse:
    """Asks for excused time on a handoff; what cannot be taken is said beside the field."""
    visible(uid, person=request.person)
    form = ExcuseForm(request.POST)
    if form.is_valid():
        try:
            excuses.request(uid, by=request.person, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, "Asked. A manager of the team will answer.")
            return redirect("sla:proof", uid)
    return shown(request, uid, form=form, status=400)


@require_POST
def approve(request: PageRequest, uid: UUID) -> HttpResponse:
    """The time does not count in adjusted results."""
    excuses.approve(uid, by=request.person, note=_note(request))
    messages.success(request, "Approved: adjusted results leave this time out. The raw result stays.")
    return redirect("sla:excuses")


@require_POST
def refuse(request: PageRequest, uid: UUID) -> HttpResponse:
    """The time counts like any other."""
    excuses.refuse(uid, by=request.person, note=_note(request))
    messages.success(request, "Refused: the time counts.")
    return redirect("sla:excuses")


def _note(request: PageRequest) -> str:
    form = SettleForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("The note is too long, or cannot be read.", field="note")
    note: str = form.cleaned_data["note"]
    return note

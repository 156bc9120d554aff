"""Who gets which lead: the rules as they stand, a preview that writes nothing, and who may come back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from feedback.actions import recycling
from feedback.forms_routing import PreviewForm
from feedback.logic.rights import OPERATIONS, may_preview
from feedback.middleware import PageRequest
from feedback.pages.routing import Answer, answer, rule_cards
from feedback.reports.routing import preview
from feedback.reports.routing_overview import overview
from feedback.reports.routing_previews import asked_for, known_lead
from feedback.reports.routing_traces import names_in
from leads.logic.errors import NotAllowed, NotFound


@require_safe
def routing(request: PageRequest) -> HttpResponse:
    """The rules, and with a query string who would get such a lead, and why."""
    if not may_preview(request.person):
        raise NotAllowed("How leads are routed is for managers, marketing and operations.")
    form = PreviewForm(request.GET or None)
    found = _previewed(request, form) if form.is_bound and form.is_valid() else None
    context = {
        "form": form,
        "answer": found,
        "rules": rule_cards(overview(at=timezone.now())),
        "may_edit": OPERATIONS in request.person.roles,
    }
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "feedback/routing.html", context, status=status)


@require_POST
def meet(request: PageRequest, uid: UUID) -> HttpResponse:
    recycling.meet(uid, by=request.person)
    messages.success(request, "Noted: the lead may be offered again, and is looked at anew.")
    return redirect("feedback:handoff", uid)


def _previewed(request: PageRequest, form: PreviewForm) -> Answer | None:
    name = form.cleaned_data["lead"]
    try:
        lead = known_lead(name, person=request.person) if name else None
    except NotFound as error:
        form.add_error("lead", f"{error.message} Leave this empty to ask with the facts below alone.")
        return None
    route = preview(asked_for(form.told(), lead=lead), at=timezone.now())
    return answer(route, names_in(route.steps, person=request.person))

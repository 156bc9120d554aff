"""Who is away: a rep's own page, and a manager's of their teams."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from feedback.actions import absences as acting
from feedback.forms_holds import AbsenceForm
from feedback.middleware import PageRequest
from feedback.pages.absences import absences_page
from feedback.reports.absences import absences_for, reps_for
from feedback.views_answers import GET_POST
from leads.logic.errors import InvalidInput, NotAllowed


@require_http_methods(GET_POST)
def absences(request: PageRequest) -> HttpResponse:
    """What runs and what is to come; a POST adds one."""
    person, now = request.person, timezone.now()
    reps = reps_for(person)
    if not reps:
        raise NotAllowed("Absences are kept by reps for themselves, and by managers for their teams.")
    form = AbsenceForm(request.POST if request.method == "POST" else None, reps=reps)
    if form.is_bound and form.is_valid():
        try:
            return _add(request, form)
        except InvalidInput as error:
            fields = {"starts_at": "first_on", "ends_at": "last_on", "note": "note"}
            form.add_error(fields.get(error.field), error.message)
    page = absences_page(absences_for(person, now=now), reps=reps, person=person, now=now)
    status = 400 if form.is_bound else 200
    return render(request, "feedback/absences.html", {"page": page, "form": form, "now": now}, status=status)


@require_POST
def remove(request: PageRequest, uid: UUID) -> HttpResponse:
    acting.remove(uid, by=request.person)
    messages.success(request, "Removed: the rep answers again.")
    return redirect("feedback:absences")


@require_POST
def unbench(request: PageRequest, uid: UUID) -> HttpResponse:
    acting.unbench(uid, by=request.person)
    messages.success(request, "Off the bench: the rep gets handoffs again.")
    return redirect("feedback:absences")


def _add(request: PageRequest, form: AbsenceForm) -> HttpResponse:
    starts_at, ends_at = form.span()
    given = form.cleaned_data
    acting.add(given["rep"], by=request.person, starts_at=starts_at, ends_at=ends_at, note=given["note"])
    messages.success(request, "Added: routing leaves them out for that time.")
    return redirect("feedback:absences")

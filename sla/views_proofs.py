"""How the clocks of one handoff were counted."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from feedback.middleware import PageRequest
from feedback.reports.snapshot import snapshot
from sla.forms_excuses import ExcuseForm
from sla.pages.proofs import proof_page
from sla.reports.proofs import proof_of


@require_safe
def proof(request: PageRequest, uid: UUID) -> HttpResponse:
    """Every promise of the handoff with what counted and what did not."""
    return shown(request, uid, form=ExcuseForm())


def shown(request: PageRequest, uid: UUID, *, form: ExcuseForm, status: int = 200) -> HttpResponse:
    """The page, with the form as it was filled in."""
    with snapshot():
        found = proof_of(uid, person=request.person, now=timezone.now())
    return render(request, "sla/proof.html", {"page": proof_page(found), "form": form}, status=status)

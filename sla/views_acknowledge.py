"""A manager says that a late handoff is being dealt with."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from feedback.middleware import PageRequest
from feedback.pages.handoffs import name_of
from feedback.reports.detail import visible
from feedback.views_answers import deciding, stayed
from sla.actions import acknowledge as acknowledging


@require_POST
@deciding
def acknowledge(request: PageRequest, uid: UUID) -> HttpResponse:
    """Stops the further steps of the handoff's ladders. Takes an optional `note`."""
    before = visible(uid, person=request.person)
    acknowledging.acknowledge(uid, by=request.person, note=request.POST.get("note", ""))
    return stayed(request, before, words=f"{name_of(before)} is acknowledged: no further step follows")

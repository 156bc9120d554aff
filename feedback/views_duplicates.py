"""One person, one lead; one company, one account: the review queue of marketing."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from feedback.logic.rights import may_merge
from feedback.middleware import PageRequest
from feedback.pages.duplicates import Counts, duplicates_page
from feedback.reports.duplicates import handoff_counts
from leads.actions import duplicates as acting
from leads.actions.merging import merge_accounts, merge_leads
from leads.logic.errors import InvalidInput, NotAllowed
from leads.models import Account
from leads.reports.duplicates import both, engagement_counts, pair, review_queue


@require_safe
def duplicates(request: PageRequest) -> HttpResponse:
    """The pairs that nobody has decided about, the most alike first."""
    _allowed(request)
    found = review_queue(request.GET.get("after", ""))
    counts = Counts(engagements=engagement_counts(found.pairs), handoffs=handoff_counts(found.pairs))
    page = duplicates_page(found, counts=counts, now=timezone.now())
    return render(request, "feedback/duplicates.html", {"page": page})


@require_POST
def merge(request: PageRequest, uid: UUID) -> HttpResponse:
    """The two become one; `keep` is the uid of the one that goes on."""
    _allowed(request)
    one, other = both(pair(uid))
    sides = {str(one.uid): (one, other), str(other.uid): (other, one)}
    if request.POST.get("keep", "") not in sides:
        raise InvalidInput("Say which of the two goes on.", field="keep")
    keep, drop = sides[request.POST["keep"]]
    act = merge_accounts if isinstance(keep, Account) else merge_leads
    messages.success(request, f"Merged: {act(keep.uid, drop.uid, by=request.person)} has both histories.")
    return redirect("feedback:duplicates")


@require_POST
def apart(request: PageRequest, uid: UUID) -> HttpResponse:
    """The two are two; nobody is asked again, unless this is taken back."""
    _allowed(request)
    acting.set_apart(uid, by=request.person)
    again = reverse("feedback:duplicate-again", args=[uid])
    messages.success(request, "Not the same: they stay apart.", extra_tags=f"undo:{again}")
    return redirect("feedback:duplicates")


@require_POST
def again(request: PageRequest, uid: UUID) -> HttpResponse:
    """Takes back that the two are two."""
    _allowed(request)
    acting.ask_again(uid, by=request.person)
    messages.success(request, "Taken back: they are on the list again.")
    return redirect("feedback:duplicates")


def _allowed(request: PageRequest) -> None:
    if not may_merge(request.person):
        raise NotAllowed("Which leads are one is for marketing and operations to say.")

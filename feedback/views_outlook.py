"""The last quarter under the draft: on its pages, and by itself while the worker is at it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from feedback.actions import outlooks
from feedback.logic.outlook import Quarter
from feedback.logic.rights import may_agree
from feedback.middleware import PageRequest
from feedback.pages.agreements import name_of
from feedback.pages.outlook import OutlookWords, words_of
from feedback.pages.outlook_runs import words_of_run
from feedback.reports.outlook import last_quarter
from feedback.views_answers import GET_POST
from leads.logic.errors import NotAllowed, NotFound
from leads.models import AgreementState
from leads.reports.agreements import Version, the_draft, versions


@require_http_methods(GET_POST)
def outlook(request: PageRequest) -> HttpResponse:
    """For htmx the part of the page; a POST has the worker try again what failed."""
    if not may_agree(request.person):
        raise NotAllowed("The last quarter under a draft is for those who may agree to it.")
    draft = the_draft()
    if draft is None:
        raise NotFound("Nobody is drafting an agreement.")
    before = next((one for one in versions() if one.state == AgreementState.IN_FORCE), None)
    words = outlook_of(request, draft, before, is_again=request.method == "POST")
    if request.htmx and request.method != "POST":
        return render(request, "feedback/_outlook.html", {"outlook": words})
    return redirect(f"{reverse('feedback:agreement-draft')}#outlook")


def outlook_of(
    request: PageRequest, draft: Version, before: Version | None, *, is_again: bool = False
) -> OutlookWords | None:
    """The last quarter under the draft, None for those who may not agree to it. Where it holds more than a page can
    replay, the worker is asked, and what it has so far is told.
    """
    if not may_agree(request.person):
        return None
    zone, now = timezone.get_current_timezone(), timezone.now()
    theirs = (name_of(before), before.agreement) if before else None
    found = last_quarter(draft.agreement, before.agreement if before else None, zone=zone, now=now)
    if not isinstance(found, Quarter):
        return words_of(found, draft.agreement, theirs)
    asking = outlooks.again if is_again else outlooks.ask
    run = asking(draft, before, quarter=found, by=request.person)
    return words_of_run(run, found, draft.agreement, theirs)

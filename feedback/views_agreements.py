"""The agreement: read, compared, drafted, signed, published. Each view parses, calls one action and answers."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.actions import agreements as acting
from feedback.forms_agreements import DraftForm, with_more_rows
from feedback.logic.rights import may_agree
from feedback.middleware import PageRequest
from feedback.pages import agreements_brought
from feedback.pages.agreement_comparisons import comparison, key_of, options
from feedback.pages.agreements import page_of
from feedback.reports.agreements import brought
from feedback.views_answers import GET_POST
from feedback.views_outlook import outlook_of
from leads.actions.contributions import collected
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.middleware import takes_fields
from leads.models import AgreementState
from leads.reports.agreements import Version, page_group_labels, the_draft, versions


@require_safe
def agreement(request: PageRequest) -> HttpResponse:
    """The agreement in force, in plain words."""
    every, draft = versions(), the_draft()
    found = next((one for one in every if one.state == AgreementState.IN_FORCE), None)
    if found is None:
        context = {"draft": draft, "may_agree": may_agree(request.person)}
        return render(request, "feedback/agreement_none.html", context)
    return _shown(request, found, every, draft)


@require_safe
def version(request: PageRequest, number: int) -> HttpResponse:
    """A version that was published, as it was."""
    every = versions()
    found = next((one for one in every if one.number == number), None)
    if found is None:
        raise NotFound(f"There is no agreement {number}.")
    return _shown(request, found, every, the_draft())


@require_safe
def compare(request: PageRequest) -> HttpResponse:
    """Two versions side by side; without a choice the last two, or the one in force and its draft."""
    draft = the_draft()
    every = [*versions(), *([draft] if draft else [])]
    if len(every) < 2:
        raise NotFound("There are no two agreements to compare yet.")
    by_key = {key_of(one): one for one in every}
    before = _chosen(request, "from", by_key, every[-2])
    after = _chosen(request, "to", by_key, every[-1])
    context = {
        "compared": comparison(before, after, page_group_labels()),
        "options": options(every, before, after),
    }
    return render(request, "feedback/agreement_compare.html", context)


@require_http_methods(GET_POST)
def draft(request: PageRequest) -> HttpResponse:
    """The draft in plain words; a POST begins one."""
    if request.method == "POST":
        acting.draft(by=request.person)
        return redirect("feedback:agreement-draft")
    found = _draft()
    return _shown(request, found, versions(), found)


@takes_fields(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)
@require_http_methods(GET_POST)
def edit(request: PageRequest) -> HttpResponse:
    """The draft as a form."""
    found, groups = _draft(), page_group_labels()
    if not may_agree(request.person):
        raise NotAllowed("The agreement is written by marketers, sales managers and operations.")
    given = request.POST if request.method == "POST" else None
    if given is not None and "more" in given:
        given = with_more_rows(given, given["more"])
    form = DraftForm(given, document=found.document, groups=groups, note=found.note, seen=found.digest)
    status = 200
    if given is not None and "more" not in given:
        status = 400
        if form.is_valid():
            try:
                return _saved(request, found, form)
            except InvalidInput as error:
                form.blame(error)
            except StateConflict as error:
                form.problem, status = f"{error.message} What you typed is kept below.", 409
                form.reopen(found.digest)
    context = {"form": form, "draft": found, "signed": [one for one in found.signatures if one.is_present]}
    return render(request, "feedback/agreement_edit.html", context, status=status)


@require_POST
def sign(request: PageRequest) -> HttpResponse:
    """Signs for the side that the form names, under the digest that it showed."""
    side = request.POST.get("side", "")
    acting.sign(_draft().uid, by=request.person, side=side, digest=request.POST.get("digest", ""))
    messages.success(request, f"Signed for {side}.")
    return redirect("feedback:agreement-draft")


@require_POST
def unsign(request: PageRequest) -> HttpResponse:
    side = request.POST.get("side", "")
    acting.unsign(_draft().uid, by=request.person, side=side)
    messages.success(request, f"Your signature for {side} is taken back.")
    return redirect("feedback:agreement-draft")


@require_http_methods(GET_POST)
def publish(request: PageRequest) -> HttpResponse:
    """What publishing would change; a POST publishes."""
    found = _draft()
    if request.method == "POST":
        digest, looks_back = request.POST.get("digest", ""), "looks_back" in request.POST
        made = acting.publish(found.uid, by=request.person, digest=digest, looks_back=looks_back)
        judged = " Everybody whose engagements count is judged by it now." if looks_back else ""
        messages.success(request, f"{made} is in force.{judged}")
        return redirect("feedback:agreement")
    every, groups = versions(), page_group_labels()
    before = next((one for one in every if one.state == AgreementState.IN_FORCE), None)
    page = page_of(found, every, draft=found, groups=groups, person=request.person)
    context = {"page": page, "compared": comparison(before, found, groups), "next_number": len(every) + 1}
    context["outlook"] = outlook_of(request, found, before)
    return render(request, "feedback/agreement_publish.html", context)


@require_POST
def discard(request: PageRequest) -> HttpResponse:
    acting.discard(_draft().uid, by=request.person)
    messages.success(request, "The draft is gone. What is in force stays.")
    return redirect("feedback:agreement")


def _shown(request: PageRequest, found: Version, every: list[Version], draft: Version | None) -> HttpResponse:
    today = collected() if found.state == AgreementState.IN_FORCE else None
    page = page_of(found, every, draft=draft, groups=page_group_labels(), person=request.person, today=today)
    context: dict[str, object] = {"page": page}
    if page.is_draft:
        context["outlook"] = outlook_of(request, found, page.before)
    else:
        context["brought"] = agreements_brought.words_of(brought(request.person, now=timezone.now()))
        context["whose"] = agreements_brought.whose(request.person)
    return render(request, "feedback/agreement.html", context)


def _saved(request: PageRequest, found: Version, form: DraftForm) -> HttpResponse:
    given = form.duties.cleaned_data
    made = acting.edit(found.uid, by=request.person, document=form.document(), note=given["note"], seen=given["seen"])
    is_void = bool(found.signatures) and made.edited_at != found.edited_at
    messages.success(request, "Saved. The text is another one now: it has to be signed again." if is_void else "Saved.")
    return redirect("feedback:agreement-draft")


def _draft() -> Version:
    found = the_draft()
    if found is None:
        raise NotFound("Nobody is drafting an agreement. Begin one on the page of the agreement.")
    return found


def _chosen(request: HttpRequest, name: str, by_key: dict[str, Version], otherwise: Version) -> Version:
    key = request.GET.get(name, "")
    if not key:
        return otherwise
    if key not in by_key:
        raise NotFound("There is no such agreement.")
    return by_key[key]

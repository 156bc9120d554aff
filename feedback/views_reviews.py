"""Marketing's word on refusals, one on its page or many on their list, and the undo of both."""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from feedback.actions import reviews
from feedback.forms_reports import ListQuery, read_list
from feedback.forms_reviews import BATCH, chosen, read_batch, written_batch
from feedback.logic.rights import may_uphold
from feedback.middleware import PageRequest
from feedback.models import Handoff
from feedback.pages.handoff_lists import here
from feedback.reports.detail import visible
from feedback.views_answers import deciding, stayed
from feedback.views_queue import place_of
from leads.logic.errors import LeadLoopError, NotAllowed


@require_POST
@deciding
def uphold(request: PageRequest, uid: UUID) -> HttpResponse:
    """Says that it was rightly refused; what follows offers the undo."""
    before = visible(uid, person=request.person)
    reviews.uphold(uid, by=request.person)
    words = "Upheld: it was rightly refused. If it cost its rep a turn, they are owed one"
    undo_url = place_of(request, before).address("handoff-unuphold", uid)
    return stayed(request, before, words=words, undo_url=undo_url)


@require_POST
@deciding
def unuphold(request: PageRequest, uid: UUID) -> HttpResponse:
    """Takes that back."""
    before = visible(uid, person=request.person)
    reviews.unuphold(uid, by=request.person)
    return stayed(request, before, words="Taken back: it is not upheld any more, and no turn is owed for it")


@require_POST
def uphold_many(request: PageRequest) -> HttpResponse:
    """Upholds each chosen refusal, one by one; what cannot be is told, and stops none of the rest. Back on the list,
    the undo is of those that were.
    """
    query = _read(request.GET, request)
    done = _each(request, chosen(request.POST), reviews.uphold, not_done="not upheld")
    if done:
        undo_url = here(query, "report-handoffs-unuphold", **{BATCH: written_batch(done)})
        words = f"{len(done)} upheld: rightly refused. For each that cost its rep a turn, they are owed one."
        messages.success(request, words, extra_tags=f"undo:{undo_url}")
    return redirect(here(query, "report-handoffs"))


@require_POST
def unuphold_many(request: PageRequest) -> HttpResponse:
    """Takes back what `uphold_many` did, one by one; what cannot be is told, and stays upheld."""
    given = request.GET.copy()
    words = given.pop(BATCH, [""])
    query = _read(given, request)
    if done := _each(request, read_batch(words[0]), reviews.unuphold, not_done="not taken back"):
        messages.success(request, f"{len(done)} taken back: not upheld any more, and no turn is owed for it.")
    return redirect(here(query, "report-handoffs"))


def _read(params: QueryDict, request: PageRequest) -> ListQuery:
    """The list one came from. What its address cannot ask for is refused before anything is written."""
    if not may_uphold(request.person):
        raise NotAllowed("To say that a rejection was right is for marketing.")
    return read_list(params, person=request.person, zone=timezone.get_current_timezone(), now=timezone.now())


def _each(request: PageRequest, uids: Sequence[UUID], act: Callable[..., Handoff], *, not_done: str) -> list[UUID]:
    """With which of the handoffs `act` was done, one by one; what others were refused for is told, each cause once."""
    done: list[UUID] = []
    refused = Counter[str]()
    for uid in uids:
        try:
            act(uid, by=request.person)
        except LeadLoopError as error:
            refused[error.message] += 1
        else:
            done.append(uid)
    for message, times in refused.items():
        messages.error(request, f"{times} {not_done}: {message}")
    return done

"""The rep's lists, and one handoff beside them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from feedback import panels
from feedback.actions import decisions
from feedback.actions.undo import window
from feedback.logic.rights import MANAGER, REP, Person
from feedback.logic.states import OPEN, State
from feedback.middleware import PageRequest
from feedback.models import Handoff
from feedback.pages.buttons import Reader
from feedback.pages.handoffs import HandoffPage, handoff_page
from feedback.pages.leads import lead_page
from feedback.pages.lists import Place, QueueList, Standing, list_rows, more_url, queue_list
from feedback.reports import queue as lists
from feedback.reports.detail import Detail, detail
from feedback.reports.holds import open_holds
from feedback.reports.leads import lead_detail
from feedback.reports.queue import Asked, Listing
from leads.logic.errors import NotAllowed


@require_safe
def start(request: PageRequest) -> HttpResponse:
    """Goes to where this person's work is."""
    if REP in request.person.roles and request.person.rep_id is not None:
        return redirect("feedback:queue")
    return redirect("feedback:board")


@require_safe
def queue(request: PageRequest) -> HttpResponse:
    """What waits for a decision, due first, with the first one open."""
    return _list_page(request, Listing.QUEUE)


@require_safe
def working(request: PageRequest) -> HttpResponse:
    """What was accepted and is being worked."""
    return _list_page(request, Listing.WORKING)


@require_safe
def handoff(request: PageRequest, uid: UUID) -> HttpResponse:
    """One handoff: alone for htmx, beside its list otherwise.

    This is the one page whose GET writes: it marks the handoff as seen when its owner opens it. A browser that fetches
    ahead of the person, or asks by HEAD, marks nothing; nor does the list, which shows its first handoff without being
    asked to.
    """
    now = timezone.now()
    found = detail(uid, person=request.person, now=now)
    place = place_of(request, found.handoff)
    if _is_opened_by_owner(request, found.handoff):
        decisions.see(uid, by=request.person)
    page = handoff_view(found, request=request, place=place, now=now)
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "feedback/_handoff.html", {"handoff": page, "now": now})
    if place.listing is None:
        return render(request, "feedback/handoff.html", {"handoff": page, "now": now})
    asked = lists.asked_for(place.listing, chip=place.chip, query=place.query)
    request.listing = place.listing
    shown = read_list(request.person, asked, active=uid, now=now)
    return render(request, "feedback/queue.html", {"queue": shown, "handoff": page, "now": now, "show": "detail"})


@require_safe
def lead(request: PageRequest, uid: UUID) -> HttpResponse:
    """Everything known of a lead across its handoffs, as far as the reader may see them."""
    now = timezone.now()
    found = lead_detail(uid, person=request.person)
    return render(request, "feedback/lead.html", {"lead": lead_page(found, person=request.person, now=now), "now": now})


def place_of(request: PageRequest, handoff: Handoff) -> Place:
    """The list the reader came from, or the one of theirs that holds the handoff; no list for who has none."""
    person = request.person
    if REP not in person.roles or person.rep_id is None:
        return Place(listing=None)
    if named := named_place(request):
        return named
    if handoff.state not in OPEN and MANAGER in person.roles:
        return Place(listing=None)
    is_worked = handoff.owner_id == person.rep_id and handoff.state != State.PENDING
    return Place(listing=Listing.WORKING if is_worked else Listing.QUEUE)


def named_place(request: PageRequest) -> Place | None:
    """The list that the address names, None when it names none. InvalidInput(show, q)."""
    given = request.GET.get("list", "")
    if given not in set(Listing):
        return None
    asked = lists.asked_for(Listing(given), chip=request.GET.get("show", ""), query=request.GET.get("q", ""))
    return Place(listing=asked.listing, chip=asked.chip, query=asked.query)


def rows_shown(request: PageRequest) -> int:
    """How many rows of the list the reader has in front of them, so that a new list is not shorter than the old one."""
    said = request.headers.get("LeadLoop-Rows", "")
    return min(max(int(said), lists.PAGE), lists.MOST_ROWS) if said.isascii() and said.isdigit() else lists.PAGE


def read_list(person: Person, asked: Asked, *, active: UUID | None, now: dt.datetime) -> QueueList:
    """The list pane: rows, how they stand, the counts of its chips; four statements, and two where one is on hold."""
    page = lists.page(person, asked, now=now)
    standing = standing_of([row.pk for row in page.rows])
    return _list_of(page, asked, standing=standing, person=person, active=active, now=now)


def standing_of(handoff_ids: Sequence[int]) -> Standing:
    """The promises of the handoffs, and the holds of those whose promise does not run on."""
    promises = panels.promises(handoff_ids)
    still = [pk for pk in handoff_ids if pk not in promises or promises[pk].state == "held"]
    return Standing(promises=promises, holds=open_holds(still))


def _list_of(
    page: lists.Page,
    asked: Asked,
    *,
    standing: Standing,
    person: Person,
    active: UUID | None,
    now: dt.datetime,
) -> QueueList:
    place = Place(listing=asked.listing, chip=asked.chip, query=asked.query)
    rows = list_rows(page, place=place, standing=standing, active=active, now=now)
    chip_counts = lists.chip_counts(person, asked.listing, now=now)
    return queue_list(page, asked=asked, chip_counts=chip_counts, rows=rows)


def handoff_view(found: Detail, *, request: PageRequest, place: Place, now: dt.datetime) -> HandoffPage:
    """The page of a handoff as this reader gets it."""
    promise = panels.promises([found.handoff.pk]).get(found.handoff.pk)
    return handoff_page(found, reader=_reader(request, place), promise=promise, now=now)


def _reader(request: PageRequest, place: Place) -> Reader:
    return Reader(person=request.person, place=place, undo_window=window())


def _list_page(request: PageRequest, listing: Listing) -> HttpResponse:
    person, now = request.person, timezone.now()
    if REP not in person.roles or person.rep_id is None:
        raise NotAllowed("This list belongs to reps. What your teams have open is on the board.")
    asked = lists.asked_for(
        listing, chip=request.GET.get("show", ""), query=request.GET.get("q", ""), after=request.GET.get("after", "")
    )
    if request.htmx and asked.after:
        return _more_rows(request, asked, now=now)
    if "known" in request.GET:
        return _poll(request, asked, now=now)
    page = lists.page(person, asked, now=now)
    standing = standing_of([row.pk for row in page.rows])
    first = page.rows[0] if page.rows else None
    opened = None
    if first:
        reader = _reader(request, Place(listing=listing, chip=asked.chip, query=asked.query))
        found = detail(first.uid, person=person, now=now)
        opened = handoff_page(found, reader=reader, promise=standing.promises.get(first.pk), now=now)
    active = first.uid if first else None
    shown = _list_of(page, asked, standing=standing, person=person, active=active, now=now)
    return render(request, "feedback/queue.html", {"queue": shown, "handoff": opened, "now": now, "show": "list"})


def _more_rows(request: PageRequest, asked: Asked, *, now: dt.datetime) -> HttpResponse:
    page = lists.page(request.person, asked, now=now)
    place = Place(listing=asked.listing, chip=asked.chip, query=asked.query)
    standing = standing_of([row.pk for row in page.rows])
    rows = list_rows(page, place=place, standing=standing, active=None, now=now)
    shown = {"rows": rows, "more_url": more_url(page, place=place)}
    return render(request, "feedback/_queue_rows.html", {"queue": shown, "now": now})


def _poll(request: PageRequest, asked: Asked, *, now: dt.datetime) -> HttpResponse:
    """The list pane, 204 when the reader's page shows the same, 304 when its cache does."""
    shown = read_list(request.person, replace(asked, rows=rows_shown(request)), active=None, now=now)
    etag = f'"{shown.digest}"'
    if request.GET["known"] == shown.digest:
        return HttpResponse(status=204, headers={"ETag": etag})
    response = render(request, "feedback/_queue_news.html", {"queue": shown, "now": now})
    response["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response)
    assert isinstance(answer, HttpResponse)
    return answer


def _is_opened_by_owner(request: PageRequest, handoff: Handoff) -> bool:
    ahead = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    if request.method != "GET" or "prefetch" in ahead or "prerender" in ahead:
        return False
    is_owner = handoff.owner_id is not None and handoff.owner_id == request.person.rep_id
    return is_owner and handoff.seen_at is None and handoff.state == State.PENDING

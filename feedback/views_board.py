"""The board: a team's promise, live, and what a manager does with many handoffs at once."""

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from feedback import panels
from feedback.actions import owners
from feedback.logic.rights import INTEGRATOR, MANAGER, Person
from feedback.middleware import PageRequest
from feedback.models import Rep, Team
from feedback.pages.board_parts import Board, Standings, View
from feedback.pages.boards import board_page
from feedback.reports.absences import absent
from feedback.reports.board import asked_for, loads, open_handoffs, team_of, teams_of
from feedback.reports.detail import colleagues
from feedback.views_queue import standing_of
from leads.logic.errors import InvalidInput, LeadLoopError, NotFound

_MOST = 200


@require_safe
def board(request: PageRequest) -> HttpResponse:
    """What one team has open: who has how much, and the list, due first; 204 or 304 for who knows it already."""
    teams = teams_of(request.person)
    if not teams and not request.GET.get("team"):
        return render(request, "feedback/board_empty.html", {"now": timezone.now()})
    shown = _board(request, teams)
    context = {"board": shown, "now": timezone.now()}
    if "known" not in request.GET:
        return render(request, "feedback/board.html", context)
    etag = f'"{shown.digest}"'
    if request.GET["known"] == shown.digest:
        return HttpResponse(status=204, headers={"ETag": etag})
    response = render(request, "feedback/_board_news.html", context)
    response["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response)
    assert isinstance(answer, HttpResponse)
    return answer


@require_POST
def reassign_many(request: PageRequest) -> HttpResponse:
    """Gives each chosen handoff to one rep, one by one; each refusal is told, none stops the rest."""
    try:
        to = UUID(request.POST.get("to", ""))
    except ValueError:
        raise InvalidInput("Choose from the list whom to give them to.", field="to") from None
    return _each(request, lambda uid: f"given to {owners.reassign(uid, by=request.person, to=to).owner}", "given")


@require_POST
def release_many(request: PageRequest) -> HttpResponse:
    """Puts each chosen handoff back into its team's queue."""

    def act(uid: UUID) -> str:
        owners.release(uid, by=request.person, cause="manager")
        return "back in the team's queue"

    return _each(request, act, "released")


@require_POST
def raise_many(request: PageRequest) -> HttpResponse:
    """Raises the priority of each chosen handoff by one."""

    def act(uid: UUID) -> str:
        owners.raise_priority(uid, by=request.person, cause="manager")
        return "raised: first in every list"

    return _each(request, act, "raised")


@require_POST
def deed_many(request: PageRequest, key: str) -> HttpResponse:
    """What an app above lets a manager do, with each chosen handoff."""
    deed = next((deed for deed in panels.deeds() if deed.key == key), None)
    if deed is None:
        raise NotFound("There is nothing of that name to do with handoffs.")

    def act(uid: UUID) -> str:
        deed.act(uid, by=request.person)
        return deed.done

    return _each(request, act, "done")


def _board(request: PageRequest, teams: list[Team]) -> Board:
    person, now, given = request.person, timezone.now(), request.GET
    team = team_of(teams, given.get("team", ""))
    asked = asked_for(shown=given.get("show", ""), owner=given.get("rep", ""), after=given.get("after", ""))
    page = open_handoffs(team, asked, person=person, now=now)
    load = loads(team, now=now)
    standing = standing_of([handoff.pk for handoff in page.handoffs])
    absences = absent([one.rep.pk for one in load if one.rep], now=now)
    return board_page(
        View(team=team, teams=teams, asked=asked, reps=_takers(person, team), person=person),
        loads=load,
        page=page,
        standings=Standings(rows=standing, absences=absences),
        now=now,
    )


def _each(request: PageRequest, act: Callable[[UUID], str], not_done: str) -> HttpResponse:
    """Does `act` with each chosen handoff, one by one; each refusal is told, none stops the rest."""
    try:
        uids = list(dict.fromkeys(UUID(uid) for uid in request.POST.getlist("uid")))
    except ValueError:
        raise InvalidInput("Choose handoffs from the list.", field="uid") from None
    if not 0 < len(uids) <= _MOST:
        raise InvalidInput(f"Choose at least one handoff, at most {_MOST} at a time.", field="uid")
    done, refused = Counter[str](), Counter[str]()
    for uid in uids:
        try:
            done[act(uid)] += 1
        except LeadLoopError as error:
            refused[error.message] += 1
    for words, times in done.items():
        messages.success(request, f"{times} {words}.")
    for message, times in refused.items():
        messages.error(request, f"{times} not {not_done}: {message}")
    here = urlencode({key: request.GET[key] for key in ("team", "rep", "show") if request.GET.get(key)})
    return redirect(f"{reverse('feedback:board')}?{here}" if here else "feedback:board")


def _takers(person: Person, team: Team) -> list[Rep]:
    """To whom the person may give this team's handoffs, its own people first."""
    if MANAGER in person.roles and team.pk in person.managed_team_ids:
        return sorted(colleagues(person.managed_team_ids, without=None), key=lambda rep: rep.team_id != team.pk)
    return colleagues(frozenset({team.pk}), without=None) if INTEGRATOR in person.roles else []

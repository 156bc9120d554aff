"""The board: a team's promise, live, and giving handoffs to somebody else."""

from collections import Counter
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from feedback import panels
from feedback.actions import owners
from feedback.logic.rights import INTEGRATOR, MANAGER, Person
from feedback.middleware import PageRequest
from feedback.models import Rep, Team
from feedback.pages.boards import View, board_page
from feedback.reports.board import loads, open_handoffs, team_of, teams_of
from feedback.reports.detail import colleagues
from leads.logic.errors import InvalidInput, LeadLoopError

_MOST = 200


@require_safe
def board(request: PageRequest) -> HttpResponse:
    """What one team has open: who has how much, and the list, due first."""
    person, now = request.person, timezone.now()
    teams = teams_of(person)
    if not teams and not request.GET.get("team"):
        return render(request, "feedback/board_empty.html", {"now": now})
    team, owner = team_of(teams, request.GET.get("team", "")), request.GET.get("rep", "")
    page = open_handoffs(team, person=person, owner=owner, after=request.GET.get("after", ""))
    shown = board_page(
        View(team=team, teams=teams, owner=owner, reps=_takers(person, team)),
        loads=loads(team, now=now),
        page=page,
        promises=panels.promises([handoff.pk for handoff in page.handoffs]),
        now=now,
    )
    return render(request, "feedback/board.html", {"board": shown, "now": now})


@require_POST
def reassign_many(request: PageRequest) -> HttpResponse:
    """Gives each chosen handoff to one rep, one by one; each refusal is told, none stops the rest."""
    try:
        uids = list(dict.fromkeys(UUID(uid) for uid in request.POST.getlist("uid")))
        to = UUID(request.POST.get("to", ""))
    except ValueError:
        raise InvalidInput("Choose from the list whom to give them to.", field="to") from None
    if not 0 < len(uids) <= _MOST:
        raise InvalidInput(f"Choose at least one handoff, at most {_MOST} at a time.", field="uid")
    given, refused = "", Counter[str]()
    count = 0
    for uid in uids:
        try:
            given = str(owners.reassign(uid, by=request.person, to=to).owner)
            count += 1
        except LeadLoopError as error:
            refused[error.message] += 1
    if count:
        messages.success(request, f"{count} given to {given}.")
    for message, times in refused.items():
        messages.error(request, f"{times} not given: {message}")
    here = urlencode({key: request.GET[key] for key in ("team", "rep") if request.GET.get(key)})
    return redirect(f"{reverse('feedback:board')}?{here}" if here else "feedback:board")


def _takers(person: Person, team: Team) -> list[Rep]:
    """To whom the person may give this team's handoffs, its own people first."""
    if MANAGER in person.roles and team.pk in person.managed_team_ids:
        return sorted(colleagues(person.managed_team_ids, without=None), key=lambda rep: rep.team_id != team.pk)
    return colleagues(frozenset({team.pk}), without=None) if INTEGRATOR in person.roles else []

"""Replays by page: ask for one, watch it, read what it says, take the figures along."""

import datetime as dt
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from feedback.middleware import PageRequest
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, NotFound, StateConflict
from sla.actions import replays as replaying
from sla.forms_replays import ReplayForm, chosen
from sla.models import Replay, ReplayState
from sla.pages.replay_files import csv_of, data_of
from sla.pages.replays import CANNOT_KNOW, Figures, chart_of, figures_of, listed_of
from sla.reports.replays import MOST_LISTED, PAGE, handoffs_named, may_replay, names_for, replays_seen_by


@require_http_methods(["GET", "HEAD", "POST"])
def replays(request: PageRequest) -> HttpResponse:
    """The form and the past replays; a POST asks for a new one."""
    _admit(request)
    form = ReplayForm(request.POST if request.method == "POST" else None, initial=_initial(request))
    if form.is_bound and form.is_valid():
        asked = form.asked(zone=timezone.get_current_timezone(), now=timezone.now())
        try:
            return redirect("sla:replay", replaying.ask(asked, by=request.person).uid)
        except (InvalidInput, NotFound, StateConflict) as error:
            form.add_error(None, _refused(error))
    past = replays_seen_by(request.person)[:PAGE]
    context = {"form": form, "past": past, "has_policies": bool(form.fields["what"].choices)}  # type: ignore[attr-defined]
    return render(request, "sla/replays.html", context, status=400 if form.is_bound else 200)


@require_safe
def replay(request: PageRequest, uid: UUID) -> HttpResponse:
    """How far a replay is, then what it says; for htmx the part that changes."""
    found = _replay(request, uid)
    context = {"replay": found, "is_open": found.state in {ReplayState.WAITING, ReplayState.RUNNING}}
    if found.state == ReplayState.DONE:
        figures = _figures(request, found)
        handoffs = handoffs_named([uid for uid, _ in figures.listed], request.person)
        context |= {
            "figures": figures,
            "chart": chart_of(figures),
            "listed": listed_of(figures, handoffs),
            "most_listed": MOST_LISTED,
            "cannot_know": CANNOT_KNOW,
        }
    if request.htmx and context["is_open"]:
        return render(request, "sla/_replay_progress.html", context)
    answer = render(request, "sla/replay.html", context)
    if request.htmx:
        # It has ended: the whole page takes the place of what was watched.
        answer["HX-Refresh"] = "true"
    return answer


@require_safe
def replay_csv(request: PageRequest, uid: UUID) -> HttpResponse:
    """The figures as a CSV file."""
    found = _done(request, uid)
    answer = HttpResponse(csv_of(_figures(request, found)), content_type="text/csv; charset=utf-8")
    return _as_file(answer, f"replay-{found.uid}.csv")


@require_safe
def replay_json(request: PageRequest, uid: UUID) -> HttpResponse:
    """The figures as JSON."""
    found = _done(request, uid)
    answer = JsonResponse(data_of(_figures(request, found)), json_dumps_params={"ensure_ascii": False, "indent": 2})
    return _as_file(answer, f"replay-{found.uid}.json")


def _admit(request: PageRequest) -> None:
    if not may_replay(request.person):
        raise NotAllowed("Replays are for operations, and for managers of a team.")


def _replay(request: PageRequest, uid: UUID) -> Replay:
    _admit(request)
    found = replays_seen_by(request.person).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such replay.")
    return found


def _done(request: PageRequest, uid: UUID) -> Replay:
    found = _replay(request, uid)
    if found.state != ReplayState.DONE:
        raise StateConflict("This replay is not done; there are no figures yet.")
    return found


def _figures(request: PageRequest, found: Replay) -> Figures:
    """What the reader may see of it: all of it, or their own teams and how often they are told themselves."""
    teams, users, only = names_for(request.person)
    zone: dt.tzinfo = timezone.get_current_timezone()
    return figures_of(found.result or {}, teams=teams, users=users, only=only, zone=zone)


def _initial(request: PageRequest) -> dict[str, str]:
    policy = request.GET.get("policy", "")
    return {"what": chosen(policy, is_draft=request.GET.get("draft") == "1")} if policy else {}


def _refused(error: LeadLoopError) -> str:
    """What stands in the way, with the place in the rules where it lies."""
    place = getattr(error, "field", "") or ""
    return f"{error.message} ({place})" if "." in place or "[" in place else error.message


def _as_file(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer

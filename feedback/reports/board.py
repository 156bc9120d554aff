"""What a team has open, and how it is spread over its people."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import merge
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q

from feedback.logic.rights import MANAGER, Person
from feedback.logic.states import OPEN, State
from feedback.models import Handoff, Hold, Rep, Team
from feedback.models.handoffs import USUAL_PRIORITY, HandoffQuerySet
from feedback.reports.queue import cursor_of, due_first
from leads.logic.errors import InvalidInput, NotFound

SOON = dt.timedelta(hours=2)
PAGE = 50
_MOST_TEAMS = 100
_COUNTED = ("pending_count", "working_count", "late_count", "soon_count", "held_count", "raised_count", "oldest_at")
# What the list can be narrowed to; the first is all of it.
SHOWN = ("all", "late", "soon", "held", "unowned", "raised")
_NOBODY, _OWNED = "n", "o"
_ALIKE = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one rep has open; `rep` is None for what nobody has yet."""

    rep: Rep | None
    pending_count: int = 0
    working_count: int = 0
    late_count: int = 0
    soon_count: int = 0
    held_count: int = 0
    raised_count: int = 0
    oldest_at: dt.datetime | None = None


@dataclass(frozen=True)
class BoardPage:
    """`cursor` is where the next page begins, "" at the end."""

    handoffs: tuple[Handoff, ...]
    cursor: str


def teams_of(person: Person) -> list[Team]:
    """The teams whose board the person may see: those they manage, their own, or all (at most 100)."""
    teams = Team.objects.filter(is_active=True)
    if not person.sees_all:
        seen = set(person.managed_team_ids) if MANAGER in person.roles else set()
        teams = teams.filter(pk__in=seen | ({person.team_id} if person.team_id else set()))
    return list(teams[:_MOST_TEAMS])


def team_of(teams: list[Team], uid: str) -> Team:
    """The team that an address names, the first when it names none. NotFound."""
    if not uid and teams:
        return teams[0]
    found = next((team for team in teams if str(team.uid) == uid), None)
    if found is None:
        raise NotFound("There is no such team, or its board is not yours to see.")
    return found


def loads(team: Team, *, now: dt.datetime) -> list[Load]:
    """One per active rep of the team, in the team's order, then one for each other owner and for nobody where there
    is any.

    Two statements; the count reads the team's open handoffs along an index, whatever else there is.
    """
    pending, held = Q(state=State.PENDING), Q(_is_held())
    late, soon = (_narrowed(shown, now=now) for shown in ("late", "soon"))
    rows = (
        Handoff.objects.filter(team=team, state__in=sorted(OPEN))
        .order_by()
        .values("owner_id")
        .annotate(
            pending_count=Count("pk", filter=pending),
            working_count=Count("pk", filter=~pending),
            late_count=Count("pk", filter=late),
            soon_count=Count("pk", filter=soon),
            held_count=Count("pk", filter=held),
            raised_count=Count("pk", filter=_narrowed("raised", now=now)),
            oldest_at=Min("offered_at", filter=pending),
        )
    )
    counted: dict[int | None, Mapping[str, Any]] = {row["owner_id"]: row for row in rows}
    reps = Rep.objects.filter(Q(team=team, is_active=True) | Q(pk__in=[pk for pk in counted if pk]))
    found = [_load(rep, counted.get(rep.pk)) for rep in reps.select_related("user")]
    nobody = counted.get(None)
    return [*found, _load(None, nobody)] if nobody else found


@dataclass(frozen=True, kw_only=True)
class BoardAsked:
    """Which part of a board: `shown` is one of SHOWN, `owner` the uid of one rep ("" for all), `after` a cursor."""

    shown: str = "all"
    owner: str = ""
    after: str = ""


def asked_for(*, shown: str, owner: str, after: str) -> BoardAsked:
    """The part of a board that an address names. InvalidInput(show, rep)."""
    if shown and shown not in SHOWN:
        raise InvalidInput(f"There is no such part of the board; it has {', '.join(SHOWN)}.", field="show")
    if owner:
        _uid(owner)
    return BoardAsked(shown=shown or "all", owner=owner, after=after)


def open_handoffs(team: Team, asked: BoardAsked, *, person: Person, now: dt.datetime) -> BoardPage:
    """What the team has open and the person may see: what nobody has first, then by priority and due first; up to 50.

    Nine statements at most. InvalidInput(after).
    """
    owner, after = asked.owner, asked.after
    rows = Handoff.objects.visible_to(person).filter(_narrowed(asked.shown, now=now), team=team)
    rows = rows.select_related("lead", "account", "owner__user")
    if owner:
        rows = rows.filter(owner__uid=_uid(owner))
    part, _, cursor = after.partition("~") if after else (_NOBODY, "", "")
    if part not in {_NOBODY, _OWNED}:
        raise InvalidInput("This part of the board cannot be found; start again from the top.", field="after")
    found: list[Handoff] = []
    if part == _NOBODY and not owner:
        found = due_first(rows.filter(owner=None, state=State.PENDING), after=cursor, limit=PAGE + 1)
        cursor = ""
    if len(found) <= PAGE and asked.shown != "unowned":
        found += _owned(rows.filter(owner__isnull=False), after=cursor, limit=PAGE + 1 - len(found))
    return BoardPage(tuple(found[:PAGE]), _cursor(found[PAGE - 1]) if len(found) > PAGE else "")


def _owned(rows: HandoffQuerySet, *, after: str, limit: int) -> list[Handoff]:
    """By priority, then due first. Each state is read along the index by itself and the two are merged: together they
    would be sorted.
    """

    def position(handoff: Handoff) -> tuple[int, bool, dt.datetime, int]:
        return handoff.priority, handoff.due_at is None, handoff.due_at or _ALIKE, handoff.pk

    parts = (due_first(rows.filter(state=state), after=after, limit=limit) for state in sorted(OPEN))
    return list(merge(*parts, key=position))[:limit]


def _narrowed(shown: str, *, now: dt.datetime) -> Q:
    """What a part of the list holds."""
    narrowed = {
        "late": Q(due_at__lt=now),
        "soon": Q(due_at__gte=now, due_at__lt=now + SOON),
        "held": Q(_is_held()),
        "raised": Q(priority__lt=USUAL_PRIORITY),
    }
    return narrowed.get(shown, Q())


def _is_held() -> Exists:
    return Exists(Hold.objects.filter(handoff=OuterRef("pk"), ended_at=None))


def _load(rep: Rep | None, row: Mapping[str, Any] | None) -> Load:
    return Load(rep=rep, **{name: row[name] for name in _COUNTED}) if row else Load(rep=rep)


def _cursor(last: Handoff) -> str:
    return f"{_NOBODY if last.owner_id is None else _OWNED}~{cursor_of(last.priority, last.due_at, last.uid)}"


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("There is no such rep.", field="rep") from None

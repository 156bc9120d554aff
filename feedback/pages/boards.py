"""What the board of a team says."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from feedback.logic.states import WORDS, State
from feedback.models import Handoff, Rep, Team
from feedback.pages.handoffs import name_of
from feedback.pages.lists import Empty, due_of
from feedback.panels import Promise
from feedback.reports.board import BoardPage, Load
from leads.logic.words import day_words


@dataclass(frozen=True, kw_only=True)
class TeamChip:
    label: str
    url: str
    active: bool


@dataclass(frozen=True, kw_only=True)
class Figure:
    label: str
    value: str
    note: str = ""
    young: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    strong: str
    text: str
    tone: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    name: str
    url: str
    open: int
    capacity: int | None
    late: int
    soon: int
    oldest: str
    away: str = ""


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    uid: UUID
    name: str
    account: str
    owner: str
    url: str
    due_words: str
    due_state: str
    due_at: dt.datetime | None
    state: str
    since: dt.datetime
    note: str = ""


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Reassign:
    url: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class Board:
    """See templates/feedback/board.html."""

    title: str
    sentence: str
    teams: tuple[TeamChip, ...]
    figures: tuple[Figure, ...]
    finding: Finding | None
    people: tuple[PersonLine, ...]
    rows: tuple[BoardRow, ...]
    reassign: Reassign | None
    more_url: str
    empty: Empty


@dataclass(frozen=True, kw_only=True)
class View:
    """What the reader looks at: one of their `teams`, narrowed to the rep `owner` (uid, "" for all).

    `reps` are those to whom the reader may give handoffs, none for who may not.
    """

    team: Team
    teams: Sequence[Team]
    owner: str
    reps: Sequence[Rep]


def board_page(
    view: View, *, loads: Sequence[Load], page: BoardPage, promises: Mapping[int, Promise], now: dt.datetime
) -> Board:
    """The board of one team in words."""
    team, owner, reps = view.team, view.owner, view.reps
    chips = [TeamChip(label=one.name, url=board_url(one), active=one.pk == team.pk) for one in view.teams]
    chosen = next((load.rep for load in loads if load.rep and str(load.rep.uid) == owner), None)
    more = board_url(team, owner=owner, after=page.cursor) if page.cursor else ""
    choices = (Choice("", "Choose"), *(Choice(str(rep.uid), f"{rep} · {rep.team}") for rep in reps)) if reps else ()
    return Board(
        title=team.name,
        sentence=f"What {chosen} has open." if chosen else "What the team has open, by who has it and what is due.",
        teams=tuple(chips) if len(chips) > 1 else (),
        figures=_figures(loads),
        finding=_finding(loads),
        people=tuple(_person(load.rep, load, team=team, owner=owner, now=now) for load in loads if load.rep),
        rows=tuple(_row(handoff, promises.get(handoff.pk), now=now) for handoff in page.handoffs),
        reassign=Reassign(board_url(team, owner=owner, name="board-reassign"), choices) if choices else None,
        more_url=more,
        empty=Empty(headline="Nothing is open", sentence="Every lead this team was offered has its answer."),
    )


def board_url(team: Team, *, owner: str = "", after: str = "", name: str = "board") -> str:
    """The address of a team's board, narrowed to one rep, from a place in its list on, or of what is done there."""
    kept = {key: value for key, value in (("rep", owner), ("after", after)) if value}
    return f"{reverse(f'feedback:{name}')}?{urlencode({'team': team.uid, **kept})}"


def _figures(loads: Sequence[Load]) -> tuple[Figure, ...]:
    nobody = next((load.pending_count for load in loads if load.rep is None), 0)
    return (
        Figure(label="Late", value=f"{sum(load.late_count for load in loads):,}", note="a promise has run out"),
        Figure(label="Due soon", value=f"{sum(load.soon_count for load in loads):,}", note="within two hours"),
        Figure(label="Pending", value=f"{sum(load.pending_count for load in loads):,}", note="wait for a decision"),
        Figure(
            label="Working", value=f"{sum(load.working_count for load in loads):,}", note="accepted, no verdict yet"
        ),
        Figure(label="Nobody has", value=f"{nobody:,}", note="in the team's queue"),
    )


def _finding(loads: Sequence[Load]) -> Finding | None:
    """The one thing to do first: leads nobody has, or a person over their capacity."""
    nobody = next((load.pending_count for load in loads if load.rep is None), 0)
    if nobody:
        noun = "lead has" if nobody == 1 else "leads have"
        return Finding(strong=f"{nobody:,} {noun} nobody.", text="They stand first in the list below.", tone="soon")
    full = [load.rep for load in loads if load.rep and _open(load) > load.rep.capacity]
    if full:
        names = ", ".join(str(rep) for rep in full[:3])
        return Finding(strong=f"{names} {'has' if len(full) == 1 else 'have'} more than fits.", text="", tone="soon")
    return None


def _open(load: Load) -> int:
    return load.pending_count + load.working_count


def _person(rep: Rep, load: Load, *, team: Team, owner: str, now: dt.datetime) -> PersonLine:
    oldest = ""
    if load.oldest_at:
        day = day_words(load.oldest_at, now=now, zone=timezone.get_current_timezone())
        oldest = f"waiting since {day}"
    uid = str(rep.uid)
    return PersonLine(
        name=str(rep),
        url=board_url(team, owner="" if uid == owner else uid),
        open=_open(load),
        capacity=rep.capacity,
        late=load.late_count,
        soon=load.soon_count,
        oldest=oldest,
        away="" if rep.is_active else "no longer active",
    )


def _row(handoff: Handoff, promise: Promise | None, *, now: dt.datetime) -> BoardRow:
    due = due_of(handoff.due_at, promise, now=now)
    return BoardRow(
        uid=handoff.uid,
        name=name_of(handoff),
        account=handoff.account.name if handoff.account else "",
        owner=str(handoff.owner) if handoff.owner else "",
        url=reverse("feedback:handoff", args=[handoff.uid]),
        due_words=due.words,
        due_state=due.state,
        due_at=due.at,
        state=WORDS[State(handoff.state)],
        since=handoff.offered_at,
    )

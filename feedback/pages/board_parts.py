"""What a board is made of: the parts its template shows, and the lines for people and handoffs."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone

from feedback.logic.rights import Person
from feedback.logic.states import WORDS, State
from feedback.models import Absence, Handoff, Rep, Team
from feedback.pages.absences import absence_words
from feedback.pages.handoffs import name_of
from feedback.pages.lists import Chip, Empty, Standing, due_of, raised_words
from feedback.reports.board import BoardAsked, Load
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
    held: int
    oldest: str
    is_full: bool
    away: str = ""


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    uid: UUID
    name: str
    raised: str
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


@dataclass(frozen=True)
class Deed:
    """What can be done with the chosen handoffs at one press."""

    label: str
    url: str


@dataclass(frozen=True)
class Section:
    caption: str
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True, kw_only=True)
class Standings:
    """How the rows of a board stand, and who is away (by the rep's primary key)."""

    rows: Standing
    absences: Mapping[int, Absence]


@dataclass(frozen=True, kw_only=True)
class Board:
    """See templates/feedback/board.html. `digest` changes when something on the board does."""

    uid: UUID
    title: str
    sentence: str
    teams: tuple[TeamChip, ...]
    figures: tuple[Figure, ...]
    finding: Finding | None
    people: tuple[PersonLine, ...]
    chips: tuple[Chip, ...]
    sections: tuple[Section, ...]
    reassign: Reassign | None
    deeds: tuple[Deed, ...]
    here: str
    absences_url: str
    more_url: str
    poll_url: str
    empty: Empty
    digest: str


@dataclass(frozen=True, kw_only=True)
class View:
    """What the reader looks at: one of their `teams`, and which part of its board.

    `reps` are those to whom the reader may give handoffs, none for who may not.
    """

    team: Team
    teams: Sequence[Team]
    asked: BoardAsked
    reps: Sequence[Rep]
    person: Person

    @property
    def is_whole(self) -> bool:
        """Whether the reader sees everything the team has open."""
        return self.person.sees_all or self.team.pk in self.person.managed_team_ids

    def address(self, name: str = "board", **more: str) -> str:
        """The address called `name` with this part of the board kept in it, but for what `more` says."""
        shown = "" if self.asked.shown == "all" else self.asked.shown
        asked = {"team": str(self.team.uid), "rep": self.asked.owner, "show": shown, **more}
        return reverse(f"feedback:{name}", query={key: value for key, value in asked.items() if value})


def open_count(load: Load) -> int:
    """How many handoffs that a rep has are open."""
    return load.pending_count + load.working_count


def person_line(rep: Rep, load: Load, *, view: View, standings: Standings, now: dt.datetime) -> PersonLine:
    oldest = ""
    if load.oldest_at:
        day = day_words(load.oldest_at, now=now, zone=timezone.get_current_timezone())
        oldest = f"waiting since {day}"
    uid, absence = str(rep.uid), standings.absences.get(rep.pk)
    away = "" if rep.is_active else "no longer active"
    if absence and rep.is_active:
        away = absence_words(absence, zone=ZoneInfo(view.team.timezone), now=now)
    return PersonLine(
        name=str(rep),
        url=view.address(rep="" if uid == view.asked.owner else uid),
        open=open_count(load),
        capacity=rep.capacity,
        late=load.late_count,
        soon=load.soon_count,
        held=load.held_count,
        oldest=oldest,
        is_full=open_count(load) >= rep.capacity,
        away=away,
    )


def board_row(handoff: Handoff, standing: Standing, *, now: dt.datetime) -> BoardRow:
    due = due_of(handoff.due_at, standing.promises.get(handoff.pk), hold=standing.holds.get(handoff.pk), now=now)
    return BoardRow(
        uid=handoff.uid,
        name=name_of(handoff),
        raised=raised_words(handoff.priority),
        account=handoff.account.name if handoff.account else "",
        owner=str(handoff.owner) if handoff.owner else "",
        url=reverse("feedback:handoff", args=[handoff.uid]),
        due_words=due.words,
        due_state=due.state,
        due_at=due.at,
        state=WORDS[State(handoff.state)],
        since=handoff.offered_at,
    )


def sections_of(rows: Sequence[BoardRow]) -> Iterable[Section]:
    """What nobody has stands apart: it waits in the team's queue under a clock of its own."""
    unowned = tuple(row for row in rows if not row.owner)
    owned = tuple(row for row in rows if row.owner)
    if unowned:
        yield Section("Nobody has these yet", unowned)
    if owned:
        yield Section("Due next", owned)

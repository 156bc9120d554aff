"""What the board of a team says."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from feedback import panels
from feedback.models import Team
from feedback.pages.board_parts import (
    Board,
    BoardRow,
    Choice,
    Deed,
    Figure,
    Finding,
    Reassign,
    Standings,
    TeamChip,
    View,
    board_row,
    open_count,
    person_line,
    sections_of,
)
from feedback.pages.lists import Chip, Empty
from feedback.reports.board import SHOWN, BoardPage, Load

_LABELS = {
    "all": "All", "late": "Late", "soon": "Due soon", "held": "On hold", "unowned": "Nobody has", "raised": "Raised",
}  # fmt: skip
_EMPTY = {
    "all": ("Nothing is open", "Every lead this team was offered has its answer."),
    "late": ("Nothing is late", "No promise has run out."),
    "soon": ("Nothing is due soon", "Nothing runs out within two hours."),
    "held": ("Nothing is on hold", "Nobody waits for marketing or for a prospect."),
    "unowned": ("Everything has somebody", "Leads that nobody has yet are shown here."),
    "raised": ("Nothing is raised", "What you raise stands first in every list."),
}


def board_page(view: View, *, loads: Sequence[Load], page: BoardPage, standings: Standings, now: dt.datetime) -> Board:
    """The board of one team in words."""
    team, owner = view.team, view.asked.owner
    chips = [TeamChip(label=one.name, url=board_url(one), active=one.pk == team.pk) for one in view.teams]
    chosen = next((load.rep for load in loads if load.rep and str(load.rep.uid) == owner), None)
    people = tuple(person_line(load.rep, load, view=view, standings=standings, now=now) for load in loads if load.rep)
    rows = tuple(board_row(handoff, standings.rows, now=now) for handoff in page.handoffs)
    parts = _chips(view, loads)
    figures = _figures(loads)
    digest = hashlib.sha256(repr((people, [_said(row) for row in rows], parts, figures)).encode()).hexdigest()[:16]
    headline, sentence = _EMPTY[view.asked.shown]
    return Board(
        uid=team.uid,
        title=team.name,
        sentence=f"What {chosen} has open." if chosen else "What the team has open, by who has it and what is due.",
        teams=tuple(chips) if len(chips) > 1 else (),
        figures=figures,
        finding=_finding(loads),
        people=people,
        chips=parts,
        sections=tuple(sections_of(rows)),
        reassign=_reassign(view),
        deeds=tuple(_deeds(view)),
        here=view.address(),
        absences_url=reverse("feedback:absences") if view.reps else "",
        more_url=view.address(after=page.cursor) if page.cursor else "",
        poll_url=view.address(known=digest) if not view.asked.after else "",
        empty=Empty(headline=headline, sentence=sentence),
        digest=digest,
    )


def board_url(team: Team) -> str:
    """The address of a team's board."""
    return f"{reverse('feedback:board')}?{urlencode({'team': team.uid})}"


def _chips(view: View, loads: Sequence[Load]) -> tuple[Chip, ...]:
    """The parts of the list, with how much is in each for who sees all of it."""
    owner = view.asked.owner
    counted = [load for load in loads if not owner or (load.rep and str(load.rep.uid) == owner)]
    counts = {
        "all": sum(open_count(load) for load in counted),
        "late": sum(load.late_count for load in counted),
        "soon": sum(load.soon_count for load in counted),
        "held": sum(load.held_count for load in counted),
        "unowned": sum(load.pending_count for load in counted if load.rep is None),
        "raised": sum(load.raised_count for load in counted),
    }
    return tuple(
        Chip(
            label=_LABELS[shown],
            count=f"{counts[shown]:,}" if view.is_whole else "",
            url=view.address(show="" if shown == "all" else shown),
            active=shown == view.asked.shown,
        )
        for shown in SHOWN
        if not (owner and shown == "unowned")
    )


def _reassign(view: View) -> Reassign | None:
    if not view.reps:
        return None
    choices = (Choice("", "Choose"), *(Choice(str(rep.uid), f"{rep} · {rep.team}") for rep in view.reps))
    return Reassign(view.address("board-reassign"), choices)


def _deeds(view: View) -> Iterable[Deed]:
    """What a press does besides giving: what feedback knows, then what the apps above let a manager do."""
    if not view.reps:
        return
    yield Deed("Release to the queue", view.address("board-release"))
    yield Deed("Raise priority", view.address("board-raise"))
    kept = {
        key: value
        for key, value in (("team", str(view.team.uid)), ("rep", view.asked.owner), ("show", view.asked.shown))
        if value
    }
    for deed in panels.deeds():
        yield Deed(deed.label, reverse("feedback:board-deed", args=[deed.key], query=kept))


def _said(row: BoardRow) -> tuple[object, ...]:
    """What of a row is news when it changes: what counts down by itself is not."""
    return (row.uid, row.raised, row.owner, row.state, row.due_state, row.due_at or row.due_words)


def _figures(loads: Sequence[Load]) -> tuple[Figure, ...]:
    nobody = next((load.pending_count for load in loads if load.rep is None), 0)
    return (
        Figure(label="Late", value=f"{sum(load.late_count for load in loads):,}", note="a promise has run out"),
        Figure(label="Due soon", value=f"{sum(load.soon_count for load in loads):,}", note="within two hours"),
        Figure(label="On hold", value=f"{sum(load.held_count for load in loads):,}", note="the clock stands still"),
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
    full = [load.rep for load in loads if load.rep and open_count(load) > load.rep.capacity]
    if full:
        names = ", ".join(str(rep) for rep in full[:3])
        return Finding(strong=f"{names} {'has' if len(full) == 1 else 'have'} more than fits.", text="", tone="soon")
    return None

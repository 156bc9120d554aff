"""Judging the past by other rules, a piece at a time, so that it can be stopped and taken up again anywhere."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from feedback.logic.rights import MANAGER, OPERATIONS, Person
from feedback.models import Handoff, Team
from feedback.reports.snapshot import snapshot
from sla.logic.ladder import ENDING, REASSIGN
from sla.logic.replay_facts import Judge
from sla.logic.replay_many import judge_many
from sla.logic.replay_tally import Tally, by_manager, concerned, load_of, tally_of
from sla.models import Replay
from sla.reports.replay_reading import PIECE, Piece, Place, Span, read_piece
from sla.reports.replay_real import real_tally

MOST_LISTED = 200
PAGE = 50


@dataclass
class Progress:
    """How far a replay is: handoffs done, behind which one it goes on, and what was counted so far.

    `listed` are the first handoffs that would have changed hands or ended: uid, team, what.
    """

    done: int = 0
    after: Place | None = None
    judged: Tally = field(default_factory=Tally)
    real: Tally = field(default_factory=Tally)
    listed: list[tuple[str, int, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON of it."""
        return {
            "done": self.done,
            "after": [self.after.offered_at.isoformat(), self.after.id] if self.after else None,
            "judged": self.judged.to_dict(),
            "real": self.real.to_dict(),
            "listed": self.listed,
        }

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Progress":
        """What to_dict wrote."""
        return cls(
            done=raw["done"],
            after=Place(_instant(raw["after"][0]), raw["after"][1]) if raw["after"] else None,
            judged=Tally.from_dict(raw["judged"]),
            real=Tally.from_dict(raw["real"]),
            listed=[(uid, team, what) for uid, team, what in raw["listed"]],
        )


def go_on(progress: Progress, span: Span, judge: Judge, *, limit: int = PIECE) -> bool:
    """Whether there was another piece, now counted into `progress`: at most `limit` handoffs, read in one transaction.

    InvalidInput when the judged rules have a deadline that no calendar reaches within twenty years.
    """
    with snapshot():
        piece = read_piece(span, judge, after=progress.after, limit=limit)
        if piece is None:
            return False
        happened = real_tally(piece.chosen)
    clocks = judge_many(piece.past, judge, until=span.until)
    progress.judged.add(tally_of(piece.past, clocks))
    progress.real.add(happened)
    for what, actions in ((REASSIGN, {REASSIGN}), ("end", ENDING)):
        _list(progress, piece, what, concerned(clocks, actions).tolist())
    progress.done += piece.past.count
    progress.after = piece.last
    return True


def run(span: Span, judge: Judge, *, told: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
    """The result of a whole replay; `told` hears after each piece how many handoffs are done. InvalidInput as go_on."""
    progress = Progress()
    while go_on(progress, span, judge):
        told(progress.done)
    return result_of(progress, span)


def result_of(progress: Progress, span: Span) -> dict[str, Any]:
    """What is kept of a replay that is done, as JSON; one statement. Teams, users, handoffs by key, never by name."""
    managers: dict[int, list[int]] = {}
    for team, user in Team.managers.through.objects.values_list("team_id", "user_id"):
        managers.setdefault(team, []).append(user)
    loads = {
        "judged": by_manager(progress.judged.told, managers),
        "real": progress.real.told,
    }
    return {
        "until": span.until.isoformat(),
        "handoffs": progress.done,
        "judged": progress.judged.to_dict()["teams"],
        "real": progress.real.to_dict()["teams"],
        "loads": {
            side: {str(user): vars(load_of(hours)) for user, hours in sorted(of_users.items())}
            for side, of_users in loads.items()
        },
        "listed": progress.listed,
    }


def may_replay(person: Person) -> bool:
    """Whether replays are for this person: operations, and managers for their own teams."""
    return person.is_system or OPERATIONS in person.roles or (MANAGER in person.roles and bool(person.managed_team_ids))


def replays_seen_by(person: Person) -> QuerySet[Replay]:
    """Their own, and for operations everybody's, newest first."""
    rows = Replay.objects.select_related("by").order_by("-id")
    return rows if person.is_system or OPERATIONS in person.roles else rows.filter(by=person.user_id)


def names_for(person: Person) -> tuple[dict[int, str], dict[int, str], frozenset[int] | None]:
    """Names of teams, names of the managers whose load the person may see, and the teams they may see (None: all).

    A manager sees their own teams and how often they are told themselves. At most two statements.
    """
    teams = dict(Team.objects.values_list("pk", "name"))
    if not (person.is_system or OPERATIONS in person.roles):
        return teams, {person.user_id or 0: person.label}, person.managed_team_ids
    managers = get_user_model().objects.filter(managed_teams__isnull=False).distinct()
    return teams, {user.pk: user.get_full_name() or user.get_username() for user in managers}, None


def handoffs_named(uids: Iterable[str], person: Person) -> dict[str, Handoff]:
    """Those of the handoffs that the person may see, with lead and account, by uid; one statement."""
    rows = Handoff.objects.visible_to(person).select_related("lead", "account").filter(uid__in=list(uids))
    return {str(row.uid): row for row in rows}


def _list(progress: Progress, piece: Piece, what: str, places: list[int]) -> None:
    kept = sum(1 for _, _, known in progress.listed if known == what)
    for place in places[: max(0, MOST_LISTED - kept)]:
        progress.listed.append((str(piece.uid(place)), int(piece.past.team[place]), what))


def _instant(text: str) -> dt.datetime:
    at = parse_datetime(text)
    assert at is not None
    return at

"""How holds are used: which began when a promise was nearly used up, ended without an answer, or came again.

Figures to talk about, not to judge by: a late hold can be the right thing to do.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Count, F

from feedback.logic.holds import HoldEnd
from feedback.logic.rates import FEW
from feedback.logic.rights import MANAGER, Person
from feedback.models import Handoff, Hold, Rep
from sla.logic.events import Pause
from sla.logic.retold import Retelling
from sla.logic.told import ClockTold
from sla.logic.tracks import Track
from sla.reports.retellings import Library, retellings

WINDOW = dt.timedelta(days=28)
LATE_SHARE = 0.8
"""A hold is late once this much of a promise was used when it began."""

MOST_HOLDS = 2_000
_NOTHING = dt.timedelta()


@dataclass(frozen=True, kw_only=True)
class RepHolds:
    """The holds a rep began in the window, as the handoffs concerned, latest first.

    `handoff_count` were offered in the window and are the rep's. `held_share` is business time on hold as a share of
    all business time of the promises of the handoffs held; None under 20 of them.
    """

    rep: Rep
    handoff_count: int
    held: Sequence[Handoff]
    late: Sequence[Handoff]
    unanswered: Sequence[Handoff]
    repeated: Sequence[Handoff]
    held_share: float | None


def dodging(person: Person, *, since: dt.datetime, now: dt.datetime) -> list[RepHolds]:
    """One line for each rep of the person's teams who put something on hold since then, most late holds first.

    Of the latest 2,000 holds; a fixed number of statements. Late: at least four fifths of a promise that the hold
    paused were used, or its deadline had passed. Unanswered: ended by the rep, who had not got an answer.
    """
    teams = person.managed_team_ids if MANAGER in person.roles else frozenset()
    holds = list(
        Hold.objects.filter(handoff__team__in=teams, began_at__gte=since, by__rep__isnull=False)
        .select_related("handoff__lead", "handoff__account", "by__rep__user")
        .order_by("-began_at", "-id")[:MOST_HOLDS]
    )
    if not holds:
        return []
    told = retellings(list({hold.handoff.uid for hold in holds}), Library())
    offered = Handoff.objects.filter(team__in=teams, offered_at__gte=since, owner__isnull=False)
    counts = dict(offered.order_by().values("owner").annotate(count=Count("pk")).values_list("owner", F("count")))
    by_rep: dict[int, list[Hold]] = defaultdict(list)
    for hold in holds:
        assert hold.by is not None
        by_rep[hold.by.rep.pk].append(hold)
    lines = [_line(found, told, handoff_count=counts.get(rep, 0), now=now) for rep, found in by_rep.items()]
    return sorted(lines, key=lambda line: (-len(line.late), -len(line.held), str(line.rep)))


def _line(holds: Sequence[Hold], told: Mapping[UUID, Retelling], *, handoff_count: int, now: dt.datetime) -> RepHolds:
    by = holds[0].by
    assert by is not None
    times: dict[int, int] = defaultdict(int)
    for hold in holds:
        times[hold.handoff_id] += 1
    held = _each(hold.handoff for hold in holds)
    return RepHolds(
        rep=by.rep,
        handoff_count=handoff_count,
        held=held,
        late=_each(hold.handoff for hold in holds if _is_late(hold, told[hold.handoff.uid])),
        unanswered=_each(
            hold.handoff for hold in holds if hold.ended_because == HoldEnd.RELEASED and hold.ended_by_id == by.pk
        ),
        repeated=[handoff for handoff in held if times[handoff.pk] > 1],
        held_share=_held_share([told[handoff.uid] for handoff in held], now=now) if len(held) >= FEW else None,
    )


def _each(handoffs: Iterable[Handoff]) -> list[Handoff]:
    return list({handoff.pk: handoff for handoff in handoffs}.values())


def _is_late(hold: Hold, told: Retelling) -> bool:
    return any(
        clock.track.between(clock.started_at, hold.began_at) >= clock.amount * LATE_SHARE
        for clock in told.clocks.values()
        if clock.started_at <= hold.began_at
        and (clock.stopped_at is None or hold.began_at < clock.stopped_at)
        and Pause(hold.owed_by) in told.books.bounds(clock.terms[-1].version, clock.target).pauses
    )


def _held_share(told: Iterable[Retelling], *, now: dt.datetime) -> float | None:
    whole, counted = _NOTHING, _NOTHING
    for retelling in told:
        for clock in retelling.clocks.values():
            ended_at = clock.stopped_at or now
            whole += replace(clock.track, pauses=()).between(clock.started_at, ended_at)
            counted += _counting(clock, now=ended_at).between(clock.started_at, ended_at)
    return (whole - counted) / whole if whole else None


def _counting(clock: ClockTold, *, now: dt.datetime) -> Track:
    return clock.track.without([(clock.held_since, now)]) if clock.held_since else clock.track

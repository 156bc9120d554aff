"""The proof of a clock: every interval from its start to its end, counted or not, and in whose hands it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from sla.logic.tracks import Track


class Kind(StrEnum):
    """What an interval was to the clock. Excused time counts in the raw result and not in the adjusted one."""

    OPEN = "open"
    CLOSED = "closed"
    HELD = "held"
    EXCUSED = "excused"


class Holder(StrEnum):
    """In whose hands the handoff was."""

    SYSTEM = "system"
    REP = "rep"
    MARKETING = "marketing"
    PROSPECT = "prospect"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A hold, still running when `ends_at` is None; `owed_by` is marketing or prospect.

    `pauses` is whether this clock stood still. `reason` and `by` are for the reader and come out as they went in.
    """

    begins_at: datetime
    ends_at: datetime | None
    reason: str
    owed_by: str
    by: str
    pauses: bool


@dataclass(frozen=True, kw_only=True)
class Excused:
    """Approved excused time; `why` and `approved_by` come out as they went in."""

    begins_at: datetime
    ends_at: datetime
    why: str
    approved_by: str


@dataclass(frozen=True)
class Owned:
    """From `since` on the handoff was that rep's, "" for nobody's."""

    since: datetime
    rep: str


@dataclass(frozen=True, kw_only=True)
class Interval:
    """From `begins_at` up to `ends_at` (UTC). `open_time` is the business time in it, whether it counted or not.

    `hold` and `excuse` say why it did not; a hold that did not pause this clock is there too, the interval being open.
    """

    begins_at: datetime
    ends_at: datetime
    kind: Kind
    open_time: timedelta
    holder: Holder
    rep: str = ""
    hold: Held | None = None
    excuse: Excused | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a proof is made of: how the clock counted, from when to when, and what happened to the handoff meanwhile.

    `track` has no pauses of its own here: holds and excuses are given beside it. Owners in order of time.
    """

    track: Track
    begins_at: datetime
    ends_at: datetime
    holds: Sequence[Held] = ()
    excuses: Sequence[Excused] = ()
    owners: Sequence[Owned] = ()


@dataclass(frozen=True)
class Proof:
    """The intervals in order, without gaps, neighbours of one kind joined."""

    intervals: tuple[Interval, ...]

    @property
    def counted(self) -> timedelta:
        """The business time that counts against the promise, excused or not."""
        return self._sum(Kind.OPEN) + self._sum(Kind.EXCUSED)

    @property
    def counted_adjusted(self) -> timedelta:
        """The business time that counts once approved excused time is taken out."""
        return self._sum(Kind.OPEN)

    @property
    def held(self) -> timedelta:
        """The business time during which the clock stood still."""
        return self._sum(Kind.HELD)

    @property
    def excused(self) -> timedelta:
        """The business time that is excused."""
        return self._sum(Kind.EXCUSED)

    def in_hands_of(self, holder: Holder) -> timedelta:
        """The business time that passed while `holder` had it, counted or not."""
        return sum((one.open_time for one in self.intervals if one.holder is holder), timedelta())

    def _sum(self, kind: Kind) -> timedelta:
        return sum((one.open_time for one in self.intervals if one.kind is kind), timedelta())


def prove(story: Story) -> Proof:
    """The proof of a clock from its start to its end; no interval for a clock that ended when it began."""
    joined: list[Interval] = []
    for piece in _pieces(story):
        if joined and _is_more_of(joined[-1], piece):
            last = joined[-1]
            joined[-1] = replace(last, ends_at=piece.ends_at, open_time=last.open_time + piece.open_time)
        else:
            joined.append(piece)
    return Proof(tuple(joined))


def _pieces(story: Story) -> Iterator[Interval]:
    """The intervals cut wherever anything changes."""
    spans = story.track.open_intervals(story.begins_at, story.ends_at)
    edges = {story.begins_at, story.ends_at, *(edge for span in spans for edge in span)}
    edges |= {hold.begins_at for hold in story.holds} | {hold.ends_at for hold in story.holds if hold.ends_at}
    edges |= {edge for one in story.excuses for edge in (one.begins_at, one.ends_at)}
    edges |= {owned.since for owned in story.owners}
    within = sorted(edge for edge in edges if story.begins_at <= edge <= story.ends_at)
    place = 0
    for begins, ends in pairwise(within):
        while place < len(spans) and spans[place][1] <= begins:
            place += 1
        is_open = place < len(spans) and spans[place][0] <= begins
        yield _piece(story, begins, ends, is_open=is_open)


def _piece(story: Story, begins: datetime, ends: datetime, *, is_open: bool) -> Interval:
    hold = next(
        (one for one in story.holds if one.begins_at <= begins and (not one.ends_at or begins < one.ends_at)), None
    )
    excuse = next((one for one in story.excuses if one.begins_at <= begins < one.ends_at), None)
    rep = next((one.rep for one in reversed(story.owners) if one.since <= begins), "")
    if hold and hold.pauses:
        kind, excuse = Kind.HELD, None
    elif excuse:
        kind = Kind.EXCUSED
    else:
        kind = Kind.OPEN if is_open else Kind.CLOSED
    return Interval(
        begins_at=begins,
        ends_at=ends,
        kind=kind,
        open_time=ends - begins if is_open else timedelta(),
        holder=Holder(hold.owed_by) if hold else Holder.REP if rep else Holder.SYSTEM,
        rep=rep,
        hold=hold,
        excuse=excuse,
    )


def _is_more_of(one: Interval, other: Interval) -> bool:
    return (one.kind, one.holder, one.rep, one.hold, one.excuse) == (
        other.kind,
        other.holder,
        other.rep,
        other.hold,
        other.excuse,
    )

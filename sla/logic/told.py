"""One clock as the journal tells it: under which rules, in which hours, with which pauses; its deadline follows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla.logic import ladder
from sla.logic.business_time import Calendar
from sla.logic.events import USUAL, Bounds
from sla.logic.rules import Rules, TargetRule
from sla.logic.tracks import Span, Track

RUNNING, HELD, STOPPED, CANCELLED = "running", "held", "stopped", "cancelled"

_NOTHING = timedelta()


@dataclass(frozen=True, kw_only=True)
class Said:
    """One journal entry: `who` did it, `note` are their words or ""."""

    kind: str
    at: datetime
    data: Mapping[str, Any]
    who: str = ""
    note: str = ""


@dataclass(frozen=True)
class Books:
    """Published versions by uid: rules; and hours, each with the uid of the calendar it is a version of."""

    rules: Mapping[str, Rules]
    hours: Mapping[str, tuple[str, Calendar]]

    def rule(self, version: str, target: str) -> TargetRule | None:
        """What a version promises for a target; None when it does not."""
        return self.rules[version].targets.get(target)

    def bounds(self, version: str, target: str) -> Bounds:
        """What ends and pauses a clock under a version."""
        rule = self.rule(version, target)
        return rule.bounds if rule else USUAL[target]


@dataclass(frozen=True, kw_only=True)
class Term:
    """From `since` on the clock ran under these versions (uids). `because`: started, policy, owner or calendar."""

    since: datetime
    version: str
    calendar: str
    because: str


@dataclass(kw_only=True)
class ClockTold:
    """One clock. `held_since` while a hold pauses it; `track` knows the pauses that have ended.

    `used` had counted when the rules last changed, and `not_before` is when that was: a deadline never lies before it.
    """

    target: str
    cycle: int
    started_at: datetime
    amount: timedelta
    terms: list[Term]
    track: Track
    state: str = RUNNING
    used: timedelta = _NOTHING
    not_before: datetime | None = None
    held_since: datetime | None = None
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    told_breached_at: datetime | None = None
    acknowledged_at: datetime | None = None
    last_step: int = -1

    @property
    def is_open(self) -> bool:
        """Whether it runs or is on hold."""
        return self.state in (RUNNING, HELD)

    @property
    def due_at(self) -> datetime:
        """The deadline; on hold, as it stood when the hold began."""
        return self._due(self.track)

    def adjusted_due_at(self, excuses: Iterable[Span]) -> datetime | None:
        """The deadline with approved excused time taken out; None when that makes no difference."""
        track = self.track.without(list(excuses))
        due_at = self._due(track)
        return due_at if due_at != self.due_at else None

    def steps(self, rule: TargetRule | None) -> list[ladder.PlannedStep]:
        """Every step of the rule as it is placed now, those that its last change left no time for left out.

        Once somebody acknowledged the handoff, the breach alone.
        """
        due_at, add = self.due_at, self.track.add
        planned = [ladder.PlannedStep(ladder.BREACH, due_at, ladder.THE_BREACH)]
        for ref, step in enumerate(rule.steps if rule and not self.acknowledged_at else ()):
            if step.minutes_after is not None:
                at = add(due_at, timedelta(minutes=step.minutes_after))
            elif (share := ladder.before(step, self.amount)) > self.used:
                at = add(self.started_at, share)
            else:
                continue
            planned.append(ladder.PlannedStep(step.action, at, ref))
        return sorted(planned, key=ladder.in_order)

    def pivot(self, at: datetime) -> datetime:
        """From when on a change made at `at` counts: on hold, nothing has counted since the hold began."""
        return max(self.started_at, self.held_since or at)

    def end(self, state: str, at: datetime) -> None:
        """Answered, or asked no more. A hold that still ran ends with it; a late end is a breach."""
        if self.held_since:
            self.resume(self.held_since, at)
        self.state, self.stopped_at = state, at
        if self.due_at < at:
            self.breached_at = self.due_at

    def resume(self, began_at: datetime, at: datetime) -> None:
        """The time from `began_at` to `at` did not count."""
        self.track = self.track.without([(began_at, at)])
        self.state, self.held_since = RUNNING, None

    def _due(self, track: Track) -> datetime:
        due_at = track.add(self.started_at, self.amount)
        return max(due_at, self.not_before) if self.not_before else due_at

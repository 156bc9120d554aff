"""What a clock says of itself beside what its journal says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sla.logic.ladder import PlannedStep
from sla.logic.told import RUNNING, Books, ClockTold
from sla.logic.tracks import Span


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A clock as its row has it; versions by uid, `steps` the whole ladder, `next_step` the place of the next one."""

    state: str
    started_at: datetime
    amount: timedelta
    version: str
    calendar: str
    due_at: datetime
    adjusted_due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    acknowledged_at: datetime | None
    steps: Sequence[PlannedStep]
    next_step: int
    next_action_at: datetime | None
    was_put_off: bool


@dataclass(frozen=True)
class Difference:
    """A field on which the two do not agree, and what each says, as text."""

    field: str
    journal_says: str
    clock_says: str


def differences(
    told: ClockTold, kept: Kept, *, books: Books, excuses: Sequence[Span], now: datetime
) -> Iterator[Difference]:
    """Every field on which they do not agree. Steps are compared as far as they still lie ahead at `now`."""
    last = told.terms[-1]
    compared: dict[str, tuple[object, object]] = {
        "state": (told.state, kept.state),
        "started_at": (told.started_at, kept.started_at),
        "amount": (told.amount, kept.amount),
        "version": (last.version, kept.version),
        "calendar_version": (last.calendar, kept.calendar),
        "due_at": (told.due_at, kept.due_at),
        "adjusted_due_at": (told.adjusted_due_at(excuses) if excuses else None, kept.adjusted_due_at),
        "stopped_at": (told.stopped_at, kept.stopped_at),
        "breached_at": (told.breached_at, kept.breached_at),
        "acknowledged_at": (told.acknowledged_at, kept.acknowledged_at),
        "next_action_at": (_next_action(kept), kept.next_action_at),
    }
    if told.is_open:
        since = told.held_since or now
        compared["steps"] = (_ahead(told, books, since=since), _kept_ahead(kept, since=since))
    for field, (journal_says, clock_says) in compared.items():
        if journal_says != clock_says:
            yield Difference(field, _text(journal_says), _text(clock_says))
    if told.last_step >= kept.next_step:
        yield Difference("next_step", f"above {told.last_step}", str(kept.next_step))


def _ahead(told: ClockTold, books: Books, *, since: datetime) -> list[PlannedStep]:
    steps = told.steps(books.rule(told.terms[-1].version, told.target))
    return [step for step in steps if step.at > since]


def _kept_ahead(kept: Kept, *, since: datetime) -> list[PlannedStep]:
    return [step for step in kept.steps[kept.next_step :] if step.at > since]


def _next_action(kept: Kept) -> datetime | None:
    """What the row's own next step makes it; one that failed was put off."""
    if kept.state != RUNNING or kept.next_step >= len(kept.steps):
        return None
    return kept.next_action_at if kept.was_put_off else kept.steps[kept.next_step].at


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(f"{step.action} ({step.ref}) at {step.at.isoformat()}" for step in value) or "none"
    return "none" if value is None else str(value)

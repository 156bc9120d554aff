"""The steps of a clock, placed in time when it starts, so that nothing needs a calendar later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar, Pauses

WARN, BREACH, NOTIFY_OWNER, NOTIFY_MANAGER = "warn", "breach", "notify_owner", "notify_manager"
REASSIGN, EXPIRE = "reassign", "expire"
RULE_ACTIONS = (WARN, NOTIFY_OWNER, NOTIFY_MANAGER, REASSIGN, EXPIRE)
"""What an admin can put on a ladder. A breach is never put there: every plan has exactly one, at the deadline."""

MOST_STEPS = 10
MOST_MINUTES_AFTER = 525_600


@dataclass(frozen=True)
class StepRule:
    """One step: at `percent` of the amount (1 to 99), or `minutes_after` business minutes after the deadline."""

    action: str
    percent: int | None = None
    minutes_after: int | None = None


@dataclass(frozen=True)
class PlannedStep:
    """What happens, and the instant (UTC) from which it is due."""

    action: str
    at: datetime


@dataclass(frozen=True)
class Plan:
    """The deadline (UTC) and every step in the order in which they are taken, the breach among them."""

    due_at: datetime
    steps: tuple[PlannedStep, ...]


def plan(
    started_at: datetime, amount: timedelta, steps: Sequence[StepRule], calendar: Calendar, *, pauses: Pauses = ()
) -> Plan:
    """The plan of a clock that started at `started_at` (aware) and promises `amount` of business time.

    Pauses do not count on either side of the deadline. Steps of one instant: breach first, expire last, else as given.
    InvalidInput for a ladder that check refuses, and as Calendar.add refuses.
    """
    check(steps)
    held = tuple(pauses)
    due_at = calendar.add(started_at, amount, held)
    planned = [PlannedStep(BREACH, due_at)]
    for step in steps:
        if step.percent is not None:
            at = calendar.add(started_at, amount * step.percent // 100, held)
        else:
            at = calendar.add(due_at, timedelta(minutes=step.minutes_after or 0), held)
        planned.append(PlannedStep(step.action, at))
    # The sort is stable: the breach is a fact before anybody is told. A handoff that has expired takes no other step.
    return Plan(due_at, tuple(sorted(planned, key=lambda step: (step.at, step.action == EXPIRE))))


def check(steps: Sequence[StepRule]) -> None:
    """Nothing, or InvalidInput naming the place: steps, steps[2].action, steps[0].percent, steps[1].minutes_after.

    At most ten steps; each at a share of the amount or after the deadline, not both; reassign and expire only at or
    after the deadline; expire once, and nothing later than it.
    """
    if len(steps) > MOST_STEPS:
        raise InvalidInput(f"A ladder has at most {MOST_STEPS} steps.", field="steps")
    for index, step in enumerate(steps):
        _check_step(step, place=f"steps[{index}]")
    ends = [index for index, step in enumerate(steps) if step.action == EXPIRE]
    if len(ends) > 1:
        raise InvalidInput("A handoff expires once.", field=f"steps[{ends[1]}].action")
    for end in ends:
        expires = steps[end].minutes_after or 0
        for index, step in enumerate(steps):
            if (step.minutes_after or 0) > expires:
                raise InvalidInput(
                    "Nothing can follow once the handoff has expired.", field=f"steps[{index}].minutes_after"
                )


def _check_step(step: StepRule, *, place: str) -> None:
    if step.action == BREACH:
        raise InvalidInput("The breach happens by itself, at the deadline.", field=f"{place}.action")
    if step.action not in RULE_ACTIONS:
        raise InvalidInput(f"There is no step {step.action!r:.40}.", field=f"{place}.action")
    if (step.percent is None) == (step.minutes_after is None):
        raise InvalidInput("A step is either before the deadline or after it.", field=f"{place}.percent")
    if step.percent is not None:
        if not 1 <= step.percent <= 99:
            raise InvalidInput("A step before the deadline is at 1 to 99 percent.", field=f"{place}.percent")
        if step.action in (REASSIGN, EXPIRE):
            raise InvalidInput("Nobody loses a handoff before its deadline.", field=f"{place}.percent")
    elif step.minutes_after is not None and not 0 <= step.minutes_after <= MOST_MINUTES_AFTER:
        raise InvalidInput(
            f"A step comes 0 to {MOST_MINUTES_AFTER} business minutes after the deadline.",
            field=f"{place}.minutes_after",
        )

"""The steps of a clock, placed in time when it starts, so that nothing needs a calendar later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar, Pauses

WARN, BREACH, NOTIFY_OWNER, NOTIFY_MANAGER = "warn", "breach", "notify_owner", "notify_manager"
NOTIFY_CHANNEL, RAISE_PRIORITY, REASSIGN, BENCH = "notify_channel", "raise_priority", "reassign", "bench"
EXPIRE, RETURN_TO_MARKETING = "expire", "return_to_marketing"
RULE_ACTIONS = (
    WARN,
    NOTIFY_OWNER,
    NOTIFY_MANAGER,
    NOTIFY_CHANNEL,
    RAISE_PRIORITY,
    REASSIGN,
    BENCH,
    EXPIRE,
    RETURN_TO_MARKETING,
)
"""What an admin can put on a ladder. A breach is never put there: every plan has exactly one, at the deadline."""

TELLING = frozenset({WARN, NOTIFY_OWNER, NOTIFY_MANAGER})
ENDING = frozenset({EXPIRE, RETURN_TO_MARKETING})
TAKING_AWAY = ENDING | {REASSIGN, BENCH}
THE_BREACH = -1
"""The place of the breach, which stands in no rule."""

MOST_STEPS = 50
MOST_MINUTES = 525_600


@dataclass(frozen=True)
class StepRule:
    """One step: at `percent` of the amount (1 to 99), or business minutes before or after the deadline.

    `channel` and `template` are uids, "" for none.
    """

    action: str
    percent: int | None = None
    minutes_before: int | None = None
    minutes_after: int | None = None
    channel: str = ""
    template: str = ""


@dataclass(frozen=True)
class PlannedStep:
    """What happens, the instant (UTC) from which it is due, and its place in the rule (THE_BREACH for the breach)."""

    action: str
    at: datetime
    ref: int


@dataclass(frozen=True)
class Plan:
    """The deadline (UTC) and every step in the order in which they are taken, the breach among them."""

    due_at: datetime
    steps: tuple[PlannedStep, ...]


def plan(
    started_at: datetime, amount: timedelta, steps: Sequence[StepRule], calendar: Calendar, *, pauses: Pauses = ()
) -> Plan:
    """The plan of a clock that started at `started_at` (aware) and promises `amount` of business time.

    Pauses do not count on either side of the deadline. Steps of one instant: breach first, the end last, else as given.
    A step further before the deadline than the amount is long has no place and is left out. InvalidInput for a ladder
    that check refuses, and as Calendar.add refuses.
    """
    check(steps)
    return going_on(started_at, timedelta(), amount, steps, calendar, pauses=pauses)


def going_on(
    now: datetime,
    used: timedelta,
    amount: timedelta,
    steps: Sequence[StepRule],
    calendar: Calendar,
    *,
    pauses: Pauses = (),
) -> Plan:
    """The plan of what is still ahead at `now` for a clock that has `used` some of `amount` already.

    Steps whose share is used up are left out. A deadline that is used up is due at `now`, never before it.
    """
    held = tuple(pauses)
    due_at = calendar.add(now, max(amount - used, timedelta()), held)
    planned = [PlannedStep(BREACH, due_at, THE_BREACH)]
    for ref, step in enumerate(steps):
        if step.minutes_after is not None:
            at = calendar.add(due_at, timedelta(minutes=step.minutes_after), held)
        else:
            share = before(step, amount) - used
            if share <= timedelta():
                continue
            at = calendar.add(now, share, held)
        planned.append(PlannedStep(step.action, at, ref))
    return Plan(due_at, tuple(sorted(planned, key=in_order)))


def in_order(step: PlannedStep) -> tuple[datetime, bool, bool]:
    """The sort key of planned steps: the breach is a fact before anybody is told, and what has ended takes no step."""
    return step.at, step.action != BREACH, step.action in ENDING


def before(step: StepRule, amount: timedelta) -> timedelta:
    """After how much of `amount` a step before the deadline is due; not above zero when there is no time for it."""
    if step.percent is not None:
        return amount * step.percent // 100
    return amount - timedelta(minutes=step.minutes_before or 0)


def check(steps: Sequence[StepRule]) -> None:
    """Nothing, or InvalidInput naming the place: steps, steps[2].action, steps[0].percent, steps[1].minutes_after.

    At most MOST_STEPS; each at a share of the amount, before or after the deadline, only one of them; nobody loses a
    handoff before the deadline; one end, and nothing later than it; a channel exactly where one is told.
    """
    if len(steps) > MOST_STEPS:
        raise InvalidInput(f"A ladder has at most {MOST_STEPS} steps.", field="steps")
    for index, step in enumerate(steps):
        _check_step(step, place=f"steps[{index}]")
    ends = [index for index, step in enumerate(steps) if step.action in ENDING]
    if len(ends) > 1:
        raise InvalidInput("A handoff ends once.", field=f"steps[{ends[1]}].action")
    for end in ends:
        last = steps[end].minutes_after or 0
        for index, step in enumerate(steps):
            if (step.minutes_after or 0) > last:
                raise InvalidInput(
                    "Nothing can follow once the handoff has ended.", field=f"steps[{index}].minutes_after"
                )


def _check_step(step: StepRule, *, place: str) -> None:
    if step.action == BREACH:
        raise InvalidInput("The breach happens by itself, at the deadline.", field=f"{place}.action")
    if step.action not in RULE_ACTIONS:
        raise InvalidInput(f"There is no step {step.action!r:.40}.", field=f"{place}.action")
    places = (step.percent, step.minutes_before, step.minutes_after)
    if sum(place is not None for place in places) != 1:
        raise InvalidInput("A step is either before the deadline or after it.", field=f"{place}.percent")
    if step.percent is not None and not 1 <= step.percent <= 99:
        raise InvalidInput("A step before the deadline is at 1 to 99 percent.", field=f"{place}.percent")
    if step.minutes_after is None and step.action in TAKING_AWAY:
        raise InvalidInput("Nobody loses a handoff before its deadline.", field=f"{place}.percent")
    for name, least in (("minutes_before", 1), ("minutes_after", 0)):
        minutes = getattr(step, name)
        if minutes is not None and not least <= minutes <= MOST_MINUTES:
            raise InvalidInput(
                f"A step comes at most {MOST_MINUTES} business minutes before or after the deadline.",
                field=f"{place}.{name}",
            )
    if (step.action == NOTIFY_CHANNEL) != bool(step.channel):
        raise InvalidInput("A channel is named exactly where one is told.", field=f"{place}.channel")
    if step.template and step.action not in TELLING:
        raise InvalidInput("Only a step that mails somebody has a template.", field=f"{place}.template")

"""What a replay of a quarter knows of the real handoffs: whom they kept from being offered, and for how long."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from feedback.logic.recycling import Ended, Plan, again_at, why_not_again
from feedback.logic.states import ACTIVE, State


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A real handoff. `root` is the one it follows, by way of turn backs, or itself; `since_on` the first UTC day on
    which it keeps others back: on the day of the offer itself it is the offer that is looked for.

    `is_given` where it would have been there under any agreement: it is older than the quarter, or no rule made it.
    `over_at` is when sales was done with it, None while it is not. `plan` is that of the refusal,
    None where it left none; `met_at` when somebody said that its condition is met.
    """

    pk: int
    root: int
    since_on: dt.date
    qualified_at: dt.datetime
    is_given: bool
    state: State
    over_at: dt.datetime | None
    plan: Plan | None = None
    met_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        assert (self.over_at is None) == (self.state in ACTIVE)

    def is_with_sales(self, now: dt.datetime) -> bool:
        """Whether it was not over at `now`."""
        return self.over_at is None or now < self.over_at

    def ended(self, now: dt.datetime) -> Ended:
        """It, over, as it was known at `now`."""
        assert self.over_at is not None
        is_met = self.met_at is not None and self.met_at <= now
        return Ended(state=self.state, ended_at=self.over_at, plan=self.plan, is_met=is_met)

    def waking(self, *, again_after_days: int) -> list[dt.datetime]:
        """When those whom it kept waiting are judged anew: at its end, after the time, with the condition met."""
        if self.over_at is None:
            return []
        until = again_at(self.ended(self.over_at), again_after_days=again_after_days)
        return [at for at in (self.over_at, until, self.met_at) if at]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The UTC day on which a person did something, the latest of it at `last_at`, `count` times in all."""

    on: dt.date
    last_at: dt.datetime
    count: int


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody known at an account who could be offered for it, until `barred_from`: see Watched."""

    pk: int
    seen: tuple[Seen, ...]
    known: Collection[str] = ()
    consent: str = ""
    barred_from: dt.date | None = None
    past: tuple[Passed, ...] = ()

    def may_be_contacted(self, on: dt.date) -> bool:
        """Whether nothing that is known today stood against an offer on the UTC day `on`."""
        return self.barred_from is None or on < self.barred_from


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When somebody is judged: what they did last is of `engaged_at`."""

    now: dt.datetime
    engaged_at: dt.datetime
    consent: str
    again_after_days: int

    @property
    def on(self) -> dt.date:
        """The UTC day."""
        return self.now.astimezone(dt.UTC).date()


def is_held(own: Iterable[Passed], others: Iterable[Passed], moment: Moment) -> bool:
    """Whether these handoffs kept somebody from being offered at that moment: one of them, or (`others`) one that goes
    before an offer of them, was with sales; they are a customer; or the last of their `own` that is over asks for more
    time, for a condition, or for something done since. The same as at a real offer.
    """
    mine = [one for one in own if one.since_on <= moment.on]
    theirs = [one for one in others if one.since_on <= moment.on]
    if any(one.is_with_sales(moment.now) for one in (*mine, *theirs)) or any(one.state == State.WON for one in mine):
        return True
    over = [one for one in mine if one.state != State.TURNED_BACK]
    if not over:
        return False
    return bool(
        why_not_again(
            max(over, key=lambda one: (one.over_at or moment.now, one.pk)).ended(moment.now),
            engaged_at=moment.engaged_at,
            consent=moment.consent,
            again_after_days=moment.again_after_days,
            now=moment.now,
        )
    )


def first_of(people: Iterable[Person], *, since: dt.date, on: dt.date) -> Person | None:
    """Whom an account is offered with on the UTC day `on`: who did something last since `since`, of these the busiest;
    None where nobody did.
    """
    best: tuple[tuple[dt.datetime, int, int], Person] | None = None
    for one in people:
        seen = [day for day in one.seen if since <= day.on <= on and one.may_be_contacted(on)]
        if seen:
            key = max(day.last_at for day in seen), sum(day.count for day in seen), -one.pk
            best = max(best, (key, one), key=lambda pair: pair[0]) if best else (key, one)
    return best[1] if best else None

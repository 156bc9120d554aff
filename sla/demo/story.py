"""What happens to one handoff of the demo, from the behaviour that led to it to its end."""

import math
import random
from dataclasses import dataclass

from sla.demo.campaigns import AFTER_ATTEMPTS, AFTER_CONVERSATION, VOIDS, Source


@dataclass(frozen=True)
class Try:
    """An attempt, `minutes` of business time after the acceptance."""

    minutes: float
    kind: str
    is_two_way: bool


@dataclass(frozen=True)
class Fate:
    """How a handoff goes. Minutes are business time: until the decision, and from the acceptance to the end of work.

    `verb` is accept, reject, turn_back or expire; `ending` is "", qualify or return; `outcome` is "", opportunity, won
    or lost, `outcome_days` after the qualification. `dice` picks what the rep answers when a reason asks.
    """

    verb: str
    minutes: float
    dice: float
    reason: str = ""
    tries: tuple[Try, ...] = ()
    ending: str = ""
    ending_minutes: float = 0
    outcome: str = ""
    outcome_days: float = 0
    amount: int = 0


def fate(source: Source, fit: int, rng: random.Random) -> Fate:
    """How a handoff from `source` goes. Of a hundred, three are turned back, three void, two never answered."""
    minutes, dice = _minutes(rng, median=95, spread=1.0), rng.random()
    odds = rng.random() * 100
    if odds < 3:
        return Fate("turn_back", minutes, dice)
    if odds < 6:
        return Fate("reject", minutes, dice, reason=rng.choice(VOIDS))
    if odds < 8:
        return Fate("expire", 240 + 5 * 480, dice)
    return answered(source, fit, rng)


def answered(source: Source, fit: int, rng: random.Random) -> Fate:
    """As fate, but the rep certainly accepts or rejects; a good fit is rejected a little less often."""
    minutes, dice = _minutes(rng, median=95, spread=1.0), rng.random()
    unwanted = source.rejected * (1.25 if fit < 55 else 0.92)
    if rng.random() * 100 < unwanted:
        reason = rng.choices(list(source.reasons), weights=list(source.reasons.values()))[0]
        return Fate("reject", minutes, dice, reason=reason)
    return _worked(source, minutes, rng)


def _worked(source: Source, minutes: float, rng: random.Random) -> Fate:
    """An acceptance and the work that follows; sources that sales likes to accept also convert better."""
    tries = _tries(rng)
    last, has_talked = max((one.minutes for one in tries), default=0), any(one.is_two_way for one in tries)
    ending_minutes, dice = last + _minutes(rng, median=900, spread=0.7), rng.random()
    odds, good = rng.random(), (100 - source.rejected) / 100
    if has_talked and odds < 0.85 * good:
        outcome = rng.choices(("", "opportunity", "won", "lost"), weights=(3, 3, 2, 3))[0]
        days, amount = rng.uniform(4, 40), rng.randrange(6, 90) * 1000
        return Fate(
            "accept", minutes, dice, tries=tries, ending="qualify", ending_minutes=ending_minutes,
            outcome=outcome, outcome_days=days, amount=amount,
        )  # fmt: skip
    if odds < 0.88:
        reason = rng.choice(AFTER_CONVERSATION if has_talked else AFTER_ATTEMPTS)
        return Fate("accept", minutes, dice, reason, tries, ending="return", ending_minutes=ending_minutes)
    return Fate("accept", minutes, dice, tries=tries)


def _tries(rng: random.Random) -> tuple[Try, ...]:
    if rng.random() < 0.06:
        return ()
    at, tries = _minutes(rng, median=70, spread=1.1), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        is_two_way = rng.random() < 0.46
        tries.append(
            Try(
                at, "meeting" if is_two_way and rng.random() < 0.3 else rng.choice(("call", "call", "mail")), is_two_way
            )
        )
        at += _minutes(rng, median=420, spread=0.6)
    return tuple(tries)


def _minutes(rng: random.Random, *, median: float, spread: float) -> float:
    """A waiting time: most are short, some are long."""
    return min(rng.lognormvariate(math.log(median), spread), median * 20)

"""Shares with what chance alone could have made of them. The intervals come from scipy where it has them."""

import math
from dataclasses import dataclass
from functools import lru_cache

FEW = 20


@dataclass(frozen=True)
class Rate:
    """`count` of `of`, with its Wilson 95 % interval as shares of 1; both ends None of nothing."""

    count: int
    of: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        """The share of 1, None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def is_few(self) -> bool:
        """Whether it rests on too few handoffs to be compared or ordered by."""
        return self.of < FEW


@dataclass(frozen=True)
class Change:
    """A difference of two shares of 1, now minus before, with its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


# A page shows a few hundred rates, most of them again on the next request.
@lru_cache(maxsize=8192)
def wilson(count: int, of: int) -> Rate:
    """The rate of `count` in `of` with its score interval (Wilson 1927), 95 %, no continuity correction."""
    if of == 0:
        return Rate(0, 0, None, None)
    from scipy.stats import binomtest

    interval = binomtest(count, of).proportion_ci(confidence_level=0.95, method="wilson")
    return Rate(count, of, float(interval.low), float(interval.high))


@lru_cache(maxsize=1024)
def likely_counts(count: int) -> tuple[float, float]:
    """The 95 % interval around a count of things that come one by one (Poisson, exact: Garwood 1936)."""
    from scipy.stats import chi2

    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(0.975, 2 * count + 2)) / 2


def difference(now: Rate, before: Rate) -> Change | None:
    """The change between two independent rates, 95 % (Newcombe 1998, method 10); None where either rests on nothing.

    scipy has no interval for a difference of two shares; this one squares and adds the distances of the Wilson limits.
    """
    if now.share is None or before.share is None:
        return None
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return None
    change = now.share - before.share
    down = math.hypot(now.share - now.low, before.high - before.share)
    up = math.hypot(now.high - now.share, before.share - before.low)
    return Change(change, change - down, change + up)

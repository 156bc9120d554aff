"""How long decisions take, when some have not been made yet: they count as still running, not as missing."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """How the share of decided handoffs grows with their age, elapsed time.

    `median` is None when fewer than half are decided at the ages seen so far; `matured` is the age at which nine tenths
    of the final share had been decided, None when nobody has decided.
    """

    median: dt.timedelta | None
    matured: dt.timedelta | None


def time_to_decide(decided: Mapping[int, int], running: Mapping[int, int]) -> Waiting:
    """Kaplan-Meier over whole minutes: how many were decided, and how many were last seen undecided, at each age."""
    if not any(decided.values()):
        return Waiting(None, None)
    import numpy as np
    from scipy.stats import CensoredData, ecdf

    def spread(counts: Mapping[int, int]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.repeat(np.array(list(counts), dtype=float), np.array(list(counts.values()), dtype=int))

    curve = ecdf(CensoredData(uncensored=spread(decided), right=spread(running))).cdf
    shares, ages = curve.probabilities, curve.quantiles

    def age_at(share: float) -> dt.timedelta | None:
        # The curve is summed in floating point: a share that is met exactly may come out a hair below.
        reached = np.nonzero(shares >= share - 1e-12)[0]
        return dt.timedelta(minutes=float(ages[reached[0]])) if reached.size else None

    return Waiting(median=age_at(0.5), matured=age_at(0.9 * float(shares[-1])))

"""Which campaigns are really worse for a reason, and which only look so when many are compared at once."""

from collections.abc import Sequence
from dataclasses import dataclass

FALSE_DISCOVERY_RATE = 0.05
# A campaign's own share is pulled towards the rest's as if it had this many more handoffs that behave like the rest.
PULL = 20


@dataclass(frozen=True)
class Pair:
    """One campaign against all the others for one reason: `count` of `of` here, `rest_count` of `rest_of` elsewhere."""

    campaign: int
    reason: int
    count: int
    of: int
    rest_count: int
    rest_of: int


@dataclass(frozen=True)
class Finding:
    """A pair that holds after correction: `times` the rest's share, with its 95 % interval, None if the rest has none.

    `shrunken` is the campaign's share pulled towards the rest's: what to expect of it next time.
    """

    pair: Pair
    times: float | None
    low: float | None
    high: float | None
    shrunken: float


def standing_out(pairs: Sequence[Pair]) -> list[Finding]:
    """The pairs whose campaign has the reason more often than the rest, most handoffs above expectation first.

    One-sided Fisher exact test per pair (the upper tail of the hypergeometric), corrected for the number of pairs
    (Benjamini and Hochberg 1995) at a false discovery rate of 5 %.
    """
    if not pairs:
        return []
    import numpy as np
    from scipy.stats import false_discovery_control, hypergeom

    count, of, rest_count, rest_of = (
        np.array([getattr(pair, name) for pair in pairs]) for name in ("count", "of", "rest_count", "rest_of")
    )
    chances = hypergeom.sf(count - 1, of + rest_of, count + rest_count, of)
    corrected = false_discovery_control(np.clip(chances, 0.0, 1.0), method="bh")
    found = [_finding(pair) for pair, chance in zip(pairs, corrected, strict=True) if chance <= FALSE_DISCOVERY_RATE]
    return sorted(found, key=_above_expected, reverse=True)


def _finding(pair: Pair) -> Finding:
    from scipy.stats.contingency import relative_risk

    rest = pair.rest_count / pair.rest_of
    shrunken = (pair.count + PULL * rest) / (pair.of + PULL)
    if not pair.rest_count:
        return Finding(pair, None, None, None, shrunken)
    risk = relative_risk(pair.count, pair.of, pair.rest_count, pair.rest_of)
    interval = risk.confidence_interval(confidence_level=0.95)
    return Finding(pair, float(risk.relative_risk), float(interval.low), float(interval.high), shrunken)


def _above_expected(finding: Finding) -> float:
    pair = finding.pair
    return (finding.shrunken - pair.rest_count / pair.rest_of) * pair.of

"""What a score is made of, as marketing's system told it: {"fit": {"industry": 25, ...}, "intent": {...}}."""

from collections.abc import Mapping

ScoreParts = Mapping[str, Mapping[str, float]]

_MOST = 8


def points_of(score_parts: ScoreParts, name: str) -> list[tuple[str, float]]:
    """(name, points) of the score called `name`, the heaviest first, at most eight."""
    return sorted(score_parts.get(name, {}).items(), key=lambda pair: -abs(pair[1]))[:_MOST]

"""What a score is made of: {"fit": {"Industry is logistics": 20, ...}, "intent": {...}}."""

from collections.abc import Mapping

ScoreParts = Mapping[str, Mapping[str, float]]
MINUS = "−"

_MOST = 8


def heaviest(parts: Mapping[str, float]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """(label, points) of a score, the heaviest first: the eight to show at once, and the others."""
    ordered = sorted(parts.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    # One alone is not worth a fold.
    most = _MOST if len(ordered) > _MOST + 1 else _MOST + 1
    return ordered[:most], ordered[most:]


def points_words(points: float) -> str:
    """+20, −7.5: always with a sign, and a minus as wide as the plus."""
    return f"{round(points, 1):+g}".replace("-", MINUS)

"""What a score is made of, as marketing's system told it."""

from typing import Any

_MOST = 8


def points_of(score_parts: Any, name: str) -> list[tuple[str, float]]:
    """(name, points) of the score called `name`, the heaviest first, at most eight; nothing for a shape that says
    nothing.

    Known shapes: {"fit": {"industry": 25}}, {"fit": [["industry", 25]]} and {"fit": [{"label": "industry", "points":
    25}]}.
    """
    given = score_parts.get(name) if isinstance(score_parts, dict) else None
    if isinstance(given, dict):
        pairs = list(given.items())
    elif isinstance(given, list):
        pairs = [_pair(one) for one in given]
    else:
        return []
    known = [
        (str(label), points)
        for label, points in pairs
        if label and isinstance(points, int | float) and not isinstance(points, bool)
    ]
    return sorted(known, key=lambda pair: -abs(pair[1]))[:_MOST]


def _pair(one: Any) -> tuple[Any, Any]:
    if isinstance(one, dict):
        return one.get("label"), one.get("points")
    return (one[0], one[1]) if isinstance(one, list) and len(one) == 2 else (None, None)

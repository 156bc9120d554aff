"""What the apps above add to an agreement, without leads knowing them."""

from collections.abc import Callable, Sequence
from typing import Any

from leads.logic.contributed import Contribution, Item, frozen

Provider = Callable[[], Sequence[Item]]
_providers: dict[str, tuple[str, Provider]] = {}


def register(key: str, label: str, provider: Provider) -> None:
    """Have `provider` asked for its items whenever an agreement is looked at or published; called once, when the app
    above starts. A second one with the same key takes the place of the first.
    """
    _providers[key] = (label, provider)


def collected() -> dict[str, Any]:
    """What the apps above say today, as Agreement.contributed keeps it; the statements of each provider."""
    return frozen(
        [Contribution(key, label, tuple(provider())) for key, (label, provider) in sorted(_providers.items())]
    )

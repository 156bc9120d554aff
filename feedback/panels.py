"""What an app above contributes to feedback's pages, without feedback knowing it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The promise that runs on a handoff, in words a rep can act on.

    `left` is business time until the deadline, negative once late (then it is how much business time has passed since);
    `share` is how much of the promised time is used, 0 to 1; `state` is late, soon, later or held. `then` says to the
    owner what happens next if nobody acts, `then_to_others` to everybody else; "" when nothing does.
    """

    target: str
    due_at: dt.datetime
    left: dt.timedelta
    share: float
    state: str
    words: str
    then: str
    then_to_others: str = ""


Provider = Callable[[Sequence[int]], Mapping[int, Promise]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Have `provider` asked for the promises of handoffs (by primary key); called once, when the app above starts."""
    if provider not in _providers:
        _providers.append(provider)


def promises(handoff_ids: Sequence[int]) -> dict[int, Promise]:
    """The most urgent running promise of each handoff that has one; nothing where no app makes promises."""
    found: dict[int, Promise] = {}
    for provider in _providers:
        found.update(provider(handoff_ids))
    return found

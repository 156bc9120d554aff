"""What an app above contributes to feedback's pages, without feedback knowing it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The promise that runs on a handoff, in words a rep can act on.

    `left` is business time until the deadline, negative once late (then it is how much business time has passed since);
    `share` is how much of the promised time is used, 0 to 1; `state` is late, soon, later or held. `then` says to the
    owner what happens next if nobody acts, `then_to_others` to everybody else; "" when nothing does. `is_acknowledged`
    once a manager has said that they deal with it.
    """

    target: str
    due_at: dt.datetime
    left: dt.timedelta
    share: float
    state: str
    words: str
    then: str
    then_to_others: str = ""
    is_acknowledged: bool = False


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What an app above lets a manager do with a handoff that is late: `act(uid, by=person)`, which refuses with the
    four errors. `url_name` is where it is posted for one handoff, `done` follows a count: "3 acknowledged".
    """

    key: str
    label: str
    done: str
    url_name: str
    act: Callable[..., object]


Provider = Callable[[Sequence[int]], Mapping[int, Promise]]
_providers: list[Provider] = []
_deeds: dict[str, Deed] = {}
_proofs: list[str] = []


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


def register_deed(deed: Deed) -> None:
    """Have `deed` offered on the board and beside a late handoff; a second one with the same key takes its place."""
    _deeds[deed.key] = deed


def deeds() -> tuple[Deed, ...]:
    """What the apps above let a manager do, in the order of registration."""
    return tuple(_deeds.values())


def register_proof(url_name: str) -> None:
    """Have the page of a handoff link to how its time is counted, at this address for the handoff's uid."""
    _proofs[:] = [url_name]


def proof_url(uid: UUID) -> str:
    """Where it is said how the time of a handoff is counted; "" where no app counts any."""
    return reverse(_proofs[0], args=[uid]) if _proofs else ""

"""When reps are at work, as the app above knows it, without feedback knowing that app."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AtWork:
    """Whether a rep is at work at an instant, and if not, when they begin (UTC); None: not in sight."""

    now: bool
    opens_at: dt.datetime | None = None


Provider = Callable[[Collection[int], dt.datetime], Mapping[int, AtWork]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Have `provider` asked for the hours of reps (by primary key); called once, when the app above starts."""
    _providers[:] = [provider]


def at_work(rep_ids: Collection[int], at: dt.datetime) -> Mapping[int, AtWork]:
    """The hours at `at` of those reps who have any; who is not in it is always at work."""
    return _providers[0](rep_ids, at) if _providers and rep_ids else {}

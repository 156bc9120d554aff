"""How many messages a person gets at a time: some one by one, what is above them together."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Storm:
    """Up to `above` single messages in any `window`; the rest leaves in one digest, at most once in any `window`."""

    above: int
    window: dt.timedelta

    def keys(self, user_id: int, at: dt.datetime) -> list[str]:
        """The keys of every message to this person that counts for one leaving at `at`.

        Messages are numbered within stretches of one window each, so that those of this stretch and the last are all.
        """
        stretch = self.stretch(at)
        singles = [
            single_key(user_id, number, place) for number in (stretch, stretch - 1) for place in range(self.above)
        ]
        return [*singles, digest_key(user_id, stretch), digest_key(user_id, stretch - 1)]

    def allowance(
        self, user_id: int, *, now: dt.datetime, leaves_at: dt.datetime, written: Mapping[str, dt.datetime]
    ) -> "Allowance":
        """What may be written `now` for this person, whose mail leaves at `leaves_at` (later: their hours are over).

        `written` says when those of `keys(user_id, leaves_at)` that exist were written. Outside a person's hours the
        digest waits, so that what gathers overnight is one message in the morning.
        """
        stretch, since = self.stretch(leaves_at), leaves_at - self.window
        here = sum(single_key(user_id, stretch, place) in written for place in range(self.above))
        before = [written.get(single_key(user_id, stretch - 1, place)) for place in range(self.above)]
        lately = sum(at is not None and at > since for at in before)
        last = written.get(digest_key(user_id, stretch - 1))
        may_digest = (
            leaves_at <= now and digest_key(user_id, stretch) not in written and not (last is not None and last > since)
        )
        return Allowance(max(0, self.above - here - lately), here, may_digest, stretch)

    def stretch(self, at: dt.datetime) -> int:
        """The number of the stretch that `at` lies in."""
        return int(at.timestamp() // self.window.total_seconds())


@dataclass(frozen=True)
class Allowance:
    """So many `singles`, the first of them numbered `first` within `stretch`; and whether a digest."""

    singles: int
    first: int
    may_digest: bool
    stretch: int


def single_key(user_id: int, stretch: int, place: int) -> str:
    """The dedup key of a single message; digests_sql writes the same."""
    return f"told:{user_id}:{stretch}:{place}"


def digest_key(user_id: int, stretch: int) -> str:
    """The dedup key of a digest; digests_sql writes the same."""
    return f"digest:{user_id}:{stretch}"

"""When a failed delivery is tried again, and when it is given up."""

from datetime import timedelta

WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""The waits after the first ten tries; with the first try at once that is eleven tries in about 76 hours."""

SPREAD = 0.2
"""How far a wait may be shortened or lengthened, so that messages which failed together do not return together."""

GIVE_UP_AFTER = timedelta(hours=72)


def next_wait(attempt_count: int, *, age: timedelta, jitter: float) -> timedelta | None:
    """How long to wait after the `attempt_count`-th failed try (from 1) of a message of `age`; None to give up.

    `jitter` from -1 to 1 places the wait within the spread. A message is never given up before it is 72 hours old, even
    when all its waits were shortened.
    """
    if attempt_count <= len(WAITS):
        return WAITS[attempt_count - 1] * (1 + SPREAD * jitter)
    return GIVE_UP_AFTER - age if age < GIVE_UP_AFTER else None

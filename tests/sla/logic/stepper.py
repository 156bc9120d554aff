"""Business time the slow way: look at the local clock minute by minute. Shares nothing with the code it checks.

Exact for instants in between as well, because hours begin and end on whole minutes and the zones used here have offsets
of whole minutes.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def shows_open(document, local):
    """Whether the hours as typed contain what the local clock shows, by comparing texts."""
    overrides, holidays = document.get("date_overrides", {}), document.get("holidays", [])
    today, eve = local.date(), local.date() - timedelta(days=1)
    clock = f"{local:%H:%M}"
    closed = str(today) in holidays and str(today) not in overrides
    if closed:
        return False
    if str(today) in overrides:
        own, spilled = overrides[str(today)], []
    else:
        own = document["weekly"].get(DAY_NAMES[today.weekday()], [])
        spilled = document["weekly"].get(DAY_NAMES[eve.weekday()], [])
    from_eve = [*spilled, *overrides.get(str(eve), [])]
    return any(a <= clock < b if a < b else a <= clock for a, b in own) or any(b < a and clock < b for a, b in from_eve)


class Stepper:
    """The answers for one calendar between two whole UTC minutes."""

    def __init__(self, document, begins, minutes, step=MINUTE):
        zone = ZoneInfo(document["timezone"])
        self.begins, self.step = begins, step
        self.open = [shows_open(document, (begins + n * step).astimezone(zone)) for n in range(minutes)]
        self.before = [0, *accumulate(self.open)]

    def is_open(self, at):
        return self.open[(at - self.begins) // self.step]

    def opened_before(self, at):
        index, rest = divmod(at - self.begins, self.step)
        return self.before[index] * self.step + (rest if rest and self.open[index] else timedelta())

    def between(self, start, end):
        return self.opened_before(end) - self.opened_before(start)

    def add(self, start, amount):
        """None when the amount is not reached inside."""
        if not amount:
            return start
        total = self.opened_before(start) + amount
        whole = -(-total // self.step)
        if whole > self.before[-1]:
            return None
        index = bisect_left(self.before, whole)
        return self.begins + index * self.step - (whole * self.step - total)

    def add_around(self, start, amount, pauses, end):
        """add with pauses, trying one step after the other; whole steps only."""
        at, left = start, amount
        while left > timedelta() and at < end:
            if self.is_open(at) and not any(a <= at < b for a, b in pauses):
                left -= self.step
            at += self.step
        return at if left <= timedelta() else None


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)

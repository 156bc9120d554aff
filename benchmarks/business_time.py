"""Business time against its goals: `python -m benchmarks.business_time`, a few seconds, no database.

Absolute figures are this machine's; the ratios compare the same additions, with the same answers, in the same run.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import numpy as np

from sla.logic.business_time import Calendar

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
DOCUMENT = {
    "timezone": "Europe/Paris",
    "weekly": {day: [["09:00", "12:00"], ["13:00", "17:30"]] for day in WORKDAYS},
    "holidays": ["2026-05-01", "2026-12-25"],
}
PARIS = ZoneInfo("Europe/Paris")
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Case = tuple[datetime, timedelta]
Line = tuple[str, float, str]


def run() -> list[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    cases = _cases(100_000)
    calendar = Calendar.from_dict(DOCUMENT)
    first = _seconds(lambda: calendar.add(*cases[0]))
    expected = [calendar.add(*case) for case in cases]
    adds = len(cases) / min(_seconds(lambda: [calendar.add(*case) for case in cases]) for _ in range(3))
    pairs = [(start, end) for (start, _), end in zip(cases, expected, strict=True)]
    betweens = len(cases) / min(_seconds(lambda: [calendar.between(*pair) for pair in pairs]) for _ in range(3))
    arrays = _array_adds_per_second(calendar, cases, expected)
    minutes = _per_second(_minute_walk, cases[:40], expected)
    lines = [
        ("first answer of a new calendar", first * 1000, "ms"),
        ("add", adds, "per second, goal 500,000"),
        ("between", betweens, "per second"),
        ("add_many", arrays, "per second, goal 5,000,000"),
        ("add : a walk over the minutes", adds / minutes, "times"),
        ("add : a walk over the days", adds / _per_second(_day_walk, cases[:3000], expected), "times"),
    ]
    peer = _peer()
    if peer:
        lines.append(("add : businesstimedelta", adds / _per_second(peer, cases[:400], expected), "times, goal 100"))
    return lines


def _cases(count: int) -> list[Case]:
    chance = random.Random(11)
    return [
        (
            datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(300 * 1440)),
            timedelta(minutes=chance.randrange(10, 40 * 60)),
        )
        for _ in range(count)
    ]


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _per_second(
    add: Callable[[datetime, timedelta], datetime], cases: Sequence[Case], expected: Sequence[datetime]
) -> float:
    answers: list[datetime] = []
    spent = _seconds(lambda: answers.extend(add(*case) for case in cases))
    wrong = sum(answer != right for answer, right in zip(answers, expected, strict=False))
    if wrong:
        raise AssertionError(f"{add} answers {wrong} of {len(cases)} otherwise: the comparison means nothing")
    return len(cases) / spent


def _array_adds_per_second(calendar: Calendar, cases: Sequence[Case], expected: Sequence[datetime]) -> float:
    starts = np.array([(start - EPOCH) // TICK for start, _ in cases] * 10)
    amounts = np.array([amount // TICK for _, amount in cases] * 10)
    reached = calendar.add_many(starts, amounts)
    if reached[: len(cases)].tolist() != [(at - EPOCH) // TICK for at in expected]:
        raise AssertionError("add_many answers otherwise than add")
    return len(starts) / min(_seconds(lambda: calendar.add_many(starts, amounts)) for _ in range(3))


def _hours_on(local_day: datetime) -> list[tuple[datetime, datetime]]:
    if local_day.weekday() > 4 or local_day.date().isoformat() in DOCUMENT["holidays"]:
        return []
    spans = ((time(9), time(12)), (time(13), time(17, 30)))
    return [
        (
            datetime.combine(local_day, opens, PARIS).astimezone(UTC),
            datetime.combine(local_day, closes, PARIS).astimezone(UTC),
        )
        for opens, closes in spans
    ]


def _day_walk(start: datetime, amount: timedelta) -> datetime:
    """Day by day, as one would write it first."""
    day = start.astimezone(PARIS)
    while True:
        for opens, closes in _hours_on(day):
            opens = max(opens, start)
            if opens < closes:
                if closes - opens >= amount:
                    return opens + amount
                amount -= closes - opens
        day += timedelta(days=1)


def _minute_walk(start: datetime, amount: timedelta) -> datetime:
    """Minute by minute, the definition itself."""
    at, minute = start, timedelta(minutes=1)
    while amount:
        local = at.astimezone(PARIS)
        clock = local.time()
        workday = local.weekday() < 5 and local.date().isoformat() not in DOCUMENT["holidays"]
        if workday and (time(9) <= clock < time(12) or time(13) <= clock < time(17, 30)):
            amount -= minute
        at += minute
    return at


def _peer() -> Callable[[datetime, timedelta], datetime] | None:
    """The same calendar in businesstimedelta, None where it is not installed."""
    try:
        import businesstimedelta as peer
        import pytz
    except ImportError:
        return None
    zone = pytz.timezone("Europe/Paris")
    work = peer.WorkDayRule(start_time=time(9), end_time=time(17, 30), working_days=[0, 1, 2, 3, 4], tz=zone)
    lunch = peer.LunchTimeRule(start_time=time(12), end_time=time(13), working_days=[0, 1, 2, 3, 4], tz=zone)
    days = {datetime.fromisoformat(on).date(): "closed" for on in DOCUMENT["holidays"]}
    rules = peer.Rules([work, lunch, peer.HolidayRule(days, tz=zone)])
    return lambda start, amount: start + peer.BusinessTimeDelta(rules, timedelta=amount)


def main() -> None:
    """Print the lines of run."""
    for name, figure, unit in run():
        print(f"{name:<34} {figure:>14,.1f} {unit}")


if __name__ == "__main__":
    main()

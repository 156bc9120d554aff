"""Business time: open time on a calendar, in real seconds, exact to the microsecond.

What counts as open is written down in opening_hours (what people type) and timeline (what a clock change does to it).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from leads.logic.errors import InvalidInput
from sla.logic.opening_hours import (
    DAYS,
    FIRST_YEAR,
    LAST_YEAR,
    Interval,
    lay_out,
    read_holidays,
    read_overrides,
    read_weekly,
    read_zone,
    written,
)
from sla.logic.timeline import Timeline

if TYPE_CHECKING:
    from sla.logic.timeline import Micros

HORIZON = timedelta(days=20 * 366)
"""A deadline further away than this is refused: twenty years."""

Pauses = Iterable[tuple[datetime, datetime]]
"""Pairs of aware instants, from and to, whose open time does not count. They may overlap and come in any order."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HORIZON = HORIZON // _MICROSECOND
_LAST = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
# Pauses belong to a clock, not to a calendar: a document that carries them can be read whole, without them.
_KEYS = frozenset({"timezone", "weekly", "holidays", "date_overrides", "pauses"})


@dataclass(frozen=True)
class Calendar:
    """Opening hours in one zone. Made by from_dict, which checks them; equal when typed equal; safe to share."""

    timezone: str
    weekly: tuple[tuple[Interval, ...], ...]
    holidays: frozenset[date]
    date_overrides: tuple[tuple[date, tuple[Interval, ...]], ...]
    _line: Timeline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        hours = lay_out(self.weekly, holidays=self.holidays, overrides=self.date_overrides)
        object.__setattr__(self, "_line", Timeline(ZoneInfo(self.timezone), hours))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Calendar":
        """The calendar of a JSON document: timezone, weekly, holidays, date_overrides (the last two may be absent).

        InvalidInput names the place to change: timezone, weekly.mon[1], holidays[0], date_overrides.2026-12-24[0].
        A calendar with neither weekly hours nor an override with hours is refused: it would never reach a deadline.
        """
        if not isinstance(raw, Mapping):
            raise InvalidInput("A calendar has a time zone and weekly hours.", field="calendar")
        unknown = sorted(str(key) for key in raw if key not in _KEYS)
        if unknown:
            raise InvalidInput(f"A calendar has no {unknown[0]!r:.40}.", field="calendar")
        calendar = cls(
            timezone=read_zone(raw.get("timezone", "")),
            weekly=read_weekly(raw.get("weekly", {})),
            holidays=read_holidays(raw.get("holidays", ())),
            date_overrides=read_overrides(raw.get("date_overrides", {})),
        )
        if not any(calendar.weekly) and not any(hours for _, hours in calendar.date_overrides):
            raise InvalidInput("This calendar is never open; give it hours on at least one day.", field="weekly")
        return calendar

    def to_dict(self) -> dict[str, Any]:
        """The document that from_dict reads back into an equal calendar, JSON types only, hours as they were typed."""
        return {
            "timezone": self.timezone,
            "weekly": {
                day: [written(pair) for pair in hours] for day, hours in zip(DAYS, self.weekly, strict=True) if hours
            },
            "holidays": [on.isoformat() for on in sorted(self.holidays)],
            "date_overrides": {on.isoformat(): [written(pair) for pair in hours] for on, hours in self.date_overrides},
        }

    def add(self, start: datetime, amount: timedelta, pauses: Pauses = ()) -> datetime:
        """The earliest instant (UTC) by which `amount` of open time outside the pauses has passed since `start`.

        Zero is reached at `start` itself, and an amount that runs out at closing time at closing time. InvalidInput:
        `start` without a zone or outside 1970-2200, a negative amount, an amount not reached within HORIZON.
        """
        begun = _instant(start, "start")
        needed = amount // _MICROSECOND
        if needed <= 0:
            if needed < 0:
                raise InvalidInput("A length of business time is not negative.", field="amount")
            return start.astimezone(UTC)
        latest = begun + _HORIZON
        reached = self._line.advance(begun, needed, latest)
        if pauses and reached is not None:
            total = self._line.opened_before(begun) + needed
            reached = self._after_pauses(reached, total=total, pauses=_merged(pauses, since=begun), latest=latest)
        if reached is None:
            raise _too_far()
        return _EPOCH + reached * _MICROSECOND

    def between(self, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
        """The open time from `start` to `end` outside the pauses; zero when `end` is not after `start`.

        See signed_between for a length that knows its direction. InvalidInput as in add.
        """
        begun, ended = _instant(start, "start"), _instant(end, "end")
        if ended <= begun:
            return timedelta()
        opened_before = self._line.opened_before
        counted = opened_before(ended) - opened_before(begun)
        for paused, resumed in _merged(pauses, since=begun) if pauses else ():
            if paused < ended:
                counted -= opened_before(min(resumed, ended)) - opened_before(paused)
        return counted * _MICROSECOND

    def signed_between(self, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
        """As between, and negative when `end` lies before `start`: what is left until `end`, or how late it is."""
        if _instant(end, "end") < _instant(start, "start"):
            return -self.between(end, start, pauses)
        return self.between(start, end, pauses)

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is open. Opening time is, closing time is not."""
        instant = _instant(at, "at")
        return self._line.next_open(instant, latest=instant) is not None

    def next_open(self, at: datetime) -> datetime | None:
        """The first open instant (UTC) at or after `at`; None when it does not open again within HORIZON."""
        instant = _instant(at, "at")
        found = self._line.next_open(instant, latest=instant + _HORIZON)
        return None if found is None else _EPOCH + found * _MICROSECOND

    def open_intervals(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Open intervals from `start` to `end`, cut to them, in order, UTC [opening, closing); touching ones joined."""
        begun, ended = _instant(start, "start"), _instant(end, "end")
        if ended <= begun:
            return []
        return [(_EPOCH + a * _MICROSECOND, _EPOCH + b * _MICROSECOND) for a, b in self._line.pieces(begun, ended)]

    def add_many(self, starts: "Micros", amounts: "Micros") -> "Micros":
        """add without pauses, for arrays of one shape: int64 microseconds since 1970 UTC, open time; all or nothing."""
        import numpy as np

        if not starts.size:
            return starts.copy()
        _refuse_outside(starts, "start")
        if int(amounts.min()) < 0:
            raise InvalidInput("A length of business time is not negative.", field="amount")
        # No open time is longer than the time it lies in, so nothing above the horizon can be reached within it.
        if int(amounts.max()) > _HORIZON:
            raise _too_far()
        totals = self._line.opened_before_many(starts) + amounts
        reached = self._line.reached_at_many(totals, latest=int(starts.max()) + _HORIZON)
        if not amounts.all():
            reached = np.where(amounts == 0, starts, reached)
        if bool((reached > starts + _HORIZON).any()):
            raise _too_far()
        return reached

    def between_many(self, starts: "Micros", ends: "Micros") -> "Micros":
        """between without pauses for arrays of one shape, in and out as int64 microseconds; all or nothing."""
        import numpy as np

        if not starts.size:
            return starts.copy()
        _refuse_outside(starts, "start")
        _refuse_outside(ends, "end")
        counted: Micros = np.maximum(self._line.opened_before_many(ends) - self._line.opened_before_many(starts), 0)
        return counted

    def _after_pauses(self, reached: int, *, total: int, pauses: Sequence[tuple[int, int]], latest: int) -> int | None:
        """Where `reached` moves to when open time inside the pauses (apart, in order) does not count."""
        for paused, resumed in pauses:
            if reached <= paused:
                return reached
            total += self._line.opened_before(min(resumed, latest)) - self._line.opened_before(paused)
            pushed = self._line.reached_at(total, latest)
            if pushed is None:
                return None
            reached = pushed
        return reached


def _instant(at: datetime, name: str) -> int:
    """Microseconds since 1970 UTC."""
    try:
        since = at - _EPOCH
    except TypeError:
        raise InvalidInput("An instant needs a date, a time and a time zone.", field=name) from None
    instant = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not 0 <= instant < _LAST:
        raise InvalidInput(f"Business time is counted in the years {FIRST_YEAR} to {LAST_YEAR}.", field=name)
    return instant


def _merged(pauses: Pauses, *, since: int) -> list[tuple[int, int]]:
    """The pauses after `since`, in order, overlapping ones joined. InvalidInput for one that ends before it begins."""
    merged: list[tuple[int, int]] = []
    for paused, resumed in sorted((_instant(a, "pauses"), _instant(b, "pauses")) for a, b in pauses):
        if resumed < paused:
            raise InvalidInput("A pause ends after it begins.", field="pauses")
        begins = max(paused, since)
        if merged and begins <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(resumed, merged[-1][1]))
        elif begins < resumed:
            merged.append((begins, resumed))
    return merged


def _refuse_outside(instants: "Micros", name: str) -> None:
    if int(instants.min()) < 0 or int(instants.max()) >= _LAST:
        raise InvalidInput(f"Business time is counted in the years {FIRST_YEAR} to {LAST_YEAR}.", field=name)


def _too_far() -> InvalidInput:
    return InvalidInput("This calendar does not open for that long within twenty years.", field="amount")

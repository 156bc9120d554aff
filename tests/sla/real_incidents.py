"""How often promises were broken in the BPI Challenge 2013, computed from the raw file with pandas alone.

Nothing of LeadLoop is used here: this is what its import and its replay have to agree with. Events are wall-clock
instants in Sweden; offices there are closed when the clocks change, so wall-clock time tells business time exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from pandas.tseries.offsets import CustomBusinessHour

_CLOSED = {"Resolved", "Closed", "In Call", "Cancelled"}


class Event(NamedTuple):
    """One row: `status` is the sub-status, like "Wait - User"; `at` is wall-clock time."""

    at: pd.Timestamp
    status: str
    team: str
    person: str

    @property
    def is_queued(self) -> bool:
        return self.status == "Awaiting Assignment"

    @property
    def is_taken(self) -> bool:
        return self.status in {"In Progress", "Assigned"} or self.is_waiting

    @property
    def is_waiting(self) -> bool:
        return self.status.startswith("Wait")


@dataclass(frozen=True)
class Case:
    """The events of an incident up to its end. `is_closed`: the last of them is its end."""

    impact: str
    events: tuple[Event, ...]
    is_closed: bool


def cases_of(file: Path) -> list[Case]:
    """Every incident of the file."""
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    rows["at"] = pd.to_datetime(rows["time:timestamp"], utc=True).dt.tz_convert("Europe/Stockholm").dt.tz_localize(None)
    found = []
    for _, group in rows.groupby("case:concept:name", sort=False):
        columns = (group[name] for name in ("at", "lifecycle:transition", "org:group", "org:resource"))
        found.append(_case(group["impact"].iloc[0], [Event(*row) for row in zip(*columns, strict=True)]))
    return found


def _case(impact: str, events: list[Event]) -> Case:
    """The end is the first of the closing rows after which neither work nor a change of team follows."""
    if events[-1].status not in _CLOSED:
        return Case(impact, tuple(events), False)
    while len(events) > 1 and events[-2].status in _CLOSED and events[-2].team == events[-1].team:
        events.pop()
    return Case(impact, tuple(events), True)


def waits_for_an_owner(case: Case) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """From when it lay in a queue until somebody took it or it was closed."""
    since = None
    for place, event in enumerate(case.events):
        is_end = case.is_closed and place == len(case.events) - 1
        if event.is_queued:
            since = since if since is not None else event.at
        elif since is not None and (event.is_taken or is_end):
            yield since, event.at
            since = None
    assert since is None, "every queue of this file is left"


def wait_for_the_first_taker(case: Case) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From the first row until somebody took it, or it was closed."""
    taken = next((event.at for event in case.events if event.is_taken), case.events[-1].at)
    return case.events[0].at, taken


def is_late(since: pd.Timestamp, until: pd.Timestamp, office: CustomBusinessHour) -> bool:
    """Whether `until` lies after the deadline of a promise given at `since`.

    Where the time runs out exactly at closing, pandas answers the next opening. No promise ends at an opening, so such
    an answer is taken back to the closing before it: the deadline is the instant at which the time has run out, and who
    comes between the two is late.
    """
    due = since + office
    if due.time() in office.start:
        due = office.rollback(due - pd.Timedelta(1, "h")).floor("min")
    return until > due


def late_settlements(case: Case, office: "Office", hours: int, *, until: pd.Timestamp) -> int:
    """How many promises to settle the case were broken, an open one as it stands at `until`: waits do not count, and
    who is given it late begins anew.

    Time is added up span by span, because pandas adds hours but does not pause them.
    """
    limit, counted, broken, owner, team = hours * 3600.0, 0.0, 0, "", case.events[0].team
    is_running = False
    for event, following in zip(case.events, (*case.events[1:], None), strict=True):
        is_end = case.is_closed and following is None
        now_owner = event.person if event.is_taken else "" if event.is_queued else owner
        is_given = bool(now_owner) and (now_owner, event.team) != (owner, team)
        owner, team = now_owner, event.team
        if is_running and counted > limit and (is_given or is_end):
            broken, counted = broken + 1, 0.0
        is_running = (is_running or event.is_taken) and not is_end
        if is_running and not event.is_waiting:
            counted += office.seconds(event.at, following.at if following else until)
    return broken + (is_running and counted > limit)


@dataclass(frozen=True)
class Office:
    """Weekdays from nine to five, wall-clock time."""

    opens: int = 9
    closes: int = 17

    def seconds(self, since: pd.Timestamp, until: pd.Timestamp) -> float:
        """Open time between the two."""
        days = pd.bdate_range(since.normalize(), until.normalize())
        opens, closes = pd.Timedelta(self.opens, "h"), pd.Timedelta(self.closes, "h")
        spans = (min(until, day + closes) - max(since, day + opens) for day in days)
        return sum(max(0.0, span.total_seconds()) for span in spans)

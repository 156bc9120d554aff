"""Keeping the counts by day: what comes in is added, what turns out to be otherwise is taken away."""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from leads.actions.prepared import prepared_cursor
from leads.models import Engagement


class Key(NamedTuple):
    """Which row of EngagementDay an engagement counts in; `visitor` only while there is no lead."""

    lead_id: int | None
    account_id: int | None
    visitor_id: int | None
    kind: str
    page_group: str
    confidence: int
    happened_on: dt.date


def key_of(row: Engagement) -> Key:
    """Where the engagement counts."""
    lead_id = row.lead_id
    return Key(
        lead_id,
        row.account_id,
        None if lead_id else row.visitor_id,
        row.kind,
        row.page_group,
        row.confidence,
        row.occurred_at.astimezone(dt.UTC).date(),
    )


@dataclass
class _Sum:
    count: int
    seconds: int
    last_at: dt.datetime

    def add(self, count: int, seconds: int, last_at: dt.datetime) -> None:
        self.count += count
        self.seconds += seconds
        self.last_at = max(self.last_at, last_at)


@dataclass
class Counted:
    """What is to be added to the counts and what to be taken from them, summed up by row."""

    more: dict[Key, _Sum] = field(default_factory=dict)
    less: dict[Key, _Sum] = field(default_factory=dict)

    def add(self, row: Engagement) -> None:
        """Count one more. Whatever is new or changed is counted, so that whoever is touched is among it."""
        _add(self.more, key_of(row), (1, row.duration_seconds or 0, row.occurred_at))

    def take(self, key: Key, seconds: int, occurred_at: dt.datetime) -> None:
        """Count one less where it was counted."""
        _add(self.less, key, (1, seconds, occurred_at))

    def bring(self, key: Key, count: int, seconds: int, last_at: dt.datetime) -> None:
        """Count what was counted elsewhere."""
        _add(self.more, key, (count, seconds, last_at))


def _add(sums: dict[Key, _Sum], key: Key, more: tuple[int, int, dt.datetime]) -> None:
    if known := sums.get(key):
        known.add(*more)
    else:
        sums[key] = _Sum(*more)


_COLUMNS = "lead_id, account_id, visitor_id, kind, page_group, confidence, happened_on"
_TYPES = {
    **{"lead_id": "bigint", "account_id": "bigint", "visitor_id": "bigint", "kind": "text", "page_group": "text"},
    **{"confidence": "int", "happened_on": "date", "count": "int", "seconds": "bigint", "last_at": "timestamptz"},
}
# A list for each column, not an object for each row: half the time to write. In one order, whoever gives it.
_GIVEN = f"""(SELECT given.*
    FROM json_to_record(%s::json) AS lists ({", ".join(f"{name} {kind}[]" for name, kind in _TYPES.items())}),
        unnest({", ".join(f"lists.{name}" for name in _TYPES)}) AS given ({", ".join(_TYPES)})
    ORDER BY {", ".join(f"given.{name}" for name in _COLUMNS.split(", "))}) AS given"""

# Touched is a log of its own: who is in it is scored anew.
_MORE = f"""
WITH touched AS (
    INSERT INTO leads_touched (lead_id, account_id)
    SELECT (pair->>0)::bigint, (pair->>1)::bigint FROM json_array_elements(%s::json) AS pair)
INSERT INTO leads_engagementday AS day ({_COLUMNS}, count, duration_seconds, last_at)
SELECT {_COLUMNS}, count, seconds, last_at FROM {_GIVEN}
ON CONFLICT ON CONSTRAINT engagement_day_once DO UPDATE SET
    count = day.count + EXCLUDED.count,
    duration_seconds = day.duration_seconds + EXCLUDED.duration_seconds,
    last_at = greatest(day.last_at, EXCLUDED.last_at)
"""

_SAME = """day.kind = given.kind AND day.page_group = given.page_group AND day.confidence = given.confidence
    AND day.happened_on = given.happened_on AND day.account_id IS NOT DISTINCT FROM given.account_id"""
_SAME_VISIT = """visit.kind = given.kind AND visit.page_group = given.page_group
    AND visit.confidence = given.confidence AND visit.account_id IS NOT DISTINCT FROM given.account_id
    AND visit.occurred_at >= given.happened_on::timestamp AT TIME ZONE 'UTC'
    AND visit.occurred_at < (given.happened_on + 1)::timestamp AT TIME ZONE 'UTC'"""


def _less(owner: str, others: str) -> str:
    """Take away from rows of one kind of owner: a comparison that also holds for two NULLs would use no index.

    What is left is the truth about the last instant; no row stays that counts nothing.
    """
    return f"""
    WITH given AS (SELECT * FROM {_GIVEN}), fewer AS (
        UPDATE leads_engagementday AS day SET count = day.count - given.count,
            duration_seconds = day.duration_seconds - given.seconds,
            last_at = coalesce((SELECT max(visit.occurred_at) FROM leads_engagement AS visit
                WHERE visit.{owner} = given.{owner} {others.format("visit")} AND {_SAME_VISIT}), day.last_at)
        FROM given WHERE day.{owner} = given.{owner} {others.format("day")} AND {_SAME} RETURNING day.id, day.count)
    SELECT id FROM fewer WHERE count = 0"""


_LESS = (
    ("lead", _less("lead_id", "")),
    ("visitor", _less("visitor_id", "AND {0}.lead_id IS NULL")),
    ("account", _less("account_id", "AND {0}.lead_id IS NULL AND {0}.visitor_id IS NULL")),
)


def count(counted: Counted, *, touched: Iterable[Engagement] = ()) -> None:
    """Write it down, and have the leads and accounts of the `touched` engagements scored anew.

    One statement for what is more; what is less takes at most four. Belongs in the transaction that wrote the
    engagements, after it wrote them; whom they are of is locked. Rows are written in one order, whoever writes them.
    """
    pairs = {(row.lead_id, row.account_id) for row in touched} - {(None, None)}
    with prepared_cursor() as cursor:
        if counted.more:
            cursor.execute(_MORE, [json.dumps(list(pairs)), _written(counted.more.items())])
        if counted.less:
            _take_away(cursor, counted.less)


def _take_away(cursor: Any, less: dict[Key, _Sum]) -> None:
    empty: list[int] = []
    for owner, statement in _LESS:
        mine = [(key, much) for key, much in less.items() if _owner(key) == owner]
        if mine:
            cursor.execute(statement, [_written(mine)])
            empty += [pk for (pk,) in cursor.fetchall()]
    if empty:
        cursor.execute("DELETE FROM leads_engagementday WHERE id = ANY(%s) AND count = 0", [empty])


def _owner(key: Key) -> str:
    return "lead" if key.lead_id else "visitor" if key.visitor_id else "account"


def _written(sums: Iterable[tuple[Key, _Sum]]) -> str:
    rows = [(*key, much.count, much.seconds, much.last_at) for key, much in sums]
    return json.dumps(dict(zip(_TYPES, zip(*rows, strict=True), strict=True)), default=str)


_LIFT = """
DELETE FROM leads_engagementday WHERE visitor_id = ANY(%s)
RETURNING visitor_id, kind, page_group, happened_on, count, duration_seconds, last_at
"""


def lift(visitors: Iterable[int]) -> list[tuple[int, str, str, dt.date, int, int, dt.datetime]]:
    """What was counted for these (locked) visitors while they had no lead, taken out of the counts; it is to be
    brought elsewhere in the same transaction. (visitor, kind, page group, day, count, seconds, last instant).
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIFT, [list(visitors)])
        found: list[tuple[int, str, str, dt.date, int, int, dt.datetime]] = cursor.fetchall()
    return found

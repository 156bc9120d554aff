"""Moving open clocks to a calendar's new hours, all of them at once.

The rows travel as PostgreSQL sends them, eight bytes a number: a million clocks cost little more than the UPDATE alone.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from sla.logic.business_time import Calendar
from sla.logic.shifts import shift_many
from sla.models import CalendarVersion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.void]

# Decades before PostgreSQL's own epoch begins, in microseconds; "infinity" is the greatest number there is.
_EPOCH = 946_684_800_000_000
_NEVER = 2**63 - 1
_BATCH = 100_000

# A calendar edit is rare and may take longer than a click: it waits for locks, and no limit cuts it off halfway.
_PATIENCE = """
SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '0', true)
"""

# A held clock is not late while it is held, whatever its deadline was when the hold began.
_OPEN = """
    c.calendar_version_id = ANY(%(versions)s) AND c.state IN ('running', 'held')
    AND (c.state = 'held' OR c.due_at >= coalesce(%(since)s, statement_timestamp()))
"""

_LOCK_HANDOFFS = f"""
WITH locked AS (
    SELECT h.id FROM feedback_handoff h WHERE h.id IN (SELECT c.handoff_id FROM sla_clock c WHERE {_OPEN})
    ORDER BY h.id FOR NO KEY UPDATE
)
SELECT string_agg(int8send(id), ''::bytea) FROM locked
"""

_TAKE = f"""
WITH locked AS MATERIALIZED (
    SELECT c.* FROM sla_clock c WHERE {_OPEN} ORDER BY c.id FOR NO KEY UPDATE
)
SELECT c.calendar_version_id, cardinality(c.step_ats), string_agg(
    int8send(c.id) || int8send(c.handoff_id) || timestamptz_send(c.started_at)
    || timestamptz_send(CASE WHEN c.state = 'held' THEN hold.began_at ELSE '-infinity' END)
    || timestamptz_send(c.due_at) || timestamptz_send(coalesce(c.adjusted_due_at, 'infinity'))
    || int4send(c.next_step) || array_send(c.step_ats || 'infinity'::timestamptz), ''::bytea)
FROM locked c
LEFT JOIN feedback_hold hold ON hold.handoff_id = c.handoff_id AND hold.ended_at IS NULL
GROUP BY 1, 2, c.id / {_BATCH}
"""

_ROOM = """
CREATE TEMPORARY TABLE sla_recount (
    id bigint, handoff_id bigint, due_at timestamptz, adjusted_due_at timestamptz, step_ats timestamptz[]
) ON COMMIT DROP
"""

# A step that was pushed away after a failure stays pushed away.
_MOVE = """
UPDATE sla_clock c SET calendar_version_id = %(version)s, due_at = new.due_at, step_ats = new.step_ats,
    adjusted_due_at = nullif(new.adjusted_due_at, 'infinity'),
    next_action_at = CASE WHEN c.next_action_at = c.step_ats[c.next_step + 1] THEN new.step_ats[c.next_step + 1]
                          ELSE c.next_action_at END
FROM sla_recount new WHERE c.id = new.id
"""

_KEEP_DUE = """
UPDATE feedback_handoff h SET due_at = earliest.due_at
FROM (
    SELECT c.handoff_id, min(c.due_at) AS due_at FROM sla_clock c
    WHERE c.state = 'running' AND c.handoff_id IN (SELECT handoff_id FROM sla_recount) GROUP BY c.handoff_id
) earliest
WHERE h.id = earliest.handoff_id AND h.due_at IS DISTINCT FROM earliest.due_at
"""


@dataclass(frozen=True)
class Taken:
    """Locked clocks: ids of the locked handoffs, and (version, number of steps, rows of that shape) as PostgreSQL sent
    them.
    """

    handoff_ids: bytes = b""
    batches: tuple[tuple[int, int, bytes], ...] = ()


def take(version_ids: Sequence[int], *, since: dt.datetime | None = None) -> Taken:
    """The open clocks that count in these versions and are not past their deadline at `since` (None: now).

    Locks their handoffs, then the clocks, each in the order of id, until the transaction ends; waits up to a minute.
    """
    if not version_ids:
        return Taken()
    with connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        given = {"versions": list(version_ids), "since": since}
        cursor.execute(_LOCK_HANDOFFS, given)
        handoff_ids = cursor.fetchone()[0] or b""
        cursor.execute(_TAKE, given)
        return Taken(handoff_ids, tuple(cursor.fetchall()))


def move(taken: Taken, *, to: CalendarVersion) -> int:
    """How many of the clocks now count in `to`: its hours from published_at on (from the start for a clock that began
    later, from the hold's beginning for a held one), their old hours before.

    Handoff.due_at follows. InvalidInput when the new hours do not reach a deadline within twenty years. The rows are
    those of `take`, in the same transaction.
    """
    if not taken.batches:
        return 0
    versions = {version for version, _, _ in taken.batches}
    hours = dict(CalendarVersion.objects.filter(pk__in=versions).values_list("pk", "hours"))
    old = {pk: Calendar.from_dict(raw) for pk, raw in hours.items()}
    new = Calendar.from_dict(to.hours)
    moved = 0
    with connection.cursor() as cursor:
        cursor.execute(_ROOM)
        for version, steps, raw in taken.batches:
            rows = _of_locked(_read(raw, steps=steps), taken.handoff_ids)
            rows, pivots = _in_time(rows, published_at=to.published_at)
            _shift(rows, pivots=pivots, old=old[version], new=new)
            with cursor.copy("COPY sla_recount FROM STDIN (FORMAT BINARY)") as copy:
                for piece in _written(rows):
                    copy.write(piece)
            moved += rows.size
        # Without figures about the new table the plan would be one for a handful of rows.
        cursor.execute("ANALYZE sla_recount")
        cursor.execute(_MOVE, {"version": to.pk})
        cursor.execute(_KEEP_DUE)
        cursor.execute("DROP TABLE sla_recount")
    return moved


def _read(raw: bytes, *, steps: int) -> "Rows":
    import numpy as np

    element = [("length", ">i4"), ("at", ">i8")]
    sent = np.dtype(
        [(name, ">i8") for name in ("id", "handoff_id", "started_at", "held_at", "due_at", "adjusted_due_at")]
        + [("next_step", ">i4"), ("head", "V20"), ("steps", element, (steps + 1,))]
    )
    return np.frombuffer(raw, sent).copy()


def _of_locked(rows: "Rows", handoff_ids: bytes) -> "Rows":
    """Without clocks that began while the handoffs were being locked: theirs is not, so catch_up moves them later."""
    import numpy as np

    return rows[np.isin(rows["handoff_id"], np.frombuffer(handoff_ids, ">i8"))]


def _in_time(rows: "Rows", *, published_at: dt.datetime) -> "tuple[Rows, Any]":
    """The rows that are not past their deadline, and where old and new hours meet for each."""
    import numpy as np

    published = _micros(published_at)
    held, started = rows["held_at"], rows["started_at"]
    pivots = np.maximum(started, np.where(held > -_NEVER, held, published)).astype(np.int64)
    kept = rows["due_at"] >= pivots
    return rows[kept], pivots[kept]


def _shift(rows: "Rows", *, pivots: Any, old: Calendar, new: Calendar) -> None:
    """Move every instant that lies ahead."""
    import numpy as np

    def moved(ats: Any, since: Any, concerned: Any) -> Any:
        ahead = concerned & (ats != _NEVER)
        known = ats[ahead].astype(np.int64) + _EPOCH
        result = ats.copy()
        result[ahead] = shift_many(known, pivots=since[ahead] + _EPOCH, old=old, new=new) - _EPOCH
        return result

    every = np.ones(rows.size, bool)
    rows["due_at"] = moved(rows["due_at"], pivots, every)
    rows["adjusted_due_at"] = moved(rows["adjusted_due_at"], pivots, every)
    ats = rows["steps"]["at"]
    waiting = np.arange(ats.shape[1]) >= rows["next_step"][:, None]
    rows["steps"]["at"] = moved(ats, np.broadcast_to(pivots[:, None], ats.shape), waiting)


def _written(rows: "Rows") -> Iterator[bytes]:
    """The rows as COPY reads them in its binary format, without the last, endless step."""
    import numpy as np

    steps = rows["steps"].shape[1] - 1
    names = ("id", "handoff_id", "due_at", "adjusted_due_at")
    array = [("ndim", ">i4"), ("flags", ">i4"), ("type", ">i4"), ("count", ">i4"), ("first", ">i4")]
    fields: list[Any] = [("columns", ">i2")]
    for name in names:
        fields += [(f"{name}_length", ">i4"), (name, ">i8")]
    fields += [("steps_length", ">i4"), *array, ("steps", [("length", ">i4"), ("at", ">i8")], (steps,))]
    out = np.zeros(rows.size, np.dtype(fields))
    out["columns"] = len(names) + 1
    for name in names:
        out[f"{name}_length"], out[name] = 8, rows[name]
    out["steps_length"] = 20 + 12 * steps
    out["ndim"], out["type"], out["count"], out["first"] = 1, _TIMESTAMPTZ, steps, 1
    out["steps"] = rows["steps"][:, :steps]
    yield b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    yield out.tobytes()
    yield b"\xff\xff"


def _micros(at: dt.datetime) -> int:
    """Microseconds since PostgreSQL's epoch."""
    return (at - dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


_TIMESTAMPTZ = 1184

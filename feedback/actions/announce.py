"""The last steps of every operation on a handoff, all inside the transaction: the journal, then the signal."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from feedback.logic.rights import Person
from feedback.models import Handoff
from feedback.signals import handoff_changed
from leads.actions import journal
from leads.actions.waking import wake_after

_OVER = frozenset({"rejected", "returned", "won", "lost", "expired", "recalled"})


def announce(
    handoffs: Sequence[Handoff],
    change: str,
    *,
    by: Person,
    at: dt.datetime | None,
    data: dict[str, Any] | None = None,
    note: str = "",
) -> None:
    """Write `handoff.<change>` for each handoff and send handoff_changed once for all of them.

    Who waited for the end of one of them is judged anew. `at` None means each handoff's own `offered_at`. Handoffs come
    with their lead loaded. Receivers run in this transaction and may fail it.
    """
    journal.record_many(
        journal.Entry(
            kind=f"handoff.{change}",
            by=by,
            at=at or handoff.offered_at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data=data or {},
            note=note,
        )
        for handoff in handoffs
    )
    if change in _OVER:
        wake_after(
            leads={one.lead_id for one in handoffs if one.lead_id},
            accounts={one.account_id for one in handoffs if one.account_id},
        )
    handoff_changed.send(sender=Handoff, handoffs=list(handoffs), change=change, at=at, by=by, data=data or {})

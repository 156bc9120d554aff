"""Writing down what happened. There is no action that changes or removes an entry."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from leads.actions.bulk import insert_rows
from leads.logic.actors import Actor
from leads.models import JournalEntry, JournalNote


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is to be written: `kind` is noun.past, `at` an aware instant, `note` words of a person (kept apart)."""

    kind: str
    by: Actor
    at: dt.datetime
    handoff_uid: UUID | None = None
    lead_uid: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def record(entry: Entry) -> JournalEntry:
    """The written entry. Belongs in the transaction of the change it tells of."""
    return record_many([entry])[0]


def record_many(entries: Iterable[Entry]) -> list[JournalEntry]:
    """The written entries, in order; one INSERT, and one more when there are notes."""
    asked = list(entries)
    written = [
        JournalEntry(
            kind=entry.kind,
            handoff_uid=entry.handoff_uid,
            lead_uid=entry.lead_uid,
            actor_id=entry.by.user_id,
            actor_label=entry.by.label[:200],
            via=entry.by.via[:50],
            data=entry.data,
            occurred_at=entry.at,
        )
        for entry in asked
    ]
    insert_rows(JournalEntry, written)
    notes = [JournalNote(entry=row, text=entry.note) for row, entry in zip(written, asked, strict=True) if entry.note]
    insert_rows(JournalNote, notes)
    return written

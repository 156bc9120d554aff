"""Writing engagements down once, however often they are told of."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from leads.actions.bulk import insert_rows, read_rows, update_rows
from leads.actions.counts import Counted, Key, key_of
from leads.actions.upsert import Kept
from leads.models import Engagement, RowResult

# As many as make insert_rows copy, which stops at a conflict.
_COPIED = 200
_LOOKED_FOR = 20

_FACTS = ("kind", "subject", "url", "duration_seconds", "occurred_at", "campaign_id")
_WHOSE = ("lead_id", "account_id", "visitor_id", "confidence")


@dataclass(frozen=True)
class Told:
    """An engagement as it is told of, not written yet; `names_lead`: whether it says itself of which lead it is."""

    row: Engagement
    names_lead: bool


@dataclass
class _Rows:
    """The rows that are known by external id, what is new among them, and what is changed."""

    by_name: dict[tuple[str, str], Engagement] = field(default_factory=dict)
    fresh: list[Engagement] = field(default_factory=list)
    changed: dict[int, Engagement] = field(default_factory=dict)
    counted_in: dict[int, tuple[Key, int, dt.datetime]] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)

    def read(self, rows: Iterable[Engagement]) -> None:
        """Lock and remember what is there by these external ids; one statement."""
        by_system: dict[str, list[str]] = {}
        for row in rows:
            if row.external_id:
                by_system.setdefault(row.external_system, []).append(row.external_id)
        if not by_system:
            return
        part = "(leads_engagement.external_system = %s AND leads_engagement.external_id = ANY(%s))"
        where = f"NOT leads_engagement.external_id = '' AND ({' OR '.join([part] * len(by_system))})"
        params = [value for system, ids in by_system.items() for value in (system, ids)]
        found = read_rows(Engagement, where, params, locked=True)
        self.by_name |= {(row.external_system, row.external_id): row for row in found}

    def take(self, told: Told) -> Kept[Engagement]:
        """What becomes of one: a new row, or a row that was known, brought up to date."""
        row, name = told.row, (told.row.external_system, told.row.external_id)
        known = self.by_name.get(name) if row.external_id else None
        if known is None:
            self.fresh.append(row)
            if row.external_id:
                self.by_name[name] = row
            return Kept(row, RowResult.CREATED)
        new = _changes(known, told)
        if not new:
            return Kept(known, RowResult.UNCHANGED)
        if known.pk and known.pk not in self.changed:
            self.counted_in[known.pk] = key_of(known), known.duration_seconds or 0, known.occurred_at
            self.changed[known.pk] = known
        for column, value in new.items():
            setattr(known, column, value)
        self.columns.update(new)
        return Kept(known, RowResult.UPDATED)

    def lost(self) -> list[Engagement]:
        """What was new, but somebody else wrote first."""
        return [row for row in self.fresh if row.pk is None]


def keep_rows(told: Sequence[Told], *, counted: Counted) -> list[Kept[Engagement]]:
    """The engagements with what was done to each, one per input and in its order; new, changed and moved ones are put
    into `counted`.

    An empty value never overwrites. A known engagement stays where it belongs, unless it is told of another lead now,
    of a visitor where none was known, or of an account where nothing else was. It keeps the page group under which it
    was counted, unless its address changes. At most two statements for what is new and two for what was known, and two
    more when others write the same at the same time. Whom they are of is locked; locks the known rows.
    """
    rows = _Rows()
    # What comes one by one is new as a rule: it is looked for only when it cannot be written.
    if len(told) > _LOOKED_FOR:
        rows.read(one.row for one in told)
    kept = [rows.take(one) for one in told]
    _insert(rows.fresh)
    written = [row for row in rows.fresh if row.pk]
    if lost := rows.lost():
        again = {id(row) for row in lost}
        rows.fresh = []
        rows.read(lost)
        kept = [
            rows.take(Told(one.row, told[at].names_lead)) if id(one.row) in again else one
            for at, one in enumerate(kept)
        ]
    update_rows(Engagement, list(rows.changed.values()), _fields(rows.columns))
    for row in [*written, *rows.changed.values()]:
        counted.add(row)
    for key, seconds, occurred_at in rows.counted_in.values():
        counted.take(key, seconds, occurred_at)
    return kept


def _insert(fresh: list[Engagement]) -> None:
    """Write the rows; one that somebody else wrote meanwhile is left without a primary key."""
    # In one order, so that two who write the same wait for each other in turn.
    fresh.sort(key=lambda row: (row.external_system, row.external_id))
    if len(fresh) >= _COPIED:
        try:
            with transaction.atomic():
                insert_rows(Engagement, fresh)
            return
        except IntegrityError:
            for row in fresh:
                row.pk = None
    insert_rows(Engagement, fresh, skip_conflicts=True)


def _changes(known: Engagement, told: Told) -> dict[str, Any]:
    row = told.row
    new = {
        column: value
        for column in _FACTS
        if (value := getattr(row, column)) not in ("", None) and value != getattr(known, column)
    }
    if "url" in new:
        new["page_group"] = row.page_group
    if _belongs_elsewhere(known, told):
        new |= {column: value for column in _WHOSE if (value := getattr(row, column)) != getattr(known, column)}
        if not row.visitor_id:
            new.pop("visitor_id", None)
    elif row.visitor_id and known.visitor_id is None:
        new["visitor_id"] = row.visitor_id
    return new


def _belongs_elsewhere(known: Engagement, told: Told) -> bool:
    row = told.row
    if told.names_lead:
        return row.lead_id != known.lead_id
    if known.lead_id is not None:
        return False
    if row.visitor_id:
        return known.visitor_id is None
    return known.visitor_id is None and row.account_id not in (None, known.account_id)


def _fields(columns: Iterable[str]) -> list[str]:
    return sorted(column.removesuffix("_id") for column in columns)

"""Visitors: who is known only by a browser, to which account a tool says it belongs, and who it turned out to be."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias
from uuid import UUID

from django.db import connection, transaction

from leads.actions.bulk import insert_rows, read_rows, update_rows
from leads.actions.clock import instant
from leads.actions.counts import Counted, Key, count, lift
from leads.actions.journal import Entry, record_many
from leads.logic.actors import SYSTEM, Actor
from leads.logic.errors import InvalidInput, NotFound
from leads.logic.text import one_line
from leads.models import LawfulBasis, Lead, Visitor

# (external system, external id)
Name: TypeAlias = tuple[str, str]
_BASES = frozenset(LawfulBasis.values)


@dataclass(frozen=True, kw_only=True)
class VisitorInput:
    """A browser, by the id that its website or tool gave it.

    The account it belongs to is that of the engagement. `tool` names who says so, with its `confidence` in percent
    (None: the tool says none, and is believed) and the LawfulBasis of saying so.
    """

    external_id: str
    external_system: str = ""
    tool: str = ""
    confidence: int | None = None
    lawful_basis: str = ""


def clean_visitor(given: VisitorInput, *, has_account: bool) -> VisitorInput:
    """The same visitor with every field trimmed and checked. InvalidInput(visitor.<field>).

    An account that a tool found needs a lawful basis. An account that no tool found is known: confidence 100.
    """
    lengths = {"external_system": 50, "external_id": 200, "tool": 50, "lawful_basis": 20}
    text = {
        name: one_line(getattr(given, name), field=f"visitor.{name}", longest=longest)
        for name, longest in lengths.items()
    }
    if not text["external_id"]:
        raise InvalidInput("A visitor needs an external_id.", field="visitor.external_id")
    sure = given.confidence
    if sure is not None and (isinstance(sure, bool) or not isinstance(sure, int) or not 0 <= sure <= 100):
        raise InvalidInput("confidence is a whole number from 0 to 100.", field="visitor.confidence")
    if text["lawful_basis"] and text["lawful_basis"] not in _BASES:
        known = ", ".join(LawfulBasis.values)
        raise InvalidInput(f"lawful_basis must be one of: {known}.", field="visitor.lawful_basis")
    if has_account and text["tool"] and not text["lawful_basis"]:
        raise InvalidInput("An account that a tool found needs a lawful_basis.", field="visitor.lawful_basis")
    return VisitorInput(**text, confidence=sure if text["tool"] and sure is not None else 100)


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A visitor did something at `at` (aware): `account_id` is where they belong, `lead` (locked) who they say they
    are.
    """

    visitor: VisitorInput
    at: dt.datetime
    account_id: int | None = None
    lead: Lead | None = None


@dataclass(frozen=True)
class Seen:
    """Whose sighting it was: `lead_id` when the visitor is known, else the account of the visitor, as sure as
    `confidence` says.
    """

    visitor: Visitor
    lead_id: int | None


def leads_of(given: Iterable[VisitorInput]) -> dict[Name, int]:
    """The primary keys of the leads that these visitors are known to be, by (external system, external id). One
    statement, no locks.
    """
    where, params = _named({name_of(one) for one in given})
    columns = "external_system, external_id, lead_id"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM leads_visitor WHERE {where} AND lead_id IS NOT NULL", params)
        return {(system, external_id): lead_id for system, external_id, lead_id in cursor.fetchall()}


def keep_visitors(given: Sequence[Sighting], *, counted: Counted) -> list[Seen]:
    """Whose each sighting was, in its order; visitors who are not known yet are made.

    The surer of two identifications is kept: a tool's is replaced by one with a higher confidence, together with the
    account of all that the visitor did. A visitor who names a lead becomes it, and with them what they did so far
    (stitch). **Who names a second lead** (a shared computer, a form filled in for a colleague) is that one from then
    on: what was taken in before stays with the first, what is taken in after belongs to the second; the order in which
    it comes in decides, not the order in which it happened.

    Locks the visitors, in the order of primary keys; the leads are locked before. What moves is put into `counted`,
    which the caller writes down. Silent but for the journal (visitor.identified). At most eight statements.
    """
    if not given:
        return []
    rows, made = _locked_or_made({name_of(one.visitor): one.visitor for one in given})
    before = {row.pk: (row.lead_id, row.account_id, row.confidence) for row in rows.values()}
    named: dict[int, Lead] = {}
    entries: list[Entry] = []
    seen = []
    for one in given:
        row = rows[name_of(one.visitor)]
        _identify(row, one)
        if one.lead and row.lead_id != one.lead.pk:
            if row.lead_id is None:
                named[row.pk] = one.lead
            row.lead, row.identified_at = one.lead, one.at
            entries.append(_entry(row, one.lead, by=SYSTEM, at=one.at))
        seen.append(Seen(row, row.lead_id))
    changed = [row for row in rows.values() if before[row.pk] != (row.lead_id, row.account_id, row.confidence)]
    update_rows(Visitor, changed, _KEPT)
    _move([_where_to(row, named.get(row.pk)) for row in changed if row.pk not in made and _moves(row, before)], counted)
    record_many(entries)
    return [Seen(one.visitor, named[one.visitor.pk].pk) if _was_stitched(one, named) else one for one in seen]


def _was_stitched(one: Seen, named: dict[int, Lead]) -> bool:
    return one.lead_id is None and one.visitor.pk in named


@transaction.atomic
def stitch(visitor_uid: UUID, lead_uid: UUID, *, by: Actor, at: dt.datetime | None = None) -> Visitor:
    """The visitor, known to be this lead since `at` (aware; None: now): what they did so far becomes the lead's.

    Engagements and counts move without news: no engaged, no clock, no offer. A visitor who is this lead already stays
    as they are; who was another lead is this one from now on, and what they did before stays the other's. NotFound.
    Locks the lead, then the visitor. Journals visitor.identified.
    """
    lead = Lead.objects.select_for_update(no_key=True).filter(uid=lead_uid, merged_into=None).first()
    visitor = Visitor.objects.select_for_update(no_key=True).filter(uid=visitor_uid).first()
    if lead is None or visitor is None:
        raise NotFound("There is no such visitor or lead.")
    if visitor.lead_id == lead.pk:
        return visitor
    is_first, since, counted = visitor.lead_id is None, instant(at), Counted()
    visitor.lead, visitor.identified_at = lead, since
    update_rows(Visitor, [visitor], _KEPT)
    if is_first:
        _move([_where_to(visitor, lead)], counted)
        count(counted)
    record_many([_entry(visitor, lead, by=by, at=since)])
    return visitor


def name_of(given: VisitorInput | Visitor) -> Name:
    """How the visitor is known: (external system, external id)."""
    return given.external_system, given.external_id


_KEPT = ("account", "lead", "tool", "confidence", "lawful_basis", "identified_at")


def _named(names: Collection[Name]) -> tuple[str, list[str | list[str]]]:
    """SQL that holds for the visitors of these names, and its parameters."""
    by_system: dict[str, list[str]] = {}
    for system, external_id in names:
        by_system.setdefault(system, []).append(external_id)
    part = "(leads_visitor.external_system = %s AND leads_visitor.external_id = ANY(%s))"
    where = f"NOT leads_visitor.external_id = '' AND ({' OR '.join([part] * len(by_system))})"
    return where, [value for pair in by_system.items() for value in pair]


def _locked(names: Collection[Name]) -> dict[Name, Visitor]:
    where, params = _named(names)
    return {name_of(row): row for row in read_rows(Visitor, where, params, locked=True)}


def _locked_or_made(asked: dict[Name, VisitorInput]) -> tuple[dict[Name, Visitor], set[int]]:
    rows = _locked(asked)
    fresh = [
        Visitor(external_system=system, external_id=external_id)
        for system, external_id in sorted(asked.keys() - rows.keys())
    ]
    insert_rows(Visitor, fresh, skip_conflicts=True)
    made = {row.pk for row in fresh if row.pk}
    rows |= {name_of(row): row for row in fresh if row.pk}
    if lost := asked.keys() - rows.keys():
        # Made by somebody else meanwhile.
        rows |= _locked(lost)
    return rows, made


def _identify(row: Visitor, one: Sighting) -> None:
    sure = one.visitor.confidence or 0
    if one.account_id is None or (row.account_id is not None and sure <= (row.confidence or 0)):
        return
    row.account_id, row.confidence = one.account_id, sure
    row.tool, row.lawful_basis = one.visitor.tool, one.visitor.lawful_basis


class _Where(NamedTuple):
    visitor_id: int
    lead_id: int | None
    account_id: int | None
    confidence: int


def _where_to(row: Visitor, lead: Lead | None) -> _Where:
    """Where belongs what the visitor did so far."""
    if lead:
        return _Where(row.pk, lead.pk, lead.account_id, 100)
    return _Where(row.pk, None, row.account_id, sureness(row))


def sureness(row: Visitor) -> int:
    """How sure it is that what the visitor does belongs to its account, in percent; 100 without an account."""
    return 100 if row.account_id is None or row.confidence is None else row.confidence


def _moves(row: Visitor, before: dict[int, tuple[int | None, int | None, int | None]]) -> bool:
    """Whether what the visitor did so far belongs elsewhere now: not what was a lead's already."""
    return before[row.pk][0] is None


_MOVE = """
UPDATE leads_engagement AS visit
SET lead_id = given.lead_id, account_id = given.account_id, confidence = given.confidence
FROM json_to_recordset(%s::json) AS given (visitor_id bigint, lead_id bigint, account_id bigint, confidence int)
WHERE visit.visitor_id = given.visitor_id AND visit.lead_id IS NULL
"""


def _move(given: Sequence[_Where], counted: Counted) -> None:
    """Have what the visitors did while nobody knew them belong where it belongs now; the counts are lifted out of
    EngagementDay and put into `counted`.
    """
    if not given:
        return
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [json.dumps([one._asdict() for one in given])])
    where = {one.visitor_id: one for one in given}
    for visitor_id, kind, group, day, number, seconds, last_at in lift(where):
        to = where[visitor_id]
        visitor = None if to.lead_id else visitor_id
        key = Key(to.lead_id, to.account_id, visitor, kind, group, to.confidence, day)
        counted.bring(key, number, seconds, last_at)


def _entry(visitor: Visitor, lead: Lead, *, by: Actor, at: dt.datetime) -> Entry:
    data = {"visitor": str(visitor.uid), "lead": str(lead.uid)}
    return Entry(kind="visitor.identified", by=by, at=at, lead_uid=lead.uid, data=data)

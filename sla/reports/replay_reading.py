"""Reading the past for a replay: handoffs in order of their offer, a piece at a time, with their journal as columns.

The rows travel as PostgreSQL sends them, eight bytes a number, and each piece has a short transaction of its own: a
snapshot that is open for long makes everything else slow.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.db import connection

from sla.logic.replay_facts import TALKED, Fact, Judge, Past, micros
from sla.logic.rules import OF_OWNER, OF_REGION

if TYPE_CHECKING:
    from sla.logic.replay_facts import Ints

PIECE = 50_000
# PostgreSQL counts from 2000.
_EPOCH = 946_684_800_000_000
_KINDS = ("call", "mail", "meeting", "message")

_WHICH = """
    h.offered_at >= %(begins_at)s AND h.offered_at < %(ends_at)s AND (h.offered_at, h.id) > (%(after_at)s, %(after_id)s)
"""

_COUNT = "SELECT count(*) FROM feedback_handoff WHERE offered_at >= %(begins_at)s AND offered_at < %(ends_at)s"

# One row with a column of bytes for each column: row by row, taking them apart costs more than finding them.
_HANDOFFS = f"""
SELECT string_agg(int8send(id), ''), string_agg(timestamptz_send(offered_at), ''), string_agg(int8send(team_id), ''),
    string_agg(int8send(coalesce(owner_id, 0)), ''), string_agg(uuid_send(uid), '')
FROM (SELECT h.* FROM feedback_handoff h WHERE {_WHICH} ORDER BY h.offered_at, h.id LIMIT %(limit)s) h
"""

# The offer is the handoff's own row. Attempts come first because there are the most of them.
_CODES = {
    "attempt.logged": Fact.ATTEMPTED,
    "handoff.accepted": Fact.ACCEPTED,
    "handoff.rejected": Fact.REJECTED,
    "handoff.qualified": Fact.QUALIFIED,
    "handoff.returned": Fact.RETURNED,
    "handoff.reassigned": Fact.GIVEN,
    "handoff.turned_back": Fact.TURNED_BACK,
    "handoff.expired": Fact.EXPIRED,
    "handoff.won": Fact.WON,
    "handoff.lost": Fact.LOST,
    "handoff.recalled": Fact.RECALLED,
    "handoff.released": Fact.RELEASED,
    "handoff.held": Fact.HELD,
    "handoff.resumed": Fact.RESUMED,
    "handoff.undone": Fact.UNDONE,
}
_CODE = " ".join(f"WHEN '{kind}' THEN {code:d}" for kind, code in _CODES.items())
_ATTEMPT = " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(_KINDS))
_WAS = " ".join(f"WHEN '{kind[8:]}' THEN {code:d}" for kind, code in _CODES.items() if kind.startswith("handoff."))
# Without hours of their own it only matters whether there is an owner.
_NAMELESS = "(j.data ->> '{}' IS NOT NULL)::int"
_NAMED = "coalesce((SELECT r.id FROM feedback_rep r WHERE r.uid = (j.data ->> '{}')::uuid), 0)"

_FACTS = f"""
SELECT string_agg(int8send(h.id), ''), string_agg(int8send(j.id), ''),
    string_agg(timestamptz_send(greatest(j.occurred_at, h.offered_at)), ''),
    string_agg(int8send(CASE j.kind {_CODE} END), ''),
    string_agg(int8send(CASE j.kind
        WHEN 'attempt.logged' THEN
            CASE j.data ->> 'kind' {_ATTEMPT} ELSE {len(_KINDS)} END
            + CASE WHEN (j.data ->> 'is_two_way')::boolean THEN {TALKED} ELSE 0 END
        WHEN 'handoff.reassigned' THEN {{to}}
        WHEN 'handoff.held' THEN (j.data ->> 'owed_by' = 'prospect')::int
        WHEN 'handoff.undone' THEN CASE j.data ->> 'was' {_WAS} ELSE 0 END
        ELSE 0 END), ''),
    string_agg(int8send(CASE WHEN j.kind IN ('handoff.reassigned', 'handoff.released') THEN {{from}} ELSE 0 END), '')
FROM feedback_handoff h JOIN leads_journalentry j ON j.handoff_uid = h.uid
WHERE {_WHICH} AND (h.offered_at, h.id) <= (%(last_at)s, %(last_id)s)
    AND j.kind = ANY(%(kinds)s) AND j.occurred_at <= %(until)s
"""

_FIELDS = {
    "channel": "h.channel",
    "fit": "h.fit",
    "intent": "h.intent",
    "campaign": "c.name",
    "team": "t.name",
    "region": "a.country",
    "account_industry": "a.industry",
    "account_employees": "a.employee_count",
    "account_name": "a.name",
    "lead_title": "l.title",
    "lead_email": "l.email",
}
_JOINS = {
    "c.": "LEFT JOIN leads_campaign c ON c.id = h.campaign_id",
    "t.": "JOIN feedback_team t ON t.id = h.team_id",
    "a.": "LEFT JOIN leads_account a ON a.id = h.account_id",
    "l.": "LEFT JOIN leads_lead l ON l.id = h.lead_id",
}


@dataclass(frozen=True)
class Span:
    """Which handoffs, and how far they are followed: begins_at <= offered_at < ends_at, facts up to `until`."""

    begins_at: dt.datetime
    ends_at: dt.datetime
    until: dt.datetime


@dataclass(frozen=True)
class Place:
    """The last handoff of a piece; the next piece begins behind it."""

    offered_at: dt.datetime
    id: int


@dataclass(frozen=True)
class Piece:
    """Part of the past: its columns, the uids of its handoffs, and the parameters of statements that choose it again.

    `ruled` among those are the ids of handoffs that the rules apply to.
    """

    past: Past
    uids: bytes
    last: Place
    chosen: Mapping[str, Any]

    def uid(self, place: int) -> UUID:
        """The uid of one handoff."""
        return UUID(bytes=self.uids[16 * place : 16 * place + 16])


def count_of(span: Span) -> int:
    """How many handoffs the span holds; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"begins_at": span.begins_at, "ends_at": span.ends_at})
        return int(cursor.fetchone()[0])


def read_piece(span: Span, judge: Judge, *, after: Place | None, limit: int = PIECE) -> Piece | None:
    """The next handoffs of the span and what happened to them; None at its end. Two or three statements."""
    chosen: dict[str, Any] = {
        "begins_at": span.begins_at,
        "ends_at": min(span.ends_at, span.until + dt.timedelta(microseconds=1)),
        "after_at": after.offered_at if after else span.begins_at,
        "after_id": after.id if after else 0,
        "until": span.until,
    }
    ids, offered, team, owner, uids = _columns(_HANDOFFS, {**chosen, "limit": limit})
    if not len(ids):
        return None
    offered += _EPOCH
    last = Place(dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(offered[-1])), int(ids[-1]))
    chosen |= {"last_at": last.offered_at, "last_id": last.id}
    rule, country, countries = _ruled(judge, chosen, offered)
    chosen["ruled"] = ids[rule >= 0].tolist()
    facts = _facts(judge, chosen, ids=ids, offered=offered, owner=owner)
    past = Past(
        offered=offered,
        team=team,
        rule=rule,
        country=country,
        countries=countries,
        **facts,
    )
    return Piece(past, uids.astype(">i8").tobytes(), last, chosen)


def _facts(
    judge: Judge, chosen: Mapping[str, Any], *, ids: "Ints", offered: "Ints", owner: "Ints"
) -> "dict[str, Ints]":
    """The columns of facts: each handoff's offer, then its journal in order of time."""
    is_named = any(target.counts_in == OF_OWNER for rules in judge.rules for target in rules.targets.values())
    written = _NAMED if is_named else _NAMELESS
    statement = _FACTS.replace("{to}", written.format("to")).replace("{from}", written.format("from"))
    handoffs, entries, ats, kinds, tos, befores = _columns(statement, {**chosen, "kinds": list(_CODES)})
    by_id = np.argsort(ids)
    who = by_id[np.searchsorted(ids, handoffs, sorter=by_id)]
    order = np.lexsort((entries, ats, who))
    who, at, fact, to, before = who[order], ats[order] + _EPOCH, kinds[order], tos[order], befores[order]
    first_owner = owner.copy() if is_named else (owner > 0).astype(np.int64)
    moves = np.flatnonzero((fact == Fact.GIVEN) | (fact == Fact.RELEASED))[::-1]
    # Backwards, so that the first move has the last word: before it, the handoff was the first owner's.
    first_owner[who[moves]] = before[moves]
    size = len(ids)
    who = np.concatenate([np.arange(size), who])
    order = np.argsort(who, kind="stable")
    return {
        "who": who[order],
        "fact": np.concatenate([np.full(size, int(Fact.OFFERED)), fact])[order],
        "at": np.concatenate([offered, at])[order],
        "to": np.concatenate([first_owner, to])[order],
    }


def _ruled(judge: Judge, chosen: Mapping[str, Any], offered: "Ints") -> "tuple[Ints, Ints, tuple[str, ...]]":
    """For each handoff which of the rules applies and where its country stands among those returned."""
    needs = sorted(set().union(*(rules.needs for rules in judge.rules)))
    by_country = any(target.counts_in == OF_REGION for rules in judge.rules for target in rules.targets.values())
    names = [*needs, *(["region"] if by_country and "region" not in needs else [])]
    size = len(offered)
    known, which = _known(names, chosen) if names else ([()], np.zeros(size, np.int64))
    rule = np.full(size, -1, np.int64)
    for place in reversed(range(len(judge.rules))):
        rules = judge.rules[place]
        holds = np.array(
            [all(one.holds(dict(zip(names, facts, strict=True))) for one in rules.conditions) for facts in known]
        )
        applies = holds[which] & (offered >= micros(rules.valid_from))
        if rules.valid_until:
            applies &= offered < micros(rules.valid_until)
        rule[applies] = place
    if not by_country:
        return rule, np.full(size, -1, np.int64), ()
    countries = [facts[names.index("region")] or "" for facts in known]
    return rule, which, tuple(countries)


def _known(names: Sequence[str], chosen: Mapping[str, Any]) -> "tuple[list[tuple[Any, ...]], Ints]":
    """The different facts that conditions ask for, and which of them each handoff has; one statement."""
    columns = [_FIELDS[name] for name in names]
    joins = " ".join(join for table, join in _JOINS.items() if any(column.startswith(table) for column in columns))
    places: dict[tuple[Any, ...], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM feedback_handoff h {joins} WHERE {_WHICH}"
            " AND (h.offered_at, h.id) <= (%(last_at)s, %(last_id)s) ORDER BY h.offered_at, h.id",
            chosen,
        )
        which = np.array([places.setdefault(facts, len(places)) for facts in cursor.fetchall()], np.int64)
    return list(places), which


def _columns(statement: str, given: Mapping[str, Any]) -> "list[Ints]":
    """The columns of a statement that answers with one row of bytes, eight for each number; empty for no rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [np.frombuffer(column or b"", ">i8").astype(np.int64) for column in cursor.fetchone()]

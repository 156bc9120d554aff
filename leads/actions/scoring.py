"""Writing where leads and accounts stand: those just touched, and everybody once a day.

A score changes while nobody does anything, because what was done counts for less every day.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.db import connection, transaction

from leads.actions.clock import database_now
from leads.logic import qualifying
from leads.logic.agreement import ACCOUNT, LEAD
from leads.logic.scoring import Score, horizon
from leads.models import ScoringPass, Standing
from leads.reports.agreements import InForce, in_force
from leads.reports.score_sums import ACCOUNTS, LEADS, Sums
from leads.reports.scores import subjects

# Since when a rule is met stays as it was while it goes on being met.
_KEEP = """
INSERT INTO leads_standing ({who}, agreement_id, fit, intent, parts, rule, why, held_back, again_at, met_at, scored_at)
SELECT who, %(agreement)s, fit, intent, parts, rule, why, held_back, again_at, met_at, %(at)s
FROM json_to_recordset(%(rows)s::json) AS given (who bigint, fit smallint, intent smallint, parts jsonb, rule text,
    why text, held_back text, again_at timestamptz, met_at timestamptz)
ORDER BY who
ON CONFLICT ({who}) DO UPDATE SET agreement_id = EXCLUDED.agreement_id, fit = EXCLUDED.fit,
    intent = EXCLUDED.intent, parts = EXCLUDED.parts, rule = EXCLUDED.rule, why = EXCLUDED.why,
    held_back = EXCLUDED.held_back, again_at = EXCLUDED.again_at, scored_at = EXCLUDED.scored_at,
    met_at = CASE WHEN leads_standing.rule = EXCLUDED.rule THEN leads_standing.met_at ELSE EXCLUDED.met_at END
"""
# Leaves alone what would stay the same, and whoever was scored since this began; says nothing of rules.
_RESCORE = """
INSERT INTO leads_standing ({who}, agreement_id, fit, intent, parts, rule, why, held_back, scored_at)
SELECT given.who, %(agreement)s, given.fit, given.intent, given.parts, '', '', '', %(at)s
FROM json_to_recordset(%(rows)s::json) AS given (who bigint, fit smallint, intent smallint, parts jsonb)
LEFT JOIN leads_standing AS old ON old.{who} = given.who
WHERE old.id IS NULL OR (old.agreement_id, old.fit, old.intent, old.parts)
    IS DISTINCT FROM (%(agreement)s, given.fit, given.intent, given.parts)
ORDER BY given.who
ON CONFLICT ({who}) DO UPDATE SET agreement_id = EXCLUDED.agreement_id, fit = EXCLUDED.fit,
    intent = EXCLUDED.intent, parts = EXCLUDED.parts, scored_at = EXCLUDED.scored_at
WHERE leads_standing.scored_at <= EXCLUDED.scored_at
"""
# Who meets another rule than before, or none, and was not judged anew meanwhile.
_RULE = """
UPDATE leads_standing AS old SET rule = given.rule, why = given.why,
    held_back = CASE WHEN given.rule = '' THEN '' ELSE old.held_back END,
    again_at = CASE WHEN given.rule = '' THEN NULL ELSE old.again_at END,
    met_at = CASE WHEN given.rule = '' THEN NULL WHEN given.rule = old.rule THEN old.met_at ELSE %(at)s END
FROM json_to_recordset(%(rows)s::json) AS given (id bigint, old_rule text, rule text, why text)
WHERE old.id = given.id AND old.rule = given.old_rule AND old.scored_at <= %(at)s
    AND (old.rule, old.why) IS DISTINCT FROM (given.rule, given.why)
"""
_CLAIM = """
INSERT INTO leads_scoringpass (scored_on, agreement_id, claimed_until)
VALUES (%(on)s, %(agreement)s, clock_timestamp() + %(lease)s * interval '1 second')
ON CONFLICT (scored_on, agreement_id) DO UPDATE SET claimed_until = EXCLUDED.claimed_until
WHERE leads_scoringpass.finished_at IS NULL AND leads_scoringpass.claimed_until <= clock_timestamp()
RETURNING id
"""
_CHUNK = 10_000
_LEASE = dt.timedelta(minutes=2)
_LONGEST_WHY, _LONGEST_HELD_BACK = 500, 300


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What was found of a lead or (`lead_id` None) an account; `rule` is the key of the MQL rule that is met, "" for
    none, `met_at` when it was found met; who is `held_back` is judged anew at `again_at`.
    """

    lead_id: int | None
    account_id: int | None
    fit: Score
    intent: Score
    rule: str = ""
    why: str = ""
    held_back: str = ""
    again_at: dt.datetime | None = None
    met_at: dt.datetime | None = None


def keep(rows: Sequence[Scored], *, agreement_pk: int, at: dt.datetime) -> None:
    """Write the standings under the agreement, leads by primary key and then accounts; two statements at most.

    `met_at` stays as it was where the same rule was met before. The last one counts of who is named twice.
    """
    leads = {row.lead_id: row for row in rows if row.lead_id is not None}
    accounts = {row.account_id: row for row in rows if row.lead_id is None and row.account_id is not None}
    for who, found in (("lead_id", leads), ("account_id", accounts)):
        if not found:
            continue
        given = json.dumps([_written(pk, row) for pk, row in found.items()])
        with connection.cursor() as cursor:
            cursor.execute(_KEEP.format(who=who), {"rows": given, "agreement": agreement_pk, "at": at})


def rescore_all(*, at: dt.datetime | None = None) -> int:
    """How many standings changed when every lead and account with a standing, or with something done that still counts,
    was scored as of the UTC day of `at` (now). 0 while no agreement is in force.

    Thousands at a time, a transaction and a fixed number of statements each. Offers nobody. A standing whose rule is no
    longer met loses it; who was scored by anybody else meanwhile is left alone.
    """
    ruling = in_force()
    if ruling is None:
        return 0
    on = (at or database_now()).astimezone(dt.UTC).date()
    return sum(
        _rescore_chunk(sums, ids, ruling=ruling) for sums in _both(ruling, on=on) for ids in _chunks(sums, after=0)
    )


def rescore_due(*, seconds: float = 20.0) -> int:
    """How many standings changed; goes on with today's pass over everybody for about so many seconds.

    There is one for each UTC day and agreement, so that a new agreement is followed by one of its own. Whoever works on
    it has claimed it; what was reached is kept after each chunk. 0 when it is finished, claimed by another, or no
    agreement is in force.
    """
    ruling = in_force()
    if ruling is None:
        return 0
    on = database_now().date()
    claimed = _claimed(ruling, on=on)
    if claimed is None:
        return 0
    until, changed = monotonic() + seconds, 0
    for sums in _both(ruling, on=on):
        reached = "last_lead_id" if sums.who == LEADS else "last_account_id"
        for ids in _chunks(sums, after=getattr(claimed, reached)):
            changed += _rescore_chunk(sums, ids, ruling=ruling)
            _move(claimed, **{reached: ids[-1], "claimed_until": database_now() + _LEASE})
            if monotonic() > until:
                _move(claimed, claimed_until=database_now())
                return changed
    _move(claimed, finished_at=database_now())
    return changed


def _both(ruling: InForce, *, on: dt.date) -> Iterable[Sums]:
    return (Sums(who=LEADS, agreement=ruling.agreement, on=on), Sums(who=ACCOUNTS, agreement=ruling.agreement, on=on))


def _chunks(sums: Sums, *, after: int) -> Iterable[list[int]]:
    while ids := sums.ids(after=after, limit=_CHUNK):
        yield ids
        after = ids[-1]


def _claimed(ruling: InForce, *, on: dt.date) -> ScoringPass | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"on": on, "agreement": ruling.pk, "lease": _LEASE.total_seconds()})
        row = cursor.fetchone()
    return ScoringPass.objects.get(pk=row[0]) if row else None


def _move(claimed: ScoringPass, **values: object) -> None:
    ScoringPass.objects.filter(pk=claimed.pk).update(**values)


def _rescore_chunk(sums: Sums, ids: Sequence[int], *, ruling: InForce) -> int:
    at = database_now()
    rows = [
        {"who": pk, "fit": fit.value, "intent": intent.value, "parts": {"fit": fit.parts, "intent": intent.parts}}
        for pk, fit, intent in sums.scores(ids)
    ]
    judged = _judged(sums, ids, ruling=ruling)
    # One order of rows, the same as in `keep`: neither waits for the other in a circle.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RESCORE.format(who=sums.who), {"rows": json.dumps(rows), "agreement": ruling.pk, "at": at})
        changed = int(cursor.rowcount)
        if judged:
            cursor.execute(_RULE, {"rows": json.dumps(judged), "at": at})
        return changed


def _judged(sums: Sums, ids: Sequence[int], *, ruling: InForce) -> list[dict[str, Any]]:
    """What each of those who met a rule so far meets now."""
    met = Standing.objects.filter(**{f"{sums.who}__gte": ids[0], f"{sums.who}__lte": ids[-1]}).exclude(rule="")
    rows = {pk: (standing, rule) for pk, standing, rule in met.values_list(sums.who, "pk", "rule")}
    of, asked = (LEAD, "lead_ids") if sums.who == LEADS else (ACCOUNT, "account_ids")
    found = subjects(**{asked: list(rows)}, on=sums.on, within_days=horizon(ruling.agreement)) if rows else []
    judged = []
    for one in found:
        subject = one.lead or one.account
        assert subject is not None
        standing, old_rule = rows[subject.pk]
        verdict = qualifying.judge(ruling.agreement, one.facts, one.days, of=of, on=sums.on)
        rule = verdict.rule.key if verdict.rule else ""
        judged.append({"id": standing, "old_rule": old_rule, "rule": rule, "why": verdict.why[:_LONGEST_WHY]})
    return judged


def _written(pk: int, row: Scored) -> dict[str, Any]:
    return {
        "who": pk,
        "fit": row.fit.value,
        "intent": row.intent.value,
        "parts": {"fit": dict(row.fit.parts), "intent": dict(row.intent.parts)},
        "rule": row.rule,
        "why": row.why[:_LONGEST_WHY],
        "held_back": row.held_back[:_LONGEST_HELD_BACK],
        "again_at": row.again_at.isoformat() if row.held_back and row.again_at else None,
        "met_at": row.met_at.isoformat() if row.rule and row.met_at else None,
    }

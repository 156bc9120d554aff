"""Finding leads and accounts that may be one, and what people say of it."""

import logging
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from leads.actions import journal
from leads.actions.bulk import insert_rows
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.alike import (
    ASK_FROM,
    Alike,
    Company,
    Person,
    alike_companies,
    alike_people,
    company_marks,
    person_marks,
)
from leads.logic.errors import NotFound, StateConflict
from leads.models import Account, Duplicate, Lead, Likeness, Verdict

log = logging.getLogger(__name__)

_TAKE = """
DELETE FROM leads_changed
WHERE id = ANY(ARRAY(SELECT id FROM leads_changed ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING lead_id, account_id
"""
# How many others one is held against: those that share the most.
_MOST = 40
_SHARED = """
SELECT one.{who}_id, other.{who}_id FROM leads_likeness AS one CROSS JOIN LATERAL (
    SELECT near.{who}_id FROM leads_likeness AS near
    WHERE near.marks && one.marks AND near.{who}_id IS NOT NULL AND near.{who}_id <> one.{who}_id
    ORDER BY cardinality(ARRAY(SELECT unnest(near.marks) INTERSECT SELECT unnest(one.marks))) DESC, near.id
    LIMIT %s
) AS other WHERE one.{who}_id = ANY(%s)
"""
_SAID = 100


def work(limit: int = 200) -> int:
    """How many notes of something new or changed were taken, oldest first; 0 when none waits or somebody else is at it.

    Each is compared with those that share a mark with it, at most forty, so that a call costs the same however many
    leads there are. A batch that fails is logged and left out: the next change of its leads brings them back.
    """
    with transaction.atomic():
        if not _alone():
            return 0
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [limit])
            taken = cursor.fetchall()
        lead_ids = {lead for lead, _ in taken if lead}
        account_ids = {account for _, account in taken if account}
        try:
            with transaction.atomic():
                find(lead_ids, account_ids)
        except Exception:
            log.exception("%s leads and %s accounts could not be compared", len(lead_ids), len(account_ids))
    return len(taken)


def find(lead_ids: Collection[int], account_ids: Collection[int]) -> int:
    """How many pairs were put on the review queue for these leads and accounts. A pair is asked about once.

    A fixed number of statements. Belongs in a transaction; one at a time, see work.
    """
    pairs = [*_alike_accounts(account_ids), *_alike_leads(lead_ids)]
    return insert_rows(Duplicate, pairs, skip_conflicts=True)


def say_same(one: Lead, other: Lead) -> Duplicate:
    """The pair, open on the review queue with the word of a rep as its reason, whatever was said of it before."""
    first, second = sorted((one, other), key=lambda lead: lead.pk)
    pair, is_new = Duplicate.objects.get_or_create(
        lead=first, other_lead=second, account=None, other_account=None, defaults={"score": _SAID, "because": ["said"]}
    )
    if not is_new and pair.verdict != Verdict.MERGED and "said" not in pair.because:
        pair.score, pair.because, pair.verdict = _SAID, ["said", *pair.because], Verdict.OPEN
        pair.decided_by, pair.decided_at = None, None
        pair.save()
    return pair


@transaction.atomic
def set_apart(uid: UUID, *, by: Actor) -> Duplicate:
    """The pair, found to be two; nobody is asked again. NotFound, StateConflict when it is decided. Locks it."""
    pair = _locked(uid)
    if pair.verdict != Verdict.OPEN:
        raise StateConflict(f"Somebody was first: it is decided already, as {pair.get_verdict_display()}.")
    pair.verdict, pair.decided_by_id, pair.decided_at = Verdict.APART, by.user_id, database_now()
    pair.save(update_fields=["verdict", "decided_by", "decided_at"])
    _record("duplicate.parted", pair, by=by)
    return pair


@transaction.atomic
def ask_again(uid: UUID, *, by: Actor) -> Duplicate:
    """The pair, on the review queue again after it was set apart. NotFound, StateConflict when it is not. Locks it."""
    pair = _locked(uid)
    if pair.verdict != Verdict.APART:
        raise StateConflict("Only what was set apart can be asked again.")
    pair.verdict, pair.decided_by, pair.decided_at = Verdict.OPEN, None, None
    pair.save(update_fields=["verdict", "decided_by", "decided_at"])
    _record("duplicate.reopened", pair, by=by)
    return pair


def follow_merge(keep: Lead | Account, drop: Lead | Account, *, by: Actor) -> None:
    """Make of every pair with the dropped one a pair with the kept one; the pair of the two is merged.

    Where a pair with the kept one was there before, what was said of that one holds. Waits for the finder, which would
    go on to put the dropped one on the queue.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('leads.duplicates'))")
    column = "lead" if isinstance(keep, Lead) else "account"
    mine, other = f"{column}_id", f"other_{column}_id"
    rows = list(Duplicate.objects.filter(Q(**{mine: drop.pk}) | Q(**{other: drop.pk})))
    moved = []
    for row in rows:
        first, second = sorted(keep.pk if pk == drop.pk else pk for pk in (getattr(row, mine), getattr(row, other)))
        if first == second:
            row.verdict, row.decided_by_id, row.decided_at = Verdict.MERGED, by.user_id, database_now()
            row.save(update_fields=["verdict", "decided_by", "decided_at"])
            continue
        kept = {name: getattr(row, name) for name in _SAID_OF_A_PAIR}
        moved.append(Duplicate(**{mine: first, other: second}, **kept))
    Duplicate.objects.filter(pk__in=[row.pk for row in rows if row.verdict != Verdict.MERGED]).delete()
    insert_rows(Duplicate, moved, skip_conflicts=True)


_SAID_OF_A_PAIR = ("score", "because", "verdict", "decided_by_id", "decided_at")


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('leads.duplicates'))")
        (alone,) = cursor.fetchone()
    return bool(alone)


def _alike_leads(ids: Collection[int]) -> Iterable[Duplicate]:
    if not ids:
        return []
    rows = Lead.objects.select_related("account").filter(merged_into=None)
    fresh = rows.in_bulk(list(ids))
    marks = {pk: person_marks(_person(lead)) for pk, lead in fresh.items()}
    _keep_likeness("lead", ids, [Likeness(lead_id=pk, marks=list(found)) for pk, found in marks.items()])
    near = _near(_SHARED.format(who="lead"), list(fresh))
    known = fresh | rows.in_bulk(list({pk for pair in near for pk in pair} - fresh.keys()))
    found = ((a, b, alike_people(_person(known[a]), _person(known[b]))) for a, b in near if a in known and b in known)
    return [_pair("lead", a, b, alike) for a, b, alike in found if alike.score >= ASK_FROM]


def _alike_accounts(ids: Collection[int]) -> Iterable[Duplicate]:
    if not ids:
        return []
    rows = Account.objects.filter(merged_into=None)
    fresh = rows.in_bulk(list(ids))
    marks = {pk: company_marks(_company(one)) for pk, one in fresh.items()}
    _keep_likeness("account", ids, [Likeness(account_id=pk, marks=list(found)) for pk, found in marks.items()])
    near = _near(_SHARED.format(who="account"), list(fresh))
    known = fresh | rows.in_bulk(list({pk for pair in near for pk in pair} - fresh.keys()))
    found = (
        (a, b, alike_companies(_company(known[a]), _company(known[b]))) for a, b in near if a in known and b in known
    )
    return [_pair("account", a, b, alike) for a, b, alike in found if alike.score >= ASK_FROM]


def _keep_likeness(column: str, ids: Collection[int], rows: list[Likeness]) -> None:
    Likeness.objects.filter(**{f"{column}_id__in": list(ids)}).delete()
    insert_rows(Likeness, rows)


def _near(statement: str, ids: list[int]) -> set[tuple[int, int]]:
    """Pairs of primary keys in their order, each once."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [_MOST, ids])
        return {(min(pair), max(pair)) for pair in cursor.fetchall()}


def _pair(column: str, one: int, other: int, alike: Alike) -> Duplicate:
    named = {f"{column}_id": one, f"other_{column}_id": other}
    return Duplicate(**named, score=alike.score, because=list(alike.because))


def _person(lead: Lead) -> Person:
    return Person(
        name=lead.name,
        email=lead.email,
        phone=lead.phone,
        country=lead.country,
        company=_company(lead.account) if lead.account else None,
        account_key=lead.account_id,
    )


def _company(account: Account) -> Company:
    return Company(name=account.name, domain=account.domain, country=account.country)


def _locked(uid: UUID) -> Duplicate:
    pair = Duplicate.objects.select_for_update(no_key=True).filter(uid=uid).first()
    if pair is None:
        raise NotFound("There is no such pair.")
    return pair


def _record(kind: str, pair: Duplicate, *, by: Actor) -> None:
    data = {"duplicate": str(pair.uid), "score": pair.score, "because": pair.because}
    journal.record(journal.Entry(kind=kind, by=by, at=database_now(), data=data))

"""One person, one lead; one company, one account: what turned out to be the same becomes one, with both histories."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction

from leads.actions import journal
from leads.actions.bulk import insert_rows
from leads.actions.clock import database_now
from leads.actions.duplicates import follow_merge
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, NotFound, StateConflict
from leads.models import Account, Changed, Consent, Engagement, Lead, Likeness, Standing, Touched, Visitor
from leads.signals import merged

Row = TypeVar("Row", Lead, Account)

# What is compared and filled in; the rest is said below, column by column.
_LEAD = ("email", "name", "title", "phone", "country", "language", "product", "account_id")
_ACCOUNT = ("name", "domain", "industry", "employee_count", "city", "country", "segment", "relation")

# Counters of the same day become one; those of the other row go.
_ADD_DAYS = """
INSERT INTO leads_engagementday AS ours
    (lead_id, account_id, visitor_id, kind, page_group, confidence, happened_on, count, duration_seconds, last_at)
SELECT {who}, visitor_id, kind, page_group, confidence, happened_on, count, duration_seconds, last_at
FROM leads_engagementday WHERE {column} = %s
ORDER BY lead_id, account_id, visitor_id, kind, page_group, confidence, happened_on
ON CONFLICT ON CONSTRAINT engagement_day_once DO UPDATE SET
    count = ours.count + excluded.count,
    duration_seconds = ours.duration_seconds + excluded.duration_seconds,
    last_at = greatest(ours.last_at, excluded.last_at)
"""


@dataclass(frozen=True, kw_only=True)
class Fill:
    """The names of the columns the kept row took from the other, and of those in which the two differ."""

    filled: list[str]
    differs: list[str]


@transaction.atomic
def merge_leads(keep_uid: UUID, drop_uid: UUID, *, by: Actor) -> Lead:
    """The lead `keep_uid`, with the history of `drop_uid`; whoever names the other from now on means this one.

    The kept lead takes what it lacks and never gives up what it has; an opt-out, a suppression and being ruled out
    count from either. Asking again for what is done changes nothing. InvalidInput(drop), NotFound, StateConflict when
    one of them is part of a third by now. Locks accounts, then leads, in the order of their primary keys. Sends merged.
    """
    pair = Lead.objects.filter(uid__in=[keep_uid, drop_uid])
    _locked(Account, {pk for pk in pair.values_list("account_id", flat=True) if pk})
    keep, drop = _both(Lead, keep_uid, drop_uid)
    if drop.merged_into_id == keep.pk:
        return keep
    _refuse_third(keep, drop)
    at = database_now()
    fill = _fill(keep, drop, columns=_LEAD)
    if Consent.OPT_OUT in (keep.consent, drop.consent):
        keep.consent = Consent.OPT_OUT
    elif keep.consent == Consent.UNKNOWN:
        keep.consent = drop.consent
    keep.suppressed_at = _earlier(keep.suppressed_at, drop.suppressed_at)
    _give_up(drop, keep, account=None)
    keep.save()
    _move_history(keep, drop, column="lead", who="%s, account_id", by=by)
    _record("lead.merged", keep, drop, by=by, at=at, fill=fill)
    merged.send(sender=Lead, kept=keep, dropped=drop, by=by, at=at)
    insert_rows(
        Touched, [Touched(lead_id=keep.pk), *([Touched(account_id=keep.account_id)] if keep.account_id else [])]
    )
    insert_rows(Changed, [Changed(lead_id=keep.pk)])
    return keep


@transaction.atomic
def merge_accounts(keep_uid: UUID, drop_uid: UUID, *, by: Actor) -> Account:
    """The account `keep_uid`, with the people and the history of `drop_uid`. Everything else as in merge_leads.

    Locks both accounts, then the leads of the other one.
    """
    keep, drop = _both(Account, keep_uid, drop_uid)
    if drop.merged_into_id == keep.pk:
        return keep
    _refuse_third(keep, drop)
    _locked(Lead, set(Lead.objects.filter(account=drop).values_list("pk", flat=True)))
    at = database_now()
    fill = _fill(keep, drop, columns=_ACCOUNT)
    keep.is_target = keep.is_target or drop.is_target
    _give_up(drop, keep)
    keep.save()
    moved = sorted(Lead.objects.filter(account=drop).values_list("pk", flat=True))
    Lead.objects.filter(pk__in=moved).update(account=keep)
    _move_history(keep, drop, column="account", who="lead_id, %s", by=by)
    _record("account.merged", keep, drop, by=by, at=at, fill=fill)
    merged.send(sender=Account, kept=keep, dropped=drop, by=by, at=at)
    insert_rows(Touched, [Touched(account_id=keep.pk), *(Touched(lead_id=pk) for pk in moved)])
    insert_rows(Changed, [Changed(account_id=keep.pk)])
    return keep


def _both(model: type[Row], keep_uid: UUID, drop_uid: UUID) -> tuple[Row, Row]:
    """The two rows, locked with whatever was merged into them before."""
    if keep_uid == drop_uid:
        raise InvalidInput("drop names the same one: there is nothing to merge.", field="drop")
    named: list[int] = list(model._default_manager.filter(uid__in=[keep_uid, drop_uid]).values_list("pk", flat=True))
    before: list[int] = list(model._default_manager.filter(merged_into__in=named).values_list("pk", flat=True))
    rows = _locked(model, {*named, *before})
    by_uid = {row.uid: row for row in rows}
    for uid in (keep_uid, drop_uid):
        if uid not in by_uid:
            raise NotFound(f"There is no such {model._meta.verbose_name}: {uid}.")
    return by_uid[keep_uid], by_uid[drop_uid]


def _locked(model: type[Row], pks: set[int]) -> Sequence[Row]:
    if not pks:
        return []
    return list(model._default_manager.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))


def _refuse_third(keep: Row, drop: Row) -> None:
    for row in (keep, drop):
        if row.merged_into is not None:
            raise StateConflict(f"{row} has been merged into {row.merged_into} already; name that one.")


def _fill(keep: Row, drop: Row, *, columns: Sequence[str]) -> Fill:
    """Give the kept row what it lacks; its other values stay."""
    filled, differs = [], []
    for name in columns:
        ours, theirs = getattr(keep, name), getattr(drop, name)
        if theirs in ("", None) or ours == theirs:
            continue
        if ours in ("", None):
            setattr(keep, name, theirs)
            filled.append(name)
        else:
            differs.append(name)
    if drop.external_id and not keep.external_id:
        keep.external_system, keep.external_id = drop.external_system, drop.external_id
        filled.append("external_id")
    keep.disqualified_at = _earlier(keep.disqualified_at, drop.disqualified_at)
    return Fill(filled=[_outside(name) for name in filled], differs=[_outside(name) for name in differs])


def _outside(column: str) -> str:
    return column.removesuffix("_id") if column == "account_id" else column


def _give_up(drop: Row, keep: Row, **values: Any) -> None:
    """Write on the other row that it is the kept one. Keys that the kept one took are given up first, for they are
    unique; those it did not need stay, and name the kept one from now on.
    """
    if drop.external_id and (drop.external_system, drop.external_id) == (keep.external_system, keep.external_id):
        drop.external_system = drop.external_id = ""
    if isinstance(drop, Lead) and isinstance(keep, Lead) and drop.email == keep.email:
        drop.email = ""
    drop.merged_into = keep
    for name, value in values.items():
        setattr(drop, name, value)
    drop.save()
    type(drop)._default_manager.filter(merged_into=drop).update(merged_into=keep)


def _move_history(keep: Row, drop: Row, *, column: str, who: str, by: Actor) -> None:
    """Give the kept row what hangs on the other: engagements, counters, visitors, standing, questions of likeness."""
    theirs, ours = {column: drop}, {column: keep}
    # First: whoever takes in what a visitor does holds the visitor, and may hold neither lead nor account. Afterwards
    # all that was taken in is seen below.
    Visitor.objects.filter(**theirs).update(**ours)
    Engagement.objects.filter(**theirs).update(**ours)
    with connection.cursor() as cursor:
        cursor.execute(_ADD_DAYS.format(who=who, column=f"{column}_id"), [keep.pk, drop.pk])
        cursor.execute(f"DELETE FROM leads_engagementday WHERE {column}_id = %s", [drop.pk])
    # Who qualifies takes both up; until then the kept one's last scores stand.
    if not Standing.objects.filter(**ours).exists():
        Standing.objects.filter(**theirs).update(**ours)
    Standing.objects.filter(**theirs).delete()
    follow_merge(keep, drop, by=by)
    Likeness.objects.filter(**theirs).delete()


def _record(kind: str, keep: models.Model, drop: models.Model, *, by: Actor, at: dt.datetime, fill: Fill) -> None:
    """Names of columns alone: what stood in them may be personal."""
    assert isinstance(keep, Lead | Account)
    assert isinstance(drop, Lead | Account)
    data = {"kept": str(keep.uid), "dropped": str(drop.uid), "filled": fill.filled, "differs": fill.differs}
    lead_uid = keep.uid if isinstance(keep, Lead) else None
    journal.record(journal.Entry(kind=kind, by=by, at=at, lead_uid=lead_uid, data=data))


def _earlier(one: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    return min(one, other) if one and other else one or other

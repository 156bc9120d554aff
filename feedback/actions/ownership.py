"""Whose account it is, by the CRM's word or an administrator's."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from feedback.actions.offer_input import Places
from feedback.models import AccountOwner, Rep
from leads.actions import journal
from leads.actions.clock import database_now
from leads.actions.people import AccountInput, clean_account, upsert_accounts
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, LeadLoopError
from leads.models import Account, RowResult


@dataclass(frozen=True, kw_only=True)
class OwnershipInput:
    """An account, known as everywhere, and its rep by user name, CRM key or uid; "" for nobody."""

    account: AccountInput
    owner: str = ""


@transaction.atomic
def own_accounts(given: Sequence[OwnershipInput], *, by: Actor) -> list[RowResult | LeadLoopError]:
    """One result per input, in order: created, updated or unchanged, or why it was refused; a refused one leaves
    nothing behind. The last word on an account stands.

    A fixed number of statements. Locks the accounts. Journals account.owned for each change.
    """
    places = Places.read()
    results: list[RowResult | LeadLoopError] = [RowResult.UNCHANGED for _ in given]
    clean: dict[int, tuple[AccountInput, Rep | None]] = {}
    for index, one in enumerate(given):
        try:
            clean[index] = clean_account(one.account), _rep(one.owner, places)
        except LeadLoopError as error:
            results[index] = error
    rows = upsert_accounts([account for account, _ in clean.values()]) if clean else []
    before = dict(AccountOwner.objects.filter(account__in=rows).values_list("account_id", "rep_id"))
    wanted = dict(before)
    for (index, (_, rep)), row in zip(clean.items(), rows, strict=True):
        was = wanted.get(row.pk)
        results[index] = _result(was, rep)
        if rep:
            wanted[row.pk] = rep.pk
        else:
            wanted.pop(row.pk, None)
    _keep({row.pk: row for row in rows}, before, wanted, reps={rep.pk: rep for _, rep in clean.values() if rep}, by=by)
    return results


@transaction.atomic
def own(account: Account, rep: Rep | None, *, by: Actor) -> None:
    """Make the rep the account's owner, None for nobody. Journals account.owned when that is news."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    before = dict(AccountOwner.objects.filter(account=account).values_list("account_id", "rep_id"))
    wanted = {account.pk: rep.pk} if rep else {}
    _keep({account.pk: account}, before, wanted, reps={rep.pk: rep} if rep else {}, by=by)


def _rep(owner: str, places: Places) -> Rep | None:
    if not owner:
        return None
    rep = places.reps.get(owner)
    if rep is None:
        raise InvalidInput(f"There is no rep “{owner[:80]}”.", field="owner")
    return rep


def _result(was: int | None, rep: Rep | None) -> RowResult:
    if was == (rep.pk if rep else None):
        return RowResult.UNCHANGED
    return RowResult.UPDATED if was else RowResult.CREATED


def _keep(
    accounts: dict[int, Account], before: dict[int, int], wanted: dict[int, int], *, reps: dict[int, Rep], by: Actor
) -> None:
    changed = [pk for pk in accounts if before.get(pk) != wanted.get(pk)]
    if not changed:
        return
    now = database_now()
    gone = [pk for pk in changed if pk not in wanted]
    if gone:
        AccountOwner.objects.filter(account__in=gone).delete()
    AccountOwner.objects.bulk_create(
        [AccountOwner(account_id=pk, rep_id=wanted[pk], since_at=now) for pk in changed if pk in wanted],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["rep", "since_at"],
    )
    journal.record_many(
        journal.Entry(
            kind="account.owned",
            by=by,
            at=now,
            data={"account": str(accounts[pk].uid), "rep": str(reps[wanted[pk]].uid) if pk in wanted else None},
        )
        for pk in changed
    )

"""Taking in what other systems know: many rows at once, one result each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import connection, transaction

from leads.actions.bulk import insert_rows
from leads.actions.clock import database_now
from leads.actions.engagements import EngagementInput, clean_engagement, keep_engagements
from leads.actions.people import (
    AccountInput,
    CampaignInput,
    LeadInput,
    clean_account,
    clean_campaign,
    clean_lead,
    keep_accounts,
    keep_campaigns,
    keep_leads,
)
from leads.actions.upsert import Kept, Row
from leads.logic.errors import InvalidInput
from leads.models import Account, Campaign, Engagement, Lead, RowResult, Touched

Given = TypeVar("Given")
_TOUCH_LEADS_OF = "INSERT INTO leads_touched (lead_id) SELECT id FROM leads_lead WHERE account_id = ANY(%s)"
_TAKE_IN = frozenset({"marketer", "operations", "integrator"})


@dataclass(frozen=True)
class Taken(Generic[Row]):
    """What became of one input: what was kept of it, or why nothing was."""

    kept: Kept[Row] | None = None
    error: InvalidInput | None = None


def takes_in(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user may take in, and read, what marketing knows of everybody; at most one statement."""
    if not isinstance(user, User) or user.is_superuser:
        return isinstance(user, User)
    return user.groups.filter(name__in=_TAKE_IN).exists()


@transaction.atomic
def take_leads(given: Sequence[LeadInput]) -> list[Taken[Lead]]:
    """One result per lead, in order; a bad one does not stop the rest, and leaves nothing of itself behind.

    Who is new or has changed is scored anew, and so is the account. A fixed number of statements, whatever the number
    of leads. Locks accounts, then leads.
    """
    taken = _each(given, clean_lead, keep_leads)
    changed = _changed(taken)
    accounts = {lead.account_id for lead in changed if lead.account_id}
    _touch(leads=[lead.pk for lead in changed], accounts=accounts)
    return taken


@transaction.atomic
def take_accounts(given: Sequence[AccountInput]) -> list[Taken[Account]]:
    """One result per account, as take_leads gives them. A changed account has its leads scored anew as well."""
    taken = _each(given, clean_account, keep_accounts)
    _touch(accounts=[account.pk for account in _changed(taken)])
    _touch_leads_of([one.kept.row.pk for one in taken if one.kept and one.kept.result is RowResult.UPDATED])
    return taken


@transaction.atomic
def take_campaigns(given: Sequence[CampaignInput]) -> list[Taken[Campaign]]:
    """One result per campaign, as take_leads gives them."""
    return _each(given, clean_campaign, keep_campaigns)


@transaction.atomic
def take_engagements(given: Sequence[EngagementInput]) -> list[Taken[Engagement]]:
    """One result per engagement, as take_leads gives them. Locks and sends what keep_engagements does."""
    now = database_now()
    return _each(given, lambda one: clean_engagement(one, now=now), keep_engagements)


def _each(
    given: Sequence[Given], clean: Callable[[Given], Given], keep: Callable[[Sequence[Given]], list[Kept[Row]]]
) -> list[Taken[Row]]:
    """One result per input: what cannot be taken is left out, and the rest is kept together."""
    good: list[Given] = []
    errors: dict[int, InvalidInput] = {}
    for index, one in enumerate(given):
        try:
            good.append(clean(one))
        except InvalidInput as error:
            errors[index] = error
    kept = iter(keep(good) if good else ())
    return [Taken(error=errors[at]) if at in errors else Taken(kept=next(kept)) for at in range(len(given))]


def _changed(taken: Iterable[Taken[Row]]) -> list[Row]:
    return [one.kept.row for one in taken if one.kept and one.kept.result is not RowResult.UNCHANGED]


def _touch(*, leads: Iterable[int] = (), accounts: Iterable[int] = ()) -> None:
    """Have them scored anew; one statement."""
    rows = [Touched(lead_id=pk) for pk in dict.fromkeys(leads)]
    insert_rows(Touched, [*rows, *(Touched(account_id=pk) for pk in dict.fromkeys(accounts))])


def _touch_leads_of(accounts: Sequence[int]) -> None:
    if accounts:
        with connection.cursor() as cursor:
            cursor.execute(_TOUCH_LEADS_OF, [list(accounts)])

"""Taking in what other systems know: many rows at once, one result each."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

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
from leads.actions.upsert import Kept, Row, settled
from leads.logic.errors import InvalidInput
from leads.models import Account, Campaign, Engagement, Lead

Given = TypeVar("Given")
_TAKE_IN = frozenset({"marketer", "operations", "integrator"})


@dataclass(frozen=True)
class Taken(Generic[Row]):
    """What became of one input: what was kept of it, or why nothing was."""

    kept: Kept[Row] | None = None
    error: InvalidInput | None = None


def takes_in(user: AbstractBaseUser | AnonymousUser, *, groups: Collection[str] | None = None) -> bool:
    """Whether the user may take in, and read, what marketing knows of everybody; one statement where nobody has read
    the names of the `groups` yet.
    """
    if not isinstance(user, User) or user.is_superuser:
        return isinstance(user, User)
    if groups is not None:
        return not _TAKE_IN.isdisjoint(groups)
    return user.groups.filter(name__in=_TAKE_IN).exists()


@settled
def take_leads(given: Sequence[LeadInput]) -> list[Taken[Lead]]:
    """One result per lead, in order; a bad one does not stop the rest, and leaves nothing of itself behind.

    A fixed number of statements, whatever the number of leads. Locks accounts, then leads.
    """
    return _each(given, clean_lead, keep_leads)


@settled
def take_accounts(given: Sequence[AccountInput]) -> list[Taken[Account]]:
    """One result per account, as take_leads gives them."""
    return _each(given, clean_account, keep_accounts)


@settled
def take_campaigns(given: Sequence[CampaignInput]) -> list[Taken[Campaign]]:
    """One result per campaign, as take_leads gives them."""
    return _each(given, clean_campaign, keep_campaigns)


@settled
def take_engagements(given: Sequence[EngagementInput], *, now: dt.datetime | None = None) -> list[Taken[Engagement]]:
    """One result per engagement, as take_leads gives them; none may lie after `now` (None: the database's). Locks and
    sends what keep_engagements does.
    """
    latest = now or database_now()
    return _each(given, lambda one: clean_engagement(one, now=latest), keep_engagements)


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

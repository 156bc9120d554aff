"""Offering leads to sales, one or many."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction

from feedback.actions.announce import announce
from feedback.actions.offer_input import CheckedOffer, OfferInput, Places, checked
from feedback.logic.rights import Person, Subject, may
from feedback.logic.states import ACTIVE, Verb
from feedback.models import Handoff, Rep
from leads.actions.bulk import insert_rows
from leads.actions.clock import database_now
from leads.actions.people import upsert_accounts, upsert_campaigns, upsert_leads
from leads.logic.errors import LeadLoopError, NotAllowed, StateConflict
from leads.models import Account, Campaign, Lead


@dataclass
class OfferResult:
    """What became of one offer: a handoff (`is_new` or one that was there under the same external id), or an error."""

    handoff: Handoff | None = None
    is_new: bool = False
    error: LeadLoopError | None = None


def offer(given: OfferInput, *, by: Person) -> OfferResult:
    """The handoff made, or the one that the same external id made before (`is_new` False).

    NotAllowed, InvalidInput(<field>), StateConflict when the lead is with sales already or may not be contacted.
    Locks account, lead. Sends handoff_changed("offered").
    """
    result = offer_many([given], by=by)[0]
    if result.error:
        raise result.error
    return result


@transaction.atomic
def offer_many(given: Sequence[OfferInput], *, by: Person) -> list[OfferResult]:
    """One result per offer, in order; a bad one does not stop the rest, and leaves nothing of itself behind.

    NotAllowed when the person may not offer at all. A fixed number of statements, whatever the number of offers.
    Locks accounts, leads. Sends handoff_changed("offered") once for all.
    """
    if not may(by, Verb.OFFER, Subject(team_id=None, owner_id=None)):
        raise NotAllowed("Offering leads is for marketing.")
    now = database_now()
    results = [OfferResult() for _ in given]
    places = Places.read()
    clean: dict[int, CheckedOffer] = {}
    known = _known_already(given)
    for index, one in enumerate(given):
        try:
            results[index].handoff = known.get((one.external_system, one.external_id)) if one.external_id else None
            if results[index].handoff is None:
                clean[index] = checked(one, places=places, now=now)
        except LeadLoopError as error:
            results[index].error = error
    while clean and (refused := _made_or_refused(clean, results, by=by)):
        for index, refusal in refused.items():
            results[index].error = refusal
            del clean[index]
    return results


def offer_again(previous: Handoff, *, owner: Rep | None, by: Person, at: dt.datetime) -> Handoff:
    """The successor of a turned back handoff: same lead and origin, offered at `at` to `owner` or to the team's queue.

    Called inside the operation that ended `previous`. Sends handoff_changed("offered").
    """
    kept = {name: getattr(previous, name) for name in _CARRIED}
    handoff = Handoff.objects.create(
        **kept, previous=previous, owner=owner, team=owner.team if owner else previous.team, offered_at=at
    )
    handoff.lead = previous.lead
    data = {"previous": str(previous.uid), "owner": str(owner.uid) if owner else None}
    announce([handoff], "offered", by=by, at=at, data=data)
    return handoff


_CARRIED = (
    *("lead_id", "account_id", "campaign_id", "channel"),
    *("fit", "intent", "score_parts", "why", "engaged_at", "qualified_at"),
)


def _known_already(given: Sequence[OfferInput]) -> dict[tuple[str, str], Handoff]:
    """The handoffs that have the offers' external ids; one statement for each external system, as its index wants."""
    ids: dict[str, list[str]] = {}
    for one in given:
        if one.external_id:
            ids.setdefault(one.external_system, []).append(one.external_id)
    rows = Handoff.objects.select_related("lead", "account", "owner__user", "team", "campaign")
    table = connection.ops.quote_name(Handoff._meta.db_table)
    # Arrays: Django would turn each id into a parameter of its own.
    where = f"{table}.external_system = %s AND {table}.external_id = ANY(%s) AND NOT {table}.external_id = ''"
    return {
        (row.external_system, row.external_id): row
        for system, keys in ids.items()
        for row in rows.extra(where=[where], params=[system, keys])
    }


def _made_or_refused(
    clean: dict[int, CheckedOffer], results: list[OfferResult], *, by: Person
) -> dict[int, StateConflict]:
    """Write all of the offers; or nothing, when some are refused, so that those can be left out of the next try."""
    with transaction.atomic():
        refused = _make(clean, results, by=by)
        transaction.set_rollback(bool(refused))
    return refused


def _make(clean: dict[int, CheckedOffer], results: list[OfferResult], *, by: Person) -> dict[int, StateConflict]:
    leads = _by_index(clean, lambda one: one.lead, upsert_leads)
    accounts = _by_index(clean, lambda one: None if one.lead else one.account, upsert_accounts)
    campaigns = _by_index(clean, lambda one: one.campaign, upsert_campaigns)
    handoffs: dict[int, Handoff] = {}
    refused: dict[int, StateConflict] = {}
    busy = _busy(leads.values(), accounts.values())
    # Somebody may have offered the same external id while this one waited, or be about to, with another lead.
    given = [one.given for one in clean.values()]
    _hold_external_ids(given)
    raced = _known_already(given)
    for index, one in clean.items():
        lead, account = leads.get(index), accounts.get(index)
        key = (one.given.external_system, one.given.external_id)
        if key[1] and key in raced:
            results[index].handoff = raced[key]
            continue
        if refusal := _refusal(lead, account, busy=busy):
            refused[index] = refusal
            continue
        handoff = _row(one, lead=lead, account=account, campaign=campaigns.get(index))
        if lead:
            busy.add(("lead", lead.pk))
        elif account:
            busy.add(("account", account.pk))
        handoffs[index] = handoff
        if key[1]:
            raced[key] = handoff
    if refused:
        return refused
    insert_rows(Handoff, list(handoffs.values()))
    for index, handoff in handoffs.items():
        results[index].handoff, results[index].is_new = handoff, True
    if handoffs:
        announce(list(handoffs.values()), "offered", by=by, at=None)
    return {}


def _hold_external_ids(given: Sequence[OfferInput]) -> None:
    """Have others who offer the same external ids wait until the transaction ends; at most 64 locks, in order."""
    keys = [f"{one.external_system}\n{one.external_id}" for one in given if one.external_id]
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s), bucket) FROM"
                " (SELECT DISTINCT hashtext(key) & 63 AS bucket FROM unnest(%s::text[]) AS key ORDER BY 1) AS held",
                [Handoff._meta.db_table, keys],
            )


Given = TypeVar("Given")
Row = TypeVar("Row")


def _by_index(
    clean: dict[int, CheckedOffer],
    pick: Callable[[OfferInput], Given | None],
    upsert: Callable[[list[Given]], list[Row]],
) -> dict[int, Row]:
    """The rows that `upsert` makes of what `pick` finds in each offer, by the offer's index."""
    picked = {index: found for index, one in clean.items() if (found := pick(one.given))}
    return dict(zip(picked, upsert(list(picked.values())), strict=True)) if picked else {}


def _busy(leads: Iterable[Lead], accounts: Iterable[Account]) -> set[tuple[str, int]]:
    """Who is with sales already. Asked while leads and accounts are locked."""
    active = Handoff.objects.filter(state__in=sorted(ACTIVE))
    of_leads = active.extra(where=["lead_id = ANY(%s)"], params=[[lead.pk for lead in leads]])
    found = {("lead", pk) for pk in of_leads.values_list("lead_id", flat=True) if pk}
    if unknown := [account.pk for account in accounts]:
        of_accounts = active.filter(lead=None).extra(where=["account_id = ANY(%s)"], params=[unknown])
        found |= {("account", pk) for pk in of_accounts.values_list("account_id", flat=True) if pk}
    return found


def _refusal(lead: Lead | None, account: Account | None, *, busy: set[tuple[str, int]]) -> StateConflict | None:
    if lead and lead.suppressed_at:
        return StateConflict(f"{lead} may not be contacted: it was suppressed on {lead.suppressed_at:%Y-%m-%d}.")
    if (lead and ("lead", lead.pk) in busy) or (not lead and account and ("account", account.pk) in busy):
        return StateConflict(f"{lead or account} is with sales already; one open handoff at a time.")
    return None


def _row(one: CheckedOffer, *, lead: Lead | None, account: Account | None, campaign: Campaign | None) -> Handoff:
    given = one.given
    return Handoff(
        lead=lead,
        account_id=lead.account_id if lead else account.pk if account else None,
        team=one.team,
        owner=one.owner,
        campaign=campaign,
        channel=given.channel or (campaign.channel if campaign else ""),
        fit=given.fit,
        intent=given.intent,
        score_parts=given.score_parts,
        why=given.why,
        engaged_at=given.engaged_at,
        qualified_at=given.qualified_at,
        offered_at=one.offered_at,
        external_system=given.external_system,
        external_id=given.external_id,
    )

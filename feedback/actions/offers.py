"""Offering leads to sales, one or many."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction

from feedback.actions.offer_input import CheckedOffer, KnownOffer, OfferInput, Places, checked
from feedback.actions.offer_rows import Agreements, routed, write
from feedback.logic.rights import Person, Subject, may
from feedback.logic.states import ACTIVE, Verb
from feedback.models import Handoff
from leads.actions.clock import database_now
from leads.actions.people import upsert_accounts_before, upsert_campaigns, upsert_leads
from leads.actions.upsert import settled
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, StateConflict
from leads.models import Account, Campaign, Consent, Lead


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

    What names neither team nor owner is routed, once there are rules or owners of accounts. NotAllowed when the person
    may not offer at all. A fixed number of statements, whatever the number of offers. Locks accounts, leads; reps and
    turns for what is routed. Sends handoff_changed("offered") once for all.
    """
    _may_offer(by)
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


@transaction.atomic
def offer_known(given: Sequence[KnownOffer], *, by: Person) -> list[OfferResult]:
    """One result per offer, in order, each offered now to whom routing gives it; the errors are refusals.

    The caller has locked accounts and leads, in this order. NotAllowed when the person may not offer at all. A fixed
    number of statements. Locks reps and turns. Sends handoff_changed("offered") once for all.
    """
    _may_offer(by)
    now = database_now()
    results = [OfferResult() for _ in given]
    busy = _busy(
        [one.lead for one in given if one.lead], [one.account for one in given if one.account and not one.lead]
    )
    handoffs: dict[int, Handoff] = {}
    for index, one in enumerate(given):
        results[index].error = _refusal(one.lead, one.account, busy=busy)
        if results[index].error is None:
            busy.add(_subject(one.lead, one.account))
            handoffs[index] = _known_row(one, at=now)
    routes = routed(handoffs, at=now)
    for index, route in routes.items():
        if route.team is None:
            results[index].error = StateConflict(UNROUTED)
            del handoffs[index]
    write(handoffs, routes, by=by)
    for index, handoff in handoffs.items():
        results[index].handoff, results[index].is_new = handoff, True
    return results


UNROUTED = "No routing rule takes it."


def _may_offer(by: Person) -> None:
    if not may(by, Verb.OFFER, Subject(team_id=None, owner_id=None)):
        raise NotAllowed("Offering leads is for marketing.")


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


@settled
def _made_or_refused(
    clean: dict[int, CheckedOffer], results: list[OfferResult], *, by: Person
) -> dict[int, LeadLoopError]:
    """Write all of the offers; or nothing, when some are refused, so that those can be left out of the next try."""
    refused = _make(clean, results, by=by)
    transaction.set_rollback(bool(refused))
    return refused


def _make(clean: dict[int, CheckedOffer], results: list[OfferResult], *, by: Person) -> dict[int, LeadLoopError]:
    unknown = {at: one.given.account for at, one in clean.items() if one.given.account and not one.given.lead}
    people = {at: one.given.lead for at, one in clean.items() if one.given.lead}
    found, homes = upsert_accounts_before(list(people.values()), list(unknown.values()))
    accounts = dict(zip(unknown, found, strict=True))
    leads = dict(zip(people, upsert_leads(list(people.values()), homes=homes), strict=True)) if people else {}
    campaigns = _by_index(clean, lambda one: one.campaign, upsert_campaigns)
    handoffs: dict[int, Handoff] = {}
    refused: dict[int, LeadLoopError] = {}
    busy = _busy(leads.values(), accounts.values())
    # Somebody may have offered the same external id while this one waited, or be about to, with another lead.
    given = [one.given for one in clean.values()]
    _hold_external_ids(given)
    raced = _known_already(given)
    agreements = Agreements.read()
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
        handoff.agreement_id = agreements.at(one.offered_at)
        busy.add(_subject(lead, account))
        handoffs[index] = handoff
        if key[1]:
            raced[key] = handoff
    if refused:
        return refused
    unplaced = {index: handoff for index, handoff in handoffs.items() if clean[index].team is None}
    routes = routed(unplaced, at=database_now()) if unplaced else {}
    unrouted = [index for index, route in routes.items() if route.team is None]
    if unrouted:
        return {index: InvalidInput(f"{UNROUTED} Name a team or an owner.", field="team") for index in unrouted}
    write(handoffs, routes, by=by)
    for index, handoff in handoffs.items():
        results[index].handoff, results[index].is_new = handoff, True
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
    if lead and lead.consent == Consent.OPT_OUT:
        return StateConflict(f"{lead} may not be contacted: they opted out.")
    if _subject(lead, account) in busy:
        return StateConflict(f"{lead or account} is with sales already; one open handoff at a time.")
    return None


def _subject(lead: Lead | None, account: Account | None) -> tuple[str, int]:
    """Of whom a handoff is, as _busy names them."""
    return ("lead", lead.pk) if lead else ("account", account.pk if account else 0)


def _known_row(one: KnownOffer, *, at: dt.datetime) -> Handoff:
    carried = ("campaign_id", "channel", "fit", "intent", "why", "engaged_at", "qualified_at")
    return Handoff(
        **{name: getattr(one, name) for name in (*carried, "agreement_id", "mql_rule")},
        score_parts={part: dict(points) for part, points in one.score_parts.items()},
        lead=one.lead,
        account_id=one.lead.account_id if one.lead else one.account.pk if one.account else None,
        offered_at=at,
    )


def _row(one: CheckedOffer, *, lead: Lead | None, account: Account | None, campaign: Campaign | None) -> Handoff:
    given = one.given
    return Handoff(
        lead=lead,
        account_id=lead.account_id if lead else account.pk if account else None,
        **({"team": one.team} if one.team else {}),
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

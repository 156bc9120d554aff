"""The files that feedback takes in: reps, handoffs, decisions, outcomes, and whole histories."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.actions.ownership import OwnershipInput, own_accounts
from feedback.actions.reps import RepInput, keep_rep
from feedback.import_answers import apply_decisions, apply_outcomes
from feedback.import_histories import CASE, COLUMNS, CREATE_TEAMS, apply_histories
from feedback.logic.rights import INTEGRATOR, MARKETER, OPERATIONS, Person
from leads.actions.import_kinds import Batch, ImportKind, RowDone, register
from leads.actions.people import AccountInput
from leads.imports import ACCOUNT, CAMPAIGN, LEAD, account_of, campaign_of, lead_of, of_lead, prefixed
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, LeadLoopError
from leads.logic.import_values import Column, Holds
from leads.models import RowResult


def speaker(by: Actor) -> Person:
    """Who imports, with the rights of the CRM whose words the file are. Whether they may import at all was asked
    at the door.
    """
    return Person(user_id=by.user_id, label=by.label, via=by.via, roles=frozenset({INTEGRATOR}))


def one_by_one(batch: Batch, apply: Callable[[dict[str, Any]], RowResult]) -> list[RowDone]:
    """One result per row, each in a savepoint of its own, so that a refused row leaves nothing behind."""
    done: list[RowDone] = []
    for row in batch.rows:
        try:
            with transaction.atomic():
                done.append(apply(row))
        except LeadLoopError as error:
            done.append(error)
    return done


def apply_reps(batch: Batch) -> list[RowDone]:
    """Reps with their users, and their teams where the mapping says create_teams."""
    zone = batch.mapping.when.zone.key if CREATE_TEAMS in batch.mapping.options else ""
    system = batch.mapping.external_system

    def apply(row: dict[str, Any]) -> RowResult:
        return keep_rep(RepInput(**row, external_system=system), new_teams_zone=zone)[1]

    return one_by_one(batch, apply)


def apply_handoffs(batch: Batch) -> list[RowDone]:
    """Offers, all of the batch at once; a handoff that is known by its external id stays as it is."""
    system = batch.mapping.external_system
    results = offer_many([_offer(row, system) for row in batch.rows], by=speaker(batch.by))
    return [
        (of_lead(one.error) if isinstance(one.error, InvalidInput) else one.error)
        if one.error
        else RowResult.CREATED
        if one.is_new
        else RowResult.UNCHANGED
        for one in results
    ]


_OFFER = (
    Column("external_id", "the key of the handoff", is_required=True),
    Column("team", "name or key of the team"),
    Column("owner", "user name or key of the rep; without one it is routed, or with a team waits unassigned"),
    Column("channel", "what the handoff is counted under"),
    Column("fit", "0 to 100", Holds.COUNT),
    Column("intent", "0 to 100", Holds.COUNT),
    Column("why", "why the lead is sent now, one sentence"),
    Column("engaged_at", "when the lead first engaged", Holds.INSTANT),
    Column("qualified_at", "when marketing qualified the lead", Holds.INSTANT),
    Column("offered_at", "when it was offered to sales; without it, now", Holds.INSTANT),
)


def _offer(row: dict[str, Any], system: str) -> OfferInput:
    own = {one.name: row[one.name] for one in _OFFER if one.name in row}
    lead = lead_of(row, system=system, prefix="lead.")
    return OfferInput(
        **own,
        external_system=system,
        lead=lead,
        account=None if lead else account_of(row, system=system),
        campaign=campaign_of(row, system=system),
    )


def apply_account_owners(batch: Batch) -> list[RowDone]:
    """Whose accounts are whose, all of the batch at once."""
    system = batch.mapping.external_system
    given = [
        OwnershipInput(account=account_of(row, system=system) or AccountInput(), owner=row.get("owner", ""))
        for row in batch.rows
    ]
    return own_accounts(given, by=batch.by)


_OPERATIONS = frozenset({OPERATIONS})

KINDS = (
    ImportKind(
        name="reps",
        label="Reps",
        says="The people in sales, with a user each who gets a password later.",
        columns=(
            Column("external_id", "the CRM's key of the rep", is_required=True),
            Column("team", "name or key of the team", is_required=True),
            Column("name", "full name"),
            Column("email", "mail address; becomes the user name"),
            Column("is_active", "yes or no", Holds.YES_NO),
        ),
        apply=apply_reps,
        roles=_OPERATIONS,
        options=frozenset({CREATE_TEAMS}),
    ),
    ImportKind(
        name="account_owners",
        label="Account owners",
        says="Whose account it is: its leads go to that rep before any routing rule is asked.",
        columns=(*ACCOUNT, Column("owner", "user name or key of the rep; nobody when empty")),
        apply=apply_account_owners,
        roles=_OPERATIONS,
    ),
    ImportKind(
        name="handoffs",
        label="Handoffs",
        says="Leads offered to sales, each with the person, company and campaign that it names.",
        columns=(*_OFFER, *prefixed(LEAD, "lead."), *ACCOUNT, *CAMPAIGN),
        apply=apply_handoffs,
        roles=frozenset({MARKETER, OPERATIONS}),
        once=("external_id",),
    ),
    ImportKind(
        name="decisions",
        label="Decisions",
        says="What reps answered: accept, reject, return or turn back, in the name of the rep of the row.",
        columns=(
            Column("handoff", "the key of the handoff", is_required=True),
            Column("decision", "accept, reject, return (after work) or turn_back", is_required=True),
            Column("rep", "user name or key of the rep who decided", is_required=True),
            Column("at", "when; without it, now", Holds.INSTANT),
            Column("reason", "key of the rejection reason"),
            Column("evidence", "the answer that the reason asks for"),
            Column("note", "in the rep's words"),
            Column("to", "for turn_back: user name or key of the right rep"),
        ),
        apply=lambda batch: one_by_one(batch, apply_decisions(batch)),
        roles=_OPERATIONS,
    ),
    ImportKind(
        name="outcomes",
        label="Outcomes",
        says="What became of handoffs: opportunity, won or lost.",
        columns=(
            Column("handoff", "the key of the handoff", is_required=True),
            Column("kind", "opportunity, won or lost", is_required=True),
            Column("at", "when; without it, now", Holds.INSTANT),
            Column("amount", "like 1200.50"),
            Column("currency", "three letters of ISO 4217"),
            Column("external_id", "the key of the opportunity or deal"),
        ),
        apply=lambda batch: one_by_one(batch, apply_outcomes(batch, by=speaker(batch.by))),
        roles=_OPERATIONS,
    ),
    ImportKind(
        name="histories",
        label="Histories",
        says="What happened to handoffs elsewhere, event by event: the past, of which nobody is told.",
        columns=COLUMNS,
        apply=apply_histories,
        roles=_OPERATIONS,
        options=frozenset({CREATE_TEAMS}),
        together=CASE,
    ),
)


def register_kinds() -> None:
    """Have the files of feedback taken in."""
    register(*KINDS)

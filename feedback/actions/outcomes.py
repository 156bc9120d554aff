"""Recording what became of a handoff."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.db import IntegrityError, transaction

from feedback.actions import holds
from feedback.actions.announce import announce
from feedback.actions.locking import locked
from feedback.logic import states
from feedback.logic.holds import HoldEnd
from feedback.logic.rights import Person
from feedback.logic.states import DECIDED, State, Verb
from feedback.models import Handoff, Outcome
from feedback.signals import outcome_recorded
from leads.actions import journal
from leads.actions.clock import instant
from leads.logic import text
from leads.logic.errors import InvalidInput, StateConflict


@dataclass(frozen=True, kw_only=True)
class OutcomeInput:
    """What the CRM says: `kind` opportunity, won or lost; `amount` at most 14 digits, 2 of them decimals; ISO 4217
    `currency`.
    """

    kind: str
    amount: Decimal | str | int | None = None
    currency: str = ""
    external_system: str = ""
    external_id: str = ""


@transaction.atomic
def record_outcome(uid: UUID, given: OutcomeInput, *, by: Person, at: dt.datetime | None = None) -> Handoff:
    """The handoff with the outcome recorded; the same outcome again changes nothing.

    `at` is when it happened (aware, not in the future; it may lie before the offer, as real data does). A pending
    handoff that becomes an opportunity or a win was accepted without a click: the acceptance is written down as
    implied. A won or lost one keeps its end. NotFound, NotAllowed, StateConflict, InvalidInput(kind, amount, currency,
    at). Locks lead and handoff. Sends handoff_changed for each move, then outcome_recorded.
    """
    handoff = locked(uid, by=by, verb=Verb.RECORD_OUTCOME, with_lead=True)
    kind = _kind(given.kind)
    amount, currency = _amount(given.amount), _currency(given.currency)
    happened_at = instant(at)
    before = list(handoff.outcomes.all())
    if any(outcome.kind == kind for outcome in before):
        return handoff
    ended = next((outcome for outcome in before if outcome.kind != states.Outcome.OPPORTUNITY), None)
    if ended and kind != states.Outcome.OPPORTUNITY:
        raise StateConflict(f"This handoff is already {ended.kind}; it cannot be {kind} as well.")
    outcome = Outcome(
        handoff=handoff,
        kind=kind,
        amount=amount,
        currency=currency,
        external_system=text.one_line(given.external_system, field="external_system", longest=50),
        external_id=text.one_line(given.external_id, field="external_id", longest=200),
        occurred_at=happened_at,
    )
    _create(outcome)
    journal.record(
        journal.Entry(
            kind="outcome.recorded",
            by=by,
            at=happened_at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={"outcome": str(outcome.uid), "kind": kind, "amount": str(amount) if amount is not None else None},
        )
    )
    _move(handoff, kind, by=by, at=happened_at)
    outcome_recorded.send(sender=Outcome, outcome=outcome, handoff=handoff, by=by)
    return handoff


def _create(outcome: Outcome) -> None:
    try:
        with transaction.atomic():
            outcome.save(force_insert=True)
    except IntegrityError:
        # The handoff is locked, so it is not a second outcome of this kind: only the CRM's key can be taken.
        raise StateConflict(f"The outcome “{outcome.external_id}” is recorded for another handoff already.") from None


def _move(handoff: Handoff, kind: states.Outcome, *, by: Person, at: dt.datetime) -> None:
    """Take the state along where the outcome moves it, with the instants that go with it."""
    state = states.OUTCOME_MOVES[kind].get(State(handoff.state))
    if kind is states.Outcome.OPPORTUNITY:
        handoff.opportunity_at = handoff.opportunity_at or at
    else:
        handoff.closed_at = handoff.closed_at or at
    fields = ["opportunity_at", "closed_at"]
    was = State(handoff.state)
    if state is not None and state != was:
        holds.end_open(handoff, because=HoldEnd.DECIDED, by=by, at=at)
        fields += ["state", "decided_at", "disposed_at"]
        handoff.disposed_at = handoff.disposed_at or at
        if was not in DECIDED:
            handoff.state, handoff.decided_at = State.ACCEPTED, at
            handoff.save(update_fields=["state", "decided_at"])
            announce([handoff], "accepted", by=by, at=at, data={"implied_by": kind.value})
        handoff.state = state
    handoff.save(update_fields=fields)
    if state is not None and state != was:
        announce([handoff], state.value, by=by, at=at, data={"outcome": kind.value})


def _kind(given: object) -> states.Outcome:
    try:
        return states.Outcome(str(given))
    except ValueError:
        raise InvalidInput("kind must be one of: opportunity, won, lost.", field="kind") from None


def _amount(given: Decimal | str | int | None) -> Decimal | None:
    if given is None or given == "":
        return None
    try:
        amount = Decimal(str(given)) if len(str(given)) <= 40 else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**12 or amount != round(amount, 2):
        raise InvalidInput(
            "amount must be a number from 0 to 999999999999.99 with at most two decimals.", field="amount"
        )
    return amount


def _currency(given: str) -> str:
    currency = text.one_line(given, field="currency", longest=3).upper()
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise InvalidInput("currency is the three-letter code of ISO 4217, like EUR.", field="currency")
    return currency

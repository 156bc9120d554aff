"""A rep's answer: seen, accept, reject, turn back; and the end of the work: qualify, return.

Whoever decides waits no longer: each of them ends an open hold first.
"""

import datetime as dt
from uuid import UUID

from django.db import transaction

from feedback.actions import holds
from feedback.actions.announce import announce
from feedback.actions.locking import following, locked
from feedback.actions.reasons import REASONING, apply_consequence, give_reason
from feedback.actions.successors import offer_again
from feedback.logic.holds import HoldEnd
from feedback.logic.rights import Person
from feedback.logic.states import State, Verb
from feedback.models import Handoff, Moment, Rep
from leads.actions.clock import instant
from leads.logic import text
from leads.logic.errors import InvalidInput


@transaction.atomic
def see(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, marked as seen when its owner first opens it; nobody else changes anything. Locks it."""
    handoff = locked(uid, by=by, verb=Verb.SEE)
    if handoff.seen_at is None and handoff.state == State.PENDING and handoff.owner_id == by.rep_id is not None:
        handoff.seen_at = instant(None)
        handoff.save(update_fields=["seen_at"])
        announce([handoff], "seen", by=by, at=handoff.seen_at)
    return handoff


@transaction.atomic
def accept(uid: UUID, *, by: Person, note: str = "", at: dt.datetime | None = None) -> Handoff:
    """The handoff, now accepted. `at` backdates (aware, not before the offer, not in the future).

    NotFound, NotAllowed, StateConflict when somebody was first, InvalidInput(note, at). Locks the handoff.
    Sends handoff_changed("accepted").
    """
    handoff = locked(uid, by=by, verb=Verb.ACCEPT)
    state = following(handoff, Verb.ACCEPT)
    _decided(handoff, by=by, note=note, at=at)
    handoff.state = state
    handoff.save(update_fields=["state", *_DECISION])
    announce([handoff], "accepted", by=by, at=_known(handoff.decided_at), note=handoff.decision_note)
    return handoff


@transaction.atomic
def reject(
    uid: UUID,
    *,
    by: Person,
    reason: str,
    evidence: dict[str, object] | None = None,
    note: str = "",
    at: dt.datetime | None = None,
) -> Handoff:
    """The handoff, rejected at review for the reason with this key, with the evidence it asks for.

    What the reason means today is frozen on the handoff, and its consequence for lead and account is applied. NotFound,
    NotAllowed, StateConflict when somebody was first, InvalidInput(reason, evidence.<key>, note, at).
    Locks account, lead, handoff. Sends handoff_changed("rejected").
    """
    handoff = locked(uid, by=by, verb=Verb.REJECT, with_lead=True)
    state = following(handoff, Verb.REJECT)
    given = give_reason(handoff, reason, moment=Moment.REVIEW, evidence=evidence or {}, note=note)
    handoff.is_void = not given.reason.counts_in_acceptance
    _decided(handoff, by=by, note=note, at=at)
    handoff.state = state
    handoff.save(update_fields=["state", "is_void", *REASONING, *_DECISION])
    happened_at = _known(handoff.decided_at)
    apply_consequence(handoff, at=happened_at)
    announce([handoff], "rejected", by=by, at=happened_at, data=given.data, note=given.words)
    return handoff


@transaction.atomic
def return_after_work(
    uid: UUID,
    *,
    by: Person,
    reason: str,
    evidence: dict[str, object] | None = None,
    note: str = "",
    at: dt.datetime | None = None,
) -> Handoff:
    """The accepted handoff, returned to marketing after work; the acceptance stands. Everything else as in reject.

    A verb of its own, so that a rejection which comes second never turns an acceptance into a return.
    Sends handoff_changed("returned").
    """
    handoff = locked(uid, by=by, verb=Verb.RETURN, with_lead=True)
    moment = moment_of(handoff)
    state = following(handoff, Verb.RETURN)
    given = give_reason(handoff, reason, moment=moment, evidence=evidence or {}, note=note)
    handoff.decision_note = text.note(note)
    handoff.disposed_at = _waits_no_longer(handoff, by=by, at=instant(at, earliest=handoff.decided_at))
    handoff.state = state
    handoff.save(update_fields=["state", "disposed_at", "decision_note", *REASONING])
    apply_consequence(handoff, at=handoff.disposed_at)
    announce([handoff], "returned", by=by, at=handoff.disposed_at, data=given.data, note=given.words)
    return handoff


@transaction.atomic
def turn_back(
    uid: UUID, *, by: Person, note: str = "", to: UUID | None = None, at: dt.datetime | None = None
) -> Handoff:
    """The handoff, turned back as a wrong owner's; its lead is offered anew, to the rep `to` or to whom routing
    gives it, else to the team's unassigned queue.

    The new handoff is the latest of `handoff.successors`. NotFound, NotAllowed, StateConflict, InvalidInput(to, note,
    at). Locks account, lead, handoff; without `to`, reps and turns. Sends handoff_changed("turned_back"), then
    ("offered") for the successor.
    """
    handoff = locked(uid, by=by, verb=Verb.TURN_BACK, with_lead=True)
    state = following(handoff, Verb.TURN_BACK)
    active = Rep.objects.select_related("team", "user").filter(is_active=True, user__is_active=True)
    successor_owner = active.filter(uid=to).first() if to else None
    if to and (successor_owner is None or successor_owner.pk == handoff.owner_id):
        raise InvalidInput("to must be another active rep.", field="to")
    _decided(handoff, by=by, note=note, at=at)
    handoff.state = state
    handoff.save(update_fields=["state", *_DECISION])
    happened_at = _known(handoff.decided_at)
    announce([handoff], "turned_back", by=by, at=happened_at, note=handoff.decision_note)
    offer_again(handoff, owner=successor_owner, by=by, at=happened_at)
    return handoff


@transaction.atomic
def qualify(uid: UUID, *, by: Person, note: str = "", at: dt.datetime | None = None) -> Handoff:
    """The handoff, now qualified (SQL). NotFound, NotAllowed, StateConflict, InvalidInput(note, at).

    Locks the handoff. Sends handoff_changed("qualified").
    """
    handoff = locked(uid, by=by, verb=Verb.QUALIFY)
    state = following(handoff, Verb.QUALIFY)
    handoff.disposed_at = _waits_no_longer(handoff, by=by, at=instant(at, earliest=handoff.decided_at))
    handoff.state = state
    handoff.save(update_fields=["state", "disposed_at"])
    announce([handoff], "qualified", by=by, at=handoff.disposed_at, note=text.note(note))
    return handoff


def moment_of(handoff: Handoff) -> Moment:
    """When in the handoff's life it is: reasons are asked for by moment."""
    if handoff.state == State.PENDING:
        return Moment.REVIEW
    return Moment.CONVERSATION if handoff.first_two_way_at else Moment.ATTEMPTS


_DECISION = ("decided_at", "decided_by", "decision_note")


def _decided(handoff: Handoff, *, by: Person, note: str, at: dt.datetime | None) -> None:
    """End the hold, then set on the handoff what every decision sets; the state is still what it was."""
    words = text.note(note)
    decided_at = _waits_no_longer(handoff, by=by, at=instant(at, earliest=handoff.offered_at))
    handoff.decision_note, handoff.decided_at, handoff.decided_by_id = words, decided_at, by.user_id


def _waits_no_longer(handoff: Handoff, *, by: Person, at: dt.datetime) -> dt.datetime:
    holds.end_open(handoff, because=HoldEnd.DECIDED, by=by, at=at)
    return at


def _known(at: dt.datetime | None) -> dt.datetime:
    assert at is not None
    return at

"""A rep's answer: seen, accept, reject, turn back; and the end of the work after an acceptance."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from feedback.actions.announce import announce
from feedback.actions.locking import following, locked
from feedback.actions.offers import offer_again
from feedback.logic import evidence as questions
from feedback.logic.rights import Person
from feedback.logic.states import State, Verb
from feedback.models import Handoff, Moment, NextState, RejectionReason, Rep
from leads.actions.clock import instant
from leads.logic import text
from leads.logic.errors import InvalidInput
from leads.models import Account, Lead


@transaction.atomic
def see(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, marked as seen by its owner the first time; later calls and other people change nothing. Locks it."""
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
    handoff.state = following(handoff, Verb.ACCEPT)
    _decided(handoff, by=by, note=note, at=at)
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
    """The handoff, rejected at review, or returned after work when it had been accepted.

    `reason` is the key of a live reason that fits the moment; `evidence` answers what it asks. What the reason means today is
    frozen on the handoff, and its consequence for lead and account is applied. NotFound, NotAllowed, StateConflict,
    InvalidInput(reason, evidence.<key>, note, at). Locks lead, handoff, account. Sends handoff_changed("rejected" or "returned").
    """
    handoff = locked(uid, by=by, verb=Verb.REJECT, with_lead=True)
    state = following(handoff, Verb.REJECT)
    chosen = _reason(reason, moment=moment_of(handoff))
    given = _with_note(chosen, evidence or {}, note)
    handoff.evidence = questions.answers(asked=chosen.evidence_field, required=chosen.evidence_required, given=given)
    handoff.reason, handoff.state = chosen, state
    if state == State.REJECTED:
        handoff.is_void = not chosen.counts_in_acceptance
        _decided(handoff, by=by, note=note, at=at)
        happened_at = _known(handoff.decided_at)
    else:
        handoff.decision_note = text.note(note)
        happened_at = handoff.disposed_at = instant(at, earliest=handoff.decided_at)
    handoff.save(update_fields=["state", "reason", "evidence", "is_void", "disposed_at", *_DECISION])
    _consequence(handoff, chosen, at=happened_at)
    announce(
        [handoff],
        state.value,
        by=by,
        at=happened_at,
        data={
            "reason": chosen.key,
            "evidence": {key: value for key, value in handoff.evidence.items() if key != "note"},
            "counts_in_acceptance": chosen.counts_in_acceptance,
            "next_state": chosen.next_state,
        },
        note=handoff.decision_note,
    )
    return handoff


@transaction.atomic
def turn_back(
    uid: UUID, *, by: Person, note: str = "", to: UUID | None = None, at: dt.datetime | None = None
) -> Handoff:
    """The handoff, turned back as a wrong owner's; its lead is offered anew, to the rep `to` or to the team's unassigned queue.

    The new handoff is the latest of `handoff.successors`. NotFound, NotAllowed, StateConflict, InvalidInput(to, note, at).
    Locks lead and handoff. Sends handoff_changed("turned_back"), then ("offered") for the successor.
    """
    handoff = locked(uid, by=by, verb=Verb.TURN_BACK, with_lead=True)
    handoff.state = following(handoff, Verb.TURN_BACK)
    successor_owner = Rep.objects.select_related("team", "user").filter(uid=to, is_active=True).first() if to else None
    if to and (successor_owner is None or successor_owner.pk == handoff.owner_id):
        raise InvalidInput("to must be another active rep.", field="to")
    _decided(handoff, by=by, note=note, at=at)
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
    handoff.state = following(handoff, Verb.QUALIFY)
    handoff.disposed_at = instant(at, earliest=handoff.decided_at)
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
    handoff.decision_note = text.note(note)
    handoff.decided_at = instant(at, earliest=handoff.offered_at)
    handoff.decided_by_id = by.user_id


def _known(at: dt.datetime | None) -> dt.datetime:
    assert at is not None
    return at


def _reason(key: object, *, moment: Moment) -> RejectionReason:
    if not isinstance(key, str) or not key:
        raise InvalidInput("Choose a reason.", field="reason")
    reason = RejectionReason.objects.filter(key=text.one_line(key, field="reason", longest=50), is_live=True).first()
    if reason is None:
        raise InvalidInput(f"There is no reason “{key[:50]}” in use.", field="reason")
    if not reason.fits(moment):
        raise InvalidInput(f"“{reason.label}” cannot be given {moment.label}.", field="reason")
    return reason


def _with_note(reason: RejectionReason, given: dict[str, Any], note: str) -> dict[str, object]:
    """A reason whose evidence is words takes the note for it, so that nobody types the same thing twice."""
    if reason.evidence_field == "note" and not given.get("note"):
        return {**given, "note": note}
    return given


def _consequence(handoff: Handoff, reason: RejectionReason, *, at: dt.datetime) -> None:
    if reason.next_state == NextState.SUPPRESS_LEAD and handoff.lead_id:
        Lead.objects.filter(pk=handoff.lead_id).update(suppressed_at=at)
    elif reason.next_state == NextState.DISQUALIFY_LEAD and handoff.lead_id:
        Lead.objects.filter(pk=handoff.lead_id).update(disqualified_at=at)
    elif reason.next_state == NextState.DISQUALIFY_ACCOUNT and handoff.account_id:
        account: dict[str, object] = {"disqualified_at": at}
        account |= {key: handoff.evidence[key] for key in ("employee_count", "industry") if key in handoff.evidence}
        if isinstance(account.get("industry"), str):
            account["industry"] = str(account["industry"])[:100]
        Account.objects.filter(pk=handoff.account_id).update(**account)

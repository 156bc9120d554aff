"""Taking a decision back, within a short window and while nothing has been built on it."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.db import transaction

from feedback.actions.announce import announce
from feedback.actions.locking import following, locked
from feedback.logic.rights import Person
from feedback.logic.states import State, Verb
from feedback.models import Handoff, NextState
from leads.actions.clock import instant
from leads.logic.errors import NotAllowed, StateConflict
from leads.models import Account, JournalEntry, Lead


def window() -> dt.timedelta:
    """How long a decision can be undone, from the setting LEADLOOP_UNDO_SECONDS."""
    return dt.timedelta(seconds=settings.LEADLOOP_UNDO_SECONDS)


@transaction.atomic
def undo(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, pending again as if it had not been decided; the journal keeps both.

    Only who decided may undo, within the window, and only while nothing followed: no attempt after an acceptance, no touch of
    the successor after a turn back. NotFound, NotAllowed, StateConflict. Locks account, lead, handoff.
    Sends handoff_changed("undone"), and ("recalled") for a successor.
    """
    handoff = locked(uid, by=by, verb=Verb.UNDO, with_lead=True)
    was = State(handoff.state)
    handoff.state = following(handoff, Verb.UNDO)
    if handoff.decided_by_id != by.user_id:
        raise NotAllowed("Only who decided can undo the decision.")
    now = instant(None)
    if not (written := _written_at(handoff, was)) or now - written > window():
        raise StateConflict("The time to undo has passed; tell your manager if it was wrong.")
    if was == State.ACCEPTED and handoff.attempts.filter(attempted_at__gte=handoff.decided_at).exists():
        raise StateConflict("An attempt has been logged since; the acceptance stands.")
    if was == State.TURNED_BACK:
        _recall_successor(handoff, by=by, at=now)
    if was == State.REJECTED:
        _lift_consequence(handoff)
    handoff.reason, handoff.evidence, handoff.is_void, handoff.decision_note = None, {}, False, ""
    handoff.decided_at, handoff.decided_by = None, None
    handoff.save(update_fields=["state", "reason", "evidence", "is_void", "decision_note", "decided_at", "decided_by"])
    announce([handoff], "undone", by=by, at=now, data={"was": was.value})
    return handoff


def _written_at(handoff: Handoff, was: State) -> dt.datetime | None:
    """When the decision was written down, by the database's clock; a backdated one counts from then too."""
    entries = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind=f"handoff.{was.value}").order_by("-id")
    return entries.values_list("recorded_at", flat=True).first()


def _recall_successor(handoff: Handoff, *, by: Person, at: dt.datetime) -> None:
    rows = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related("lead")
    successor = rows.filter(previous=handoff).latest("id")
    if successor.state != State.PENDING or successor.seen_at:
        raise StateConflict("Somebody else has looked at it since; ask them, or your manager.")
    successor.state = following(successor, Verb.RECALL)
    successor.save(update_fields=["state"])
    announce([successor], "recalled", by=by, at=at, data={"previous": str(handoff.uid)})


def _lift_consequence(handoff: Handoff) -> None:
    """What the rejection had set on lead and account. A size or industry the rep corrected stays: it is a fact."""
    at, reason = handoff.decided_at, handoff.reason
    next_state = reason.next_state if reason else None
    if next_state == NextState.SUPPRESS_LEAD:
        Lead.objects.filter(pk=handoff.lead_id, suppressed_at=at).update(suppressed_at=None)
    elif next_state == NextState.DISQUALIFY_LEAD:
        Lead.objects.filter(pk=handoff.lead_id, disqualified_at=at).update(disqualified_at=None)
    elif next_state == NextState.DISQUALIFY_ACCOUNT:
        Account.objects.filter(pk=handoff.account_id, disqualified_at=at).update(disqualified_at=None)

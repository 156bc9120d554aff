"""Taking a decision back, within a short window and while nothing has been built on it."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.db import transaction

from feedback.actions import holds
from feedback.actions.announce import announce
from feedback.actions.locking import following, keep_lead_known, locked
from feedback.actions.reasons import lift_consequence
from feedback.actions.routing import give_back
from feedback.logic.holds import HoldEnd
from feedback.logic.rights import Person
from feedback.logic.states import ACTIVE, State, Verb
from feedback.models import Handoff
from leads.actions.clock import instant
from leads.logic.errors import NotAllowed, StateConflict
from leads.models import JournalEntry


def window() -> dt.timedelta:
    """How long a decision can be undone, from the setting LEADLOOP_UNDO_SECONDS."""
    return dt.timedelta(seconds=settings.LEADLOOP_UNDO_SECONDS)


@transaction.atomic
def undo(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, pending again as if it had not been decided; the journal keeps both.

    Only who decided may undo, within the window, and only while nothing followed: no attempt after an acceptance, no
    touch of the successor after a turn back. A hold that the decision ended stays ended, and one that came with it
    ends. NotFound, NotAllowed, StateConflict. Locks account, lead, handoff. Sends
    handoff_changed("undone"), and ("recalled") for a successor.
    """
    handoff = locked(uid, by=by, verb=Verb.UNDO, with_lead=True)
    was = State(handoff.state)
    state = following(handoff, Verb.UNDO)
    if handoff.decided_by_id != by.user_id:
        raise NotAllowed("Only who decided can undo the decision.")
    now = instant(None)
    if not (written := _written_at(handoff, was)) or now - written > window():
        raise StateConflict("The time to undo has passed; tell your manager if it was wrong.")
    if was == State.ACCEPTED and handoff.attempts.filter(attempted_at__gte=handoff.decided_at).exists():
        raise StateConflict("An attempt has been logged since; the acceptance stands.")
    if handoff.outcomes.exists():
        raise StateConflict("An outcome has been recorded since; the decision stands.")
    if was == State.TURNED_BACK:
        _recall_successor(handoff, by=by, at=now)
    if was == State.REJECTED:
        if handoff.upheld_at:
            raise StateConflict("Marketing has upheld it since; the rejection stands.")
        _refuse_if_offered_again(handoff)
        lift_consequence(handoff)
    holds.end_open(handoff, because=HoldEnd.DECIDED, by=by, at=now)
    handoff.state = state
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
    rows = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related("lead", "owner")
    successor = rows.filter(previous=handoff).latest("id")
    keep_lead_known(successor)
    if successor.state != State.PENDING or successor.seen_at:
        raise StateConflict("Somebody else has looked at it since; ask them, or your manager.")
    state = following(successor, Verb.RECALL)
    holds.end_open(successor, because=HoldEnd.DECIDED, by=by, at=at)
    successor.state = state
    successor.save(update_fields=["state"])
    announce([successor], "recalled", by=by, at=at, data={"previous": str(handoff.uid)})
    # Whose turn it was for nothing gets another.
    give_back(successor)


def _refuse_if_offered_again(handoff: Handoff) -> None:
    """The lead is locked, and offering locks it too. Nobody can be with sales twice."""
    same = (
        Handoff.objects.filter(lead=handoff.lead_id)
        if handoff.lead_id
        else (Handoff.objects.filter(account=handoff.account_id, lead=None))
    )
    if same.filter(state__in=sorted(ACTIVE)).exists():
        raise StateConflict("The lead has been offered again since; the rejection stands.")

"""What marketing says to a rejection."""

from uuid import UUID

from django.db import transaction

from feedback.actions.locking import keep_lead_known
from feedback.actions.routing import give_back, take_back
from feedback.actions.undo import window
from feedback.logic.rights import Person, may_uphold
from feedback.logic.states import WITH_REASON, WORDS, State
from feedback.models import Handoff
from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.errors import NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry

UPHELD, UNUPHELD = "rejection.upheld", "rejection.unupheld"


@transaction.atomic
def uphold(uid: UUID, *, by: Person) -> Handoff:
    """The rejected or returned handoff, of which marketing says that it was rightly refused: its rep, who spent a turn
    on it, is owed one.

    Once, until `unuphold`. NotFound, NotAllowed, StateConflict. Locks the handoff, then the turn. Journals
    rejection.upheld {"rule": the uid of the rule in which a turn is owed, or ""}.
    """
    handoff = _locked(uid, by=by)
    if handoff.state not in WITH_REASON:
        raise StateConflict(f"Only a rejection can be upheld; this handoff is {WORDS[State(handoff.state)]}.")
    if handoff.upheld_at:
        raise StateConflict("It has been upheld already.")
    handoff.upheld_at = database_now()
    _keep(handoff, UPHELD, by=by, rule=give_back(handoff))
    return handoff


@transaction.atomic
def unuphold(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, of which marketing has said nothing again; the turn owed for it is owed no longer.

    Only who upheld it, within the window of an undo, and only while that turn waits: one that was taken stays with who
    took it, and the word stands. Owed turns are alike, so while one waits for the rep in that line, it is this one.
    NotFound, NotAllowed, StateConflict. Locks the handoff, then the turn. Journals rejection.unupheld {"rule": the uid
    of the rule in which the turn was owed, or ""}.
    """
    handoff = _locked(uid, by=by)
    if not handoff.upheld_at:
        raise StateConflict("It is not upheld, so there is nothing to undo.")
    said = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind=UPHELD).latest("id")
    if said.actor_id != by.user_id:
        raise NotAllowed("Only who upheld it can undo that.")
    if database_now() - said.recorded_at > window():
        raise StateConflict("The time to undo has passed: it stays upheld.")
    rule = str(said.data["rule"])
    if rule and not take_back(handoff, rule=rule):
        raise StateConflict("The turn that was owed for it has been taken since: it stays upheld.")
    handoff.upheld_at = None
    _keep(handoff, UNUPHELD, by=by, rule=rule)
    return handoff


def _locked(uid: UUID, *, by: Person) -> Handoff:
    rows = Handoff.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).select_related("lead")
    handoff = rows.filter(uid=uid).first()
    if handoff is None:
        raise NotFound("There is no such handoff.")
    keep_lead_known(handoff)
    if not may_uphold(by):
        raise NotAllowed("To say that a rejection was right is for marketing.")
    return handoff


def _keep(handoff: Handoff, kind: str, *, by: Person, rule: str) -> None:
    handoff.save(update_fields=["upheld_at"])
    journal.record(
        journal.Entry(
            kind=kind,
            by=by,
            at=handoff.upheld_at or database_now(),
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={"rule": rule},
        )
    )

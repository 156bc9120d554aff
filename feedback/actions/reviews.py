"""What marketing says to a rejection."""

from uuid import UUID

from django.db import transaction

from feedback.actions.routing import give_back
from feedback.logic.rights import Person, may_uphold
from feedback.logic.states import WORDS, State
from feedback.models import Handoff
from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.errors import NotAllowed, NotFound, StateConflict

_REFUSED = (State.REJECTED, State.RETURNED)


@transaction.atomic
def uphold(uid: UUID, *, by: Person) -> Handoff:
    """The rejected or returned handoff, of which marketing says that it was rightly refused: its rep, who spent a turn
    on it, is owed one.

    Once, and for good. NotFound, NotAllowed, StateConflict. Locks the handoff, then the turn. Journals
    rejection.upheld {"rule": the uid of the rule in which a turn is owed, or ""}.
    """
    rows = Handoff.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).select_related("lead")
    handoff = rows.filter(uid=uid).first()
    if handoff is None:
        raise NotFound("There is no such handoff.")
    if not may_uphold(by):
        raise NotAllowed("To say that a rejection was right is for marketing.")
    if handoff.state not in _REFUSED:
        raise StateConflict(f"Only a rejection can be upheld; this handoff is {WORDS[State(handoff.state)]}.")
    if handoff.upheld_at:
        raise StateConflict("It has been upheld already.")
    handoff.upheld_at = database_now()
    handoff.save(update_fields=["upheld_at"])
    journal.record(
        journal.Entry(
            kind="rejection.upheld",
            by=by,
            at=handoff.upheld_at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={"rule": give_back(handoff)},
        )
    )
    return handoff

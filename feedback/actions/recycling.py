"""Under which condition a refused lead may come back: noted with the refusal, met later."""

import datetime as dt
from uuid import UUID

from django.db import transaction

from feedback.actions.locking import locked
from feedback.logic.recycling import plan_of
from feedback.logic.rights import Person
from feedback.logic.states import Verb
from feedback.models import Handoff, RecyclePlan
from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.errors import StateConflict
from leads.models import Touched


def plan(handoff: Handoff, *, at: dt.datetime) -> RecyclePlan | None:
    """The plan that the reason of the (locked) refused handoff asks for, written down; None where it asks for none."""
    reason = handoff.reason
    assert reason is not None
    found = plan_of(
        next_state=reason.next_state,
        cool_off_days=reason.cool_off_days,
        condition=reason.return_condition,
        evidence=handoff.evidence,
        at=at,
    )
    if found is None:
        return None
    return RecyclePlan.objects.create(handoff=handoff, not_before_at=found.not_before_at, condition=found.condition)


def drop(handoff: Handoff) -> None:
    """Forget the plan of a (locked) handoff whose refusal is undone."""
    RecyclePlan.objects.filter(handoff=handoff).delete()


@transaction.atomic
def meet(uid: UUID, *, by: Person) -> Handoff:
    """The refused handoff, of which the condition for coming back is met from now on; its lead is judged anew.

    NotFound, NotAllowed, StateConflict when it waits for nothing. Locks the handoff. Journals recycle.met.
    """
    handoff = locked(uid, by=by, verb=Verb.MEET)
    waiting = RecyclePlan.objects.filter(handoff=handoff, met_at=None).exclude(condition="").first()
    if waiting is None:
        raise StateConflict("This handoff waits for no condition.")
    waiting.met_at, waiting.met_by_id = database_now(), by.user_id
    waiting.save(update_fields=["met_at", "met_by"])
    journal.record(
        journal.Entry(
            kind="recycle.met",
            by=by,
            at=waiting.met_at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={"condition": waiting.condition},
        )
    )
    Touched.objects.create(lead_id=handoff.lead_id, account_id=None if handoff.lead_id else handoff.account_id)
    return handoff

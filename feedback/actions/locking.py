"""The first three steps of every operation on a handoff: find and lock it, ask for the right, ask the state."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from feedback.logic.rights import Person, Subject, may
from feedback.logic.states import WORDS, State, Verb, next_state
from feedback.models import Handoff
from leads.logic.errors import NotAllowed, NotFound, StateConflict
from leads.models import Account, Lead

_SAY = {
    Verb.ACCEPT: "accept",
    Verb.REJECT: "reject",
    Verb.RETURN: "return",
    Verb.TURN_BACK: "turn back",
    Verb.LOG_ATTEMPT: "log an attempt on",
    Verb.QUALIFY: "qualify",
    Verb.RECORD_OUTCOME: "record an outcome for",
    Verb.REASSIGN: "reassign",
    Verb.TAKE: "take",
    Verb.EXPIRE: "expire",
    Verb.RECALL: "recall",
    Verb.UNDO: "undo a decision on",
    Verb.HOLD: "put on hold",
    Verb.ANSWER: "answer a question on",
    Verb.RESUME: "end the hold of",
    Verb.RELEASE: "release",
    Verb.RAISE: "raise the priority of",
    Verb.MEET: "say that the condition is met for",
}


def locked(uid: UUID, *, by: Person, verb: Verb, with_lead: bool = False) -> Handoff:
    """The handoff with its lead, locked FOR NO KEY UPDATE, after its account and lead when `with_lead`.

    NotFound when it does not exist or `by` may not see it; NotAllowed when the right is missing. The state is not asked
    here.
    """
    if with_lead:
        while not _lock_whose(uid, by=by):
            pass
    # Only the lead is joined: a joined row is as it was before the wait for the lock.
    handoff = (
        Handoff.objects.visible_to(by)
        .select_for_update(no_key=True, of=("self",))
        .select_related("lead")
        .filter(uid=uid)
        .first()
    )
    if handoff is None:
        raise NotFound("There is no such handoff.")
    keep_lead_known(handoff)
    if not may(by, verb, Subject(team_id=handoff.team_id, owner_id=handoff.owner_id)):
        raise NotAllowed(_refusal(handoff, verb=verb))
    return handoff


def keep_lead_known(handoff: Handoff) -> None:
    """Have the locked handoff know the lead it has now: while one waited for the lock, the lead that was joined may
    have been merged into another. A statement more only then.
    """
    if handoff.lead_id and (handoff.lead is None or handoff.lead.pk != handoff.lead_id):
        handoff.lead = Lead.objects.get(pk=handoff.lead_id)


@transaction.atomic
def _lock_whose(uid: UUID, *, by: Person) -> bool:
    """Lock account and lead of the handoff. False, and nothing is locked, when one of them was merged into another
    while this one waited: that one has its place in the order of locks.
    """
    of = ("account_id", "account__merged_into_id", "lead_id", "lead__merged_into_id")
    found = Handoff.objects.visible_to(by).filter(uid=uid).values_list(*of).first()
    account, account_kept, lead, lead_kept = found or (None, None, None, None)
    pks: tuple[tuple[type[Account] | type[Lead], int | None], ...]
    pks = (Account, account_kept or account), (Lead, lead_kept or lead)
    for model, pk in pks:
        if pk and model._default_manager.select_for_update(no_key=True).get(pk=pk).merged_into_id:
            transaction.set_rollback(True)
            return False
    return True


def following(handoff: Handoff, verb: Verb) -> State:
    """Where `verb` leads from the handoff's state.

    StateConflict saying who did what, and when, in the reader's zone.
    """
    state = next_state(verb, State(handoff.state))
    if state is None:
        raise StateConflict(conflict(handoff))
    return state


def conflict(handoff: Handoff) -> str:
    """A polite sentence for who came second, like: Already accepted by Ana Duarte at 14:05 on 22 Nov 2026."""
    words = WORDS[State(handoff.state)]
    at = handoff.closed_at or handoff.disposed_at or handoff.decided_at
    if at is None:
        return f"This handoff is {words}." if handoff.state == State.PENDING else f"This handoff was {words}."
    when = timezone.localtime(at)
    who = f" by {handoff.decided_by.get_full_name() or handoff.decided_by.get_username()}" if handoff.decided_by else ""
    return f"Already {words}{who} at {when:%H:%M} on {when.day} {when:%b %Y}."


def _refusal(handoff: Handoff, *, verb: Verb) -> str:
    if handoff.owner is None:
        return f"Nobody owns this handoff yet: take it before you {_SAY[verb]} it."
    return f"You may not {_SAY[verb]} this handoff: it belongs to {handoff.owner}."

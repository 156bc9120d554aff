"""Deciding only on what was seen: the handoff must still be the version that the caller read."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from feedback.logic.rights import Person
from feedback.logic.states import WORDS, State
from feedback.logic.versions import version
from feedback.models import Handoff, Hold
from leads.logic.errors import Changed, NotFound
from leads.models import Account, Lead


def version_of(handoff: Handoff) -> str:
    """The version of what a decision on the handoff rests on: state, owner, priority, and what was done so far.

    Names, texts, the journal and due times may change without it. One query for the hold, unless `open_holds` is there.
    """
    holds: list[Hold] | None = getattr(handoff, "open_holds", None)
    if holds is None:
        holds = list(Hold.objects.filter(handoff=handoff, ended_at=None))
    instants = (
        handoff.decided_at,
        handoff.disposed_at,
        handoff.opportunity_at,
        handoff.closed_at,
        handoff.first_two_way_at,
        handoff.upheld_at,
    )
    spelled = [at and at.timestamp() for at in instants]
    held = [hold.uid for hold in holds]
    return version(
        [
            handoff.uid,
            handoff.state,
            handoff.team_id,
            handoff.owner_id,
            handoff.priority,
            handoff.reason_id,
            handoff.is_void,
            handoff.attempt_count,
            *spelled,
            *held,
        ]
    )


def expect(uid: UUID, *, by: Person, versions: Collection[str]) -> None:
    """Nothing, when the handoff is still one of `versions`; it stays so until the caller's transaction ends.

    NotFound; Changed saying what it is now. Locks account, lead, handoff, as every verb does.
    """
    found = Handoff.objects.visible_to(by).filter(uid=uid).values_list("account_id", "lead_id").first()
    if found is None:
        raise NotFound("There is no such handoff.")
    account_id, lead_id = found
    if account_id:
        Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if lead_id:
        Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
    handoff = Handoff.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).filter(uid=uid).first()
    if handoff is None:
        raise NotFound("There is no such handoff.")
    if version_of(handoff) not in versions:
        raise Changed(f"{_now(handoff)} It is not what you read: read it again, then decide.")


def _now(handoff: Handoff) -> str:
    """The state in words, like: This handoff is accepted, owned by Rita Rep, since 14:05 on 22 Nov 2026."""
    at = handoff.closed_at or handoff.disposed_at or handoff.decided_at
    when = timezone.localtime(at) if at else None
    since = f", since {when:%H:%M} on {when.day} {when:%b %Y}" if when else ""
    whose = f"owned by {handoff.owner}" if handoff.owner else "owned by nobody"
    return f"This handoff is {WORDS[State(handoff.state)]}, {whose}, priority {handoff.priority}{since}."

"""Who has a handoff: take, reassign, the next rep in line; and handoffs nobody answered."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q

from feedback.actions.announce import announce
from feedback.actions.locking import following, locked
from feedback.logic.rights import Person
from feedback.logic.states import OPEN, Verb
from feedback.models import Handoff, Rep
from leads.actions.clock import instant
from leads.logic.errors import InvalidInput, NotAllowed
from leads.models import JournalEntry


@transaction.atomic
def take(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, out of the team's unassigned queue and now the rep's own. NotFound once somebody else has it.

    NotAllowed, StateConflict. Locks the handoff. Sends handoff_changed("reassigned").
    """
    handoff = locked(uid, by=by, verb=Verb.TAKE)
    following(handoff, Verb.TAKE)
    owner = Rep.objects.select_related("user").get(user=by.user_id or 0)
    return _give(handoff, owner, by=by, at=instant(None), cause="taken")


@transaction.atomic
def reassign(uid: UUID, *, by: Person, to: UUID, cause: str = "manager", at: dt.datetime | None = None) -> Handoff:
    """The handoff with the rep `to` as owner, who belongs to its team or to one the person manages.

    NotFound, NotAllowed, StateConflict, InvalidInput(to). Locks the handoff. Sends handoff_changed("reassigned").
    """
    handoff = locked(uid, by=by, verb=Verb.REASSIGN)
    following(handoff, Verb.REASSIGN)
    owner = Rep.objects.select_related("user", "team").filter(uid=to, is_active=True, user__is_active=True).first()
    if owner is None:
        raise InvalidInput("to must be an active rep.", field="to")
    if owner.pk == handoff.owner_id:
        raise InvalidInput(f"It is {owner}'s already.", field="to")
    if owner.team_id != handoff.team_id and not by.sees_all and owner.team_id not in by.managed_team_ids:
        raise NotAllowed(f"{owner} is in a team you do not manage.")
    return _give(handoff, owner, by=by, at=instant(at, earliest=handoff.offered_at), cause=cause)


def next_rep(handoff: Handoff) -> Rep | None:
    """The active rep of the team who has the fewest open handoffs, below capacity, and never had this one; None when
    nobody is left.
    """
    return (
        Rep.objects.filter(team_id=handoff.team_id, is_active=True, user__is_active=True)
        .exclude(uid__in=_past_owners(handoff))
        .annotate(load=Count("handoffs", filter=Q(handoffs__state__in=sorted(OPEN))))
        .filter(load__lt=F("capacity"))
        .order_by("load", "pk")
        .select_related("user")
        .first()
    )


@transaction.atomic
def expire(uid: UUID, *, by: Person, at: dt.datetime | None = None) -> Handoff:
    """The handoff, ended because nobody answered. NotFound, NotAllowed, StateConflict. Locks it.

    Sends handoff_changed("expired").
    """
    handoff = locked(uid, by=by, verb=Verb.EXPIRE)
    handoff.state = following(handoff, Verb.EXPIRE)
    handoff.save(update_fields=["state"])
    announce([handoff], "expired", by=by, at=instant(at))
    return handoff


@transaction.atomic
def recall(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, taken back by marketing before anybody decided. NotFound, NotAllowed, StateConflict. Locks it.

    Sends handoff_changed("recalled").
    """
    handoff = locked(uid, by=by, verb=Verb.RECALL)
    handoff.state = following(handoff, Verb.RECALL)
    handoff.save(update_fields=["state"])
    announce([handoff], "recalled", by=by, at=instant(None))
    return handoff


def _give(handoff: Handoff, owner: Rep, *, by: Person, at: dt.datetime, cause: str) -> Handoff:
    was = handoff.owner
    handoff.owner, handoff.team_id = owner, owner.team_id
    handoff.save(update_fields=["owner", "team"])
    data = {"from": str(was.uid) if was else None, "to": str(owner.uid), "cause": cause}
    announce([handoff], "reassigned", by=by, at=at, data=data)
    return handoff


def _past_owners(handoff: Handoff) -> set[str]:
    """The uids of everybody who had it, as the journal knows them."""
    moves = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.reassigned").values_list(
        "data", flat=True
    )
    had = {uid for data in moves for uid in (data["from"], data["to"]) if uid}
    return had | ({str(handoff.owner.uid)} if handoff.owner else set())

"""Who has a handoff, and how urgent it is: take, reassign, release, raise, the next rep; and what nobody answered."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Now

from feedback.actions import holds
from feedback.actions.announce import announce
from feedback.actions.locking import following, locked
from feedback.logic.holds import HoldEnd
from feedback.logic.rights import Person
from feedback.logic.states import OPEN, Verb
from feedback.models import Absence, Handoff, Rep
from feedback.reports.routing import REFUSED
from leads.actions.clock import instant
from leads.logic.errors import InvalidInput, NotAllowed, StateConflict
from leads.models import JournalEntry

# The causes of a reassignment that nobody asked for.
_BY_ITSELF = ("ladder", "cannot_answer")


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

    Another team begins anew: a hold ends. NotFound, NotAllowed, StateConflict, InvalidInput(to). Locks the handoff.
    Sends handoff_changed("reassigned").
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
    happened_at = instant(at, earliest=handoff.offered_at)
    if owner.team_id != handoff.team_id:
        holds.end_open(handoff, because=HoldEnd.DECIDED, by=by, at=happened_at)
    return _give(handoff, owner, by=by, at=happened_at, cause=cause)


@transaction.atomic
def release(uid: UUID, *, by: Person, cause: str = "manager", at: dt.datetime | None = None) -> Handoff:
    """The pending handoff, in its team's queue with no owner. NotFound, NotAllowed, StateConflict, InvalidInput(at).

    `cause` is a key for the journal. Locks the handoff. Sends handoff_changed("released").
    """
    handoff = locked(uid, by=by, verb=Verb.RELEASE)
    following(handoff, Verb.RELEASE)
    was = handoff.owner
    if was is None:
        raise StateConflict("Nobody owns it: it waits in the team's queue already.")
    released_at = instant(at, earliest=handoff.offered_at)
    handoff.owner = None
    handoff.save(update_fields=["owner"])
    announce([handoff], "released", by=by, at=released_at, data={"from": str(was.uid), "cause": cause})
    return handoff


@transaction.atomic
def raise_priority(uid: UUID, *, by: Person, cause: str = "manager") -> Handoff:
    """The handoff, one place more urgent: from 3 to 2, from 2 to 1; at 1 nothing happens.

    `cause` is a key for the journal. NotFound, NotAllowed, StateConflict. Locks the handoff. Sends
    handoff_changed("raised").
    """
    handoff = locked(uid, by=by, verb=Verb.RAISE)
    following(handoff, Verb.RAISE)
    was = handoff.priority
    if was <= 1:
        return handoff
    handoff.priority = was - 1
    handoff.save(update_fields=["priority"])
    announce(
        [handoff],
        "raised",
        by=by,
        at=instant(None),
        data={"from": was, "to": handoff.priority, "cause": cause},
    )
    return handoff


def next_rep(handoff: Handoff, *, can: Callable[[Rep], bool] | None = None) -> Rep | None:
    """The rep of the team who has the fewest open handoffs, None when nobody is left.

    Active, below capacity, neither away nor benched now, and never had this handoff or refused its lead (or, of an
    account alone, the account). With `can`, the first of them for whom it is true; it gets the rep with user and team.
    """
    away = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=Now()), rep=OuterRef("pk"), starts_at__lte=Now())
    same = Q(lead=handoff.lead_id) if handoff.lead_id else Q(lead=None, account=handoff.account_id)
    refused = Handoff.objects.filter(same, owner=OuterRef("pk"), state__in=REFUSED)
    reps = (
        Rep.objects.filter(~Exists(away), ~Exists(refused), team_id=handoff.team_id)
        .filter(is_active=True, user__is_active=True)
        .exclude(uid__in=_past_owners(handoff))
        .annotate(load=Count("handoffs", filter=Q(handoffs__state__in=sorted(OPEN))))
        .filter(load__lt=F("capacity"))
        .order_by("load", "pk")
        .select_related("user", "team")
    )
    if can is None:
        return reps.first()
    return next((rep for rep in reps if can(rep)), None)


def hops(handoff: Handoff) -> int:
    """How often LeadLoop itself has given the handoff to somebody else, as the journal knows it."""
    moves = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.reassigned")
    return moves.filter(data__cause__in=_BY_ITSELF).count()


@transaction.atomic
def expire(uid: UUID, *, by: Person, at: dt.datetime | None = None, cause: str = "") -> Handoff:
    """The handoff, ended because nobody answered. `cause` is a key for the journal.

    NotFound, NotAllowed, StateConflict. Locks it. Ends a hold. Sends handoff_changed("expired").
    """
    handoff = locked(uid, by=by, verb=Verb.EXPIRE)
    state = following(handoff, Verb.EXPIRE)
    expired_at = instant(at)
    holds.end_open(handoff, because=HoldEnd.DECIDED, by=by, at=expired_at)
    handoff.state = state
    handoff.save(update_fields=["state"])
    announce([handoff], "expired", by=by, at=expired_at, data={"cause": cause} if cause else None)
    return handoff


@transaction.atomic
def recall(uid: UUID, *, by: Person) -> Handoff:
    """The handoff, taken back by marketing before anybody decided. NotFound, NotAllowed, StateConflict. Locks it.

    Ends a hold. Sends handoff_changed("recalled").
    """
    handoff = locked(uid, by=by, verb=Verb.RECALL)
    state = following(handoff, Verb.RECALL)
    recalled_at = instant(None)
    holds.end_open(handoff, because=HoldEnd.DECIDED, by=by, at=recalled_at)
    handoff.state = state
    handoff.save(update_fields=["state"])
    announce([handoff], "recalled", by=by, at=recalled_at)
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
    kinds = ("handoff.reassigned", "handoff.released")
    moves = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind__in=kinds).values_list("data", flat=True)
    had = {uid for data in moves for uid in (data["from"], data.get("to")) if uid}
    return had | ({str(handoff.owner.uid)} if handoff.owner else set())

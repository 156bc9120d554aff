"""Excused time: asked for by who works a handoff, settled by a manager of its team.

It changes what is reported beside the raw result, never the result itself: deadlines, states and breaches stay.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from feedback.logic.rights import MANAGER, Person
from feedback.models import Handoff
from leads.actions import journal
from leads.actions.clock import database_now
from leads.actions.notices import tell_many
from leads.logic import text
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.models import Notice
from sla.models import Clock, ClockState, Excuse, ExcuseState
from sla.reports.retellings import Library, retellings

LONGEST = dt.timedelta(days=30)
_LONGEST_WORDS = 2_000
_MOST_WAITING = 5
_OPEN = (ClockState.RUNNING, ClockState.HELD)
_CHUNK = 500


@transaction.atomic
def request(handoff_uid: UUID, *, by: Person, begins_at: dt.datetime, ends_at: dt.datetime, why: str) -> Excuse:
    """The excused time that was asked for, by the owner or a manager of the team; a manager settles it.

    It has begun already, is at most 30 days long, and lies between the offer and the end of the handoff's last clock.
    NotFound, NotAllowed, InvalidInput(begins_at, ends_at, why); StateConflict for a span that waits or is approved
    already, and while five requests wait. Locks the handoff. Journals excuse.requested, `why` as its note; tells the
    managers of the team.
    """
    handoff = _locked(handoff_uid, by=by)
    if not _manages(by, handoff) and (by.rep_id is None or by.rep_id != handoff.owner_id):
        raise NotAllowed("Excused time is asked for by who owns the handoff, or a manager of the team.")
    words = text.note(why, field="why", longest=_LONGEST_WORDS)
    if not words:
        raise InvalidInput("Say why this time should not count.", field="why")
    assert by.user_id is not None  # a rep or a manager is somebody
    now = database_now()
    begins_at, ends_at = _span(handoff, begins_at, ends_at, now=now)
    _refuse_repeats(handoff, begins_at, ends_at)
    excuse = Excuse.objects.create(
        handoff=handoff,
        begins_at=begins_at,
        ends_at=ends_at,
        why=words,
        requested_by_id=by.user_id,
        requested_at=now,
    )
    _record("requested", excuse, handoff, by=by, at=now, note=words)
    bosses = handoff.team.managers.filter(is_active=True).exclude(pk=by.user_id).values_list("pk", flat=True)
    _tell(bosses, "requested", excuse, handoff)
    return excuse


@transaction.atomic
def approve(excuse_uid: UUID, *, by: Person, note: str = "") -> Excuse:
    """The excused time, which now counts in adjusted results: adjusted_due_at of the handoff's clocks, ended ones too.

    Deadlines, states and breaches stay as they are. NotFound; NotAllowed for who asked for it and for who is no manager
    of the team; StateConflict once it is settled; InvalidInput(note). Locks the handoff, then its clocks. Journals
    excuse.approved; tells who asked.
    """
    excuse = _settle(excuse_uid, ExcuseState.APPROVED, by=by, note=note)
    readjust([excuse.handoff_id])
    return excuse


@transaction.atomic
def refuse(excuse_uid: UUID, *, by: Person, note: str = "") -> Excuse:
    """The excused time, refused: nothing else changes. Errors and locks as approve, the clocks apart.

    Journals excuse.refused; tells who asked.
    """
    return _settle(excuse_uid, ExcuseState.REFUSED, by=by, note=note)


def readjust(handoff_ids: Iterable[int] | None = None) -> int:
    """How many clocks have another adjusted deadline now, counted anew from their journal; None: all open ones.

    For approved excused time, and after anything that moved or started clocks. One statement when nothing is excused.
    The handoffs are locked by the caller; locks the clocks.
    """
    excused = Excuse.objects.filter(state=ExcuseState.APPROVED)
    if handoff_ids is None:
        excused = excused.filter(handoff__clocks__state__in=_OPEN)
    else:
        excused = excused.filter(handoff__in=list(handoff_ids))
    uids = dict(excused.order_by("handoff").values_list("handoff", "handoff__uid"))
    library, ids = Library(), list(uids)
    return sum(
        _readjust({pk: uids[pk] for pk in ids[place : place + _CHUNK]}, library) for place in range(0, len(ids), _CHUNK)
    )


def _readjust(uids: dict[int, UUID], library: Library) -> int:
    told = retellings(list(uids.values()), library)
    changed: list[Clock] = []
    for clock in Clock.objects.filter(handoff__in=list(uids)).order_by("pk").select_for_update(no_key=True):
        retelling = told[uids[clock.handoff_id]]
        known = retelling.clocks.get((clock.target, clock.cycle))
        adjusted = known.adjusted_due_at(retelling.excused_spans) if known else None
        if adjusted != clock.adjusted_due_at:
            clock.adjusted_due_at = adjusted
            changed.append(clock)
    Clock.objects.bulk_update(changed, ["adjusted_due_at"])
    return len(changed)


def _settle(uid: UUID, state: ExcuseState, *, by: Person, note: str) -> Excuse:
    known = Excuse.objects.filter(uid=uid).values_list("handoff__uid", flat=True).first()
    if known is None:
        raise NotFound("There is no such request.")
    handoff = _locked(known, by=by)
    excuse = Excuse.objects.select_related("settled_by").get(uid=uid)
    if not _manages(by, handoff):
        raise NotAllowed("Excused time is settled by a manager of the team.")
    if excuse.requested_by_id == by.user_id:
        raise NotAllowed("Nobody settles their own request; ask another manager of the team.")
    if excuse.state != ExcuseState.REQUESTED:
        raise StateConflict(_settled(excuse))
    words = text.note(note, longest=_LONGEST_WORDS)
    excuse.state, excuse.settled_by_id, excuse.settled_at = state, by.user_id, database_now()
    excuse.settled_note = words
    excuse.save(update_fields=["state", "settled_by", "settled_at", "settled_note"])
    _record(state.value, excuse, handoff, by=by, at=excuse.settled_at, note=words)
    _tell([excuse.requested_by_id], state.value, excuse, handoff)
    return excuse


def _locked(uid: UUID, *, by: Person) -> Handoff:
    found = Handoff.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).select_related("lead")
    handoff = found.filter(uid=uid).first()
    if handoff is None:
        raise NotFound("There is no such handoff.")
    return handoff


def _manages(by: Person, handoff: Handoff) -> bool:
    return MANAGER in by.roles and handoff.team_id in by.managed_team_ids


def _span(
    handoff: Handoff, begins_at: dt.datetime, ends_at: dt.datetime, *, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Both in UTC, when they make sense for this handoff."""
    for field, at in (("begins_at", begins_at), ("ends_at", ends_at)):
        if at.tzinfo is None:
            raise InvalidInput(f"{field} needs an offset from UTC, like 2026-11-30T09:00:00+01:00.", field=field)
    if begins_at < handoff.offered_at:
        raise InvalidInput("It cannot begin before the handoff was offered.", field="begins_at")
    if begins_at > now:
        raise InvalidInput("It has to have begun already.", field="begins_at")
    if ends_at <= begins_at:
        raise InvalidInput("It has to end after it began.", field="ends_at")
    if ends_at - begins_at > LONGEST:
        raise InvalidInput(f"At most {LONGEST.days} days can be excused at once.", field="ends_at")
    ended_at = _ended_at(handoff)
    if ended_at and ends_at > ended_at:
        raise InvalidInput("It cannot end after the handoff's last promise did.", field="ends_at")
    return begins_at.astimezone(dt.UTC), ends_at.astimezone(dt.UTC)


def _refuse_repeats(handoff: Handoff, begins_at: dt.datetime, ends_at: dt.datetime) -> None:
    """StateConflict when this span needs no second answer, or too many already wait for their first."""
    asked = handoff.excuses.exclude(state=ExcuseState.REFUSED)
    same = asked.filter(begins_at=begins_at, ends_at=ends_at).first()
    if same is not None:
        what = "excused" if same.state == ExcuseState.APPROVED else "asked for, and waits for an answer"
        raise StateConflict(f"This time is already {what}.")
    if asked.filter(state=ExcuseState.REQUESTED).count() >= _MOST_WAITING:
        raise StateConflict(f"{_MOST_WAITING} requests on this handoff wait for an answer; ask again when one has it.")


def _ended_at(handoff: Handoff) -> dt.datetime | None:
    """When its last clock ended; None while one is open."""
    ends: Sequence[dt.datetime | None] = list(handoff.clocks.values_list("stopped_at", flat=True))
    if not ends:
        raise InvalidInput("No clock has run on this handoff: there is nothing to excuse.", field="begins_at")
    known = [at for at in ends if at is not None]
    return max(known) if len(known) == len(ends) else None


def _settled(excuse: Excuse) -> str:
    """Who was first, and when, in the reader's zone."""
    who, at = excuse.settled_by, excuse.settled_at
    assert who is not None
    assert at is not None
    when = timezone.localtime(at)
    said = who.get_full_name() or who.get_username()
    return f"Already {excuse.state} by {said} at {when:%H:%M} on {when.day} {when:%b %Y}."


def _record(change: str, excuse: Excuse, handoff: Handoff, *, by: Person, at: dt.datetime, note: str) -> None:
    data = {
        "excuse": str(excuse.uid),
        "begins_at": excuse.begins_at.isoformat(),
        "ends_at": excuse.ends_at.isoformat(),
    }
    journal.record(
        journal.Entry(
            kind=f"excuse.{change}",
            by=by,
            at=at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data=data,
            note=note,
        )
    )


def _tell(user_ids: Iterable[int], change: str, excuse: Excuse, handoff: Handoff) -> None:
    tell_many(
        Notice(
            user_id=user_id,
            kind=f"excuse.{change}",
            handoff_uid=handoff.uid,
            subject=str(handoff.lead or handoff.account)[:200],
            dedup_key=f"excuse.{change}:{excuse.uid}:{user_id}",
        )
        for user_id in user_ids
    )

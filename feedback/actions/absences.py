"""When a rep does not answer: planned absences, and reps taken out of the line until somebody puts them back."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from feedback.logic.rights import Person, may_bench, may_plan
from feedback.models import Absence, AbsenceKind, Rep
from feedback.signals import availability_changed
from leads.actions import journal
from leads.actions.clock import database_now, instant
from leads.logic import text
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict

_LONGEST = dt.timedelta(days=366)
_FURTHEST = dt.timedelta(days=2 * 366)


@transaction.atomic
def add(rep_uid: UUID, *, by: Person, starts_at: dt.datetime, ends_at: dt.datetime, note: str = "") -> Absence:
    """The absence of the rep, from `starts_at` up to `ends_at` (aware; it may have begun, but is not over).

    At most a year long, and to begin within two. NotFound, NotAllowed, InvalidInput(starts_at, ends_at, note); two
    absences never overlap. Locks the rep. Sends availability_changed.
    """
    rep = _locked(rep_uid, by=by)
    if not may_plan(by, rep_id=rep.pk, team_id=rep.team_id):
        raise NotAllowed(f"You may not say when {rep} is away.")
    now = database_now()
    _check_span(starts_at, ends_at, now=now)
    away = Absence.objects.filter(rep=rep, kind=AbsenceKind.AWAY)
    if away.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise InvalidInput(f"{rep} is away then already.", field="starts_at")
    absence = Absence.objects.create(
        rep=rep,
        starts_at=starts_at.astimezone(dt.UTC),
        ends_at=ends_at.astimezone(dt.UTC),
        note=text.one_line(note, field="note", longest=200),
        by_id=by.user_id,
    )
    _announce("added", absence, by=by, at=now)
    return absence


@transaction.atomic
def remove(absence_uid: UUID, *, by: Person) -> Absence:
    """The absence, gone; one that has begun ends now instead.

    NotFound, NotAllowed, StateConflict when it is over, or no planned one. Locks the rep. Sends availability_changed.
    """
    rep_uid = Absence.objects.filter(uid=absence_uid).values_list("rep__uid", flat=True).first()
    if rep_uid is None:
        raise NotFound("There is no such absence.")
    rep = _locked(rep_uid, by=by)
    if not may_plan(by, rep_id=rep.pk, team_id=rep.team_id):
        raise NotAllowed(f"You may not say when {rep} is away.")
    absence = Absence.objects.filter(uid=absence_uid).first()
    if absence is None:
        raise NotFound("There is no such absence.")
    absence.rep = rep
    now = database_now()
    if absence.kind == AbsenceKind.BENCHED:
        raise StateConflict(f"{rep} is benched, not away; a manager puts them back in line.")
    if absence.ends_at is not None and absence.ends_at <= now:
        raise StateConflict("That absence is over.")
    _announce("removed", absence, by=by, at=now)
    if absence.starts_at < now:
        absence.ends_at = now
        absence.save(update_fields=["ends_at"])
    else:
        absence.delete()
    return absence


@transaction.atomic
def bench(rep_uid: UUID, *, by: Person, cause: str = "manager", at: dt.datetime | None = None) -> Absence:
    """The absence that leaves the rep out of the line from `at` on, until somebody puts them back; the one there is,
    when they are benched already.

    `cause` is a key for the journal. NotFound, NotAllowed, InvalidInput(at). Locks nothing but what it writes. Sends
    availability_changed when it is new.
    """
    rep = _visible(rep_uid, by=by)
    if not may_bench(by, team_id=rep.team_id):
        raise NotAllowed(f"You may not bench {rep}.")
    begins_at = instant(at)
    try:
        with transaction.atomic():
            absence = Absence.objects.create(
                rep=rep, kind=AbsenceKind.BENCHED, starts_at=begins_at, by_id=by.user_id, note=""
            )
    except IntegrityError:
        return Absence.objects.get(rep=rep, kind=AbsenceKind.BENCHED, ends_at=None)
    _announce("added", absence, by=by, at=begins_at, cause=cause)
    return absence


@transaction.atomic
def unbench(rep_uid: UUID, *, by: Person) -> Absence:
    """The absence that is over now: the rep is back in line. A rep cannot put themselves back.

    NotFound, NotAllowed, StateConflict when they are not benched. Locks the absence. Sends availability_changed.
    """
    rep = _visible(rep_uid, by=by)
    if not may_bench(by, team_id=rep.team_id):
        raise NotAllowed(f"You may not put {rep} back in line; ask a manager.")
    rows = Absence.objects.select_for_update(no_key=True)
    absence = rows.filter(rep=rep, kind=AbsenceKind.BENCHED, ends_at=None).first()
    if absence is None:
        raise StateConflict(f"{rep} is not benched.")
    absence.rep, absence.ends_at = rep, database_now()
    absence.save(update_fields=["ends_at"])
    _announce("removed", absence, by=by, at=absence.ends_at)
    return absence


def _visible(uid: UUID, *, by: Person) -> Rep:
    rep = Rep.objects.visible_to(by).select_related("user", "team").filter(uid=uid).first()
    if rep is None:
        raise NotFound("There is no such rep.")
    return rep


def _locked(uid: UUID, *, by: Person) -> Rep:
    """The rep, locked, so that two absences are written one after the other."""
    rep = _visible(uid, by=by)
    Rep.objects.select_for_update(no_key=True, of=("self",)).get(pk=rep.pk)
    return rep


def _check_span(starts_at: dt.datetime, ends_at: dt.datetime, *, now: dt.datetime) -> None:
    for field, at in (("starts_at", starts_at), ("ends_at", ends_at)):
        if at.tzinfo is None:
            raise InvalidInput(f"{field} needs an offset from UTC, like 2026-11-30T09:00:00+01:00.", field=field)
    if ends_at <= starts_at:
        raise InvalidInput("ends_at must lie after starts_at.", field="ends_at")
    if ends_at <= now:
        raise InvalidInput("ends_at must lie in the future.", field="ends_at")
    if ends_at - starts_at > _LONGEST:
        raise InvalidInput("An absence lasts a year at most.", field="ends_at")
    if starts_at - now > _FURTHEST:
        raise InvalidInput("starts_at lies more than two years ahead.", field="starts_at")


def _announce(change: str, absence: Absence, *, by: Person, at: dt.datetime, cause: str = "") -> None:
    data: dict[str, Any] = {
        "rep": str(absence.rep.uid),
        "absence": str(absence.uid),
        "kind": absence.kind,
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": absence.ends_at.isoformat() if absence.ends_at else None,
    }
    if cause:
        data["cause"] = cause
    journal.record(journal.Entry(kind=f"absence.{change}", by=by, at=at, data=data))
    availability_changed.send(sender=Absence, rep_ids={absence.rep_id}, at=at, by=by)

"""Offering elsewhere, before the breach, what its owner cannot answer in time."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from feedback.actions import owners
from feedback.logic.rights import LEADLOOP
from feedback.logic.states import State
from feedback.models import Absence, Handoff, Rep
from leads.actions.clock import database_now
from sla.logic.events import DECIDE
from sla.logic.feasible import can_answer
from sla.models import CalendarUse, Clock, ClockState
from sla.reports.rules import Ruling, calendar_of, ruling


def flag_new(clocks: Sequence[Clock], handoffs: Mapping[int, Handoff]) -> None:
    """Set check_owner, unsaved, on decide clocks about to run whose owner may not be able to answer in time.

    One statement.

    Only owners with an absence or hours of their own are looked at again: by the sweep, see settle.
    """
    owned = {one.owner_id for clock in clocks if (one := handoffs[clock.handoff_id]).owner_id}
    if not owned:
        return
    limited = set(_limited(owned))
    for clock in clocks:
        clock.check_owner = clock.target == DECIDE and handoffs[clock.handoff_id].owner_id in limited


def flag(rep_ids: Collection[int]) -> int:
    """How many running decide clocks of these reps the sweep will look at again, because their time has changed.

    A clock that somebody else has locked is left out: it is being acted on this moment, and waiting for it while
    holding other clocks could lock two sweeps against each other.
    """
    waiting = (
        Clock.objects.filter(
            state=ClockState.RUNNING,
            target=DECIDE,
            breached_at=None,
            handoff__in=Handoff.objects.filter(owner__in=list(rep_ids), state="pending").values("pk"),
        )
        .order_by("pk")
        .select_for_update(no_key=True, skip_locked=True)
    )
    return Clock.objects.filter(pk__in=[clock.pk for clock in waiting.only("pk")]).update(check_owner=True)


def flag_calendar(calendar_id: int) -> int:
    """The same for the reps whose hours this calendar tells, by themselves or through their team."""
    uses = CalendarUse.objects.filter(calendar=calendar_id)
    reps = Rep.objects.filter(Q(pk__in=uses.values("rep")) | Q(team__in=uses.values("team")))
    return flag(list(reps.values_list("pk", flat=True)))


def settle(clock_id: int, handoff_id: int) -> bool:
    """Whether the handoff was offered elsewhere: its owner has no working moment left before the deadline.

    It goes to the next rep who has one, else to the team's queue. False also when somebody else holds the handoff: the
    next sweep looks again. One transaction; locks the handoff, then the clock. Journals handoff.reassigned or
    handoff.released with the cause "cannot_answer".
    """
    with transaction.atomic():
        if not Handoff.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=handoff_id).values_list("pk"):
            return False
        clock = Clock.objects.select_for_update(no_key=True).get(pk=clock_id)
        if not clock.check_owner:
            return False
        clock.check_owner = False
        clock.save(update_fields=["check_owner"])
        handoff = Handoff.objects.select_related("owner").get(pk=handoff_id)
        now = database_now()
        if clock.state != ClockState.RUNNING or clock.due_at <= now:
            return False
        # Rules may let the clock run on once the owner has accepted: then it is theirs.
        if handoff.owner is None or handoff.state != State.PENDING:
            return False
        can = able(now=now, due_at=clock.due_at)
        if can(handoff.owner):
            return False
        rep = owners.next_rep(handoff, can=can)
        if rep is None:
            owners.release(handoff.uid, by=LEADLOOP, cause="cannot_answer")
        else:
            owners.reassign(handoff.uid, by=LEADLOOP, to=rep.uid, cause="cannot_answer")
        return True


def able(*, now: dt.datetime, due_at: dt.datetime) -> Callable[[Rep], bool]:
    """A question to ask of reps: has this one a working moment before `due_at`? One statement a rep, and two once."""
    rules_now: Ruling = ruling()

    def can(rep: Rep) -> bool:
        absences = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), rep=rep, starts_at__lt=due_at)
        uid = rules_now.uses.of_rep(rep.pk, team_id=rep.team_id)
        version_id = rules_now.calendars.get(uid or "")
        calendar = calendar_of(version_id) if version_id else None
        spans = list(absences.values_list("starts_at", "ends_at"))
        return can_answer(calendar, spans, since=now, due_at=due_at)

    return can


def _limited(rep_ids: Collection[int | None]) -> list[int]:
    """Those of the reps who have an absence that has not ended, or hours of their own."""
    ids = [pk for pk in rep_ids if pk]
    away = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=Now()), rep__in=ids)
    own = Rep.objects.filter(Q(calendar_use__isnull=False) | Q(team__calendar_use__isnull=False), pk__in=ids)
    return list(own.values_list("pk", flat=True).union(away.values_list("rep", flat=True)))

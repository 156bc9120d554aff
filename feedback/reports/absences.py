"""Who is away or benched, now and soon."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from feedback.logic.rights import MANAGER, OPERATIONS, REP, Person
from feedback.models import Absence, Rep

AHEAD = dt.timedelta(days=7)
_MOST = 500


def absent(rep_ids: Iterable[int], *, now: dt.datetime, ahead: dt.timedelta = AHEAD) -> dict[int, Absence]:
    """The absence of each rep that matters first: running at `now`, else beginning within `ahead`; one statement."""
    rows = Absence.objects.filter(_not_over(now), rep__in=list(rep_ids), starts_at__lt=now + ahead)
    found: dict[int, Absence] = {}
    for absence in rows.order_by("starts_at", "id"):
        found.setdefault(absence.rep_id, absence)
    return found


def reps_for(person: Person) -> list[Rep]:
    """The active reps whose absences the person keeps: of the teams they manage, themselves, all for operations."""
    return list(_kept_by(person).filter(is_active=True, user__is_active=True).select_related("user", "team"))


def absences_for(person: Person, *, now: dt.datetime) -> list[Absence]:
    """The absences that run or are to come, of the reps the person keeps them for, by when they begin; at most 500."""
    rows = Absence.objects.filter(_not_over(now), rep__in=_kept_by(person))
    return list(rows.select_related("rep__user", "rep__team").order_by("starts_at", "id")[:_MOST])


def _kept_by(person: Person) -> QuerySet[Rep]:
    if OPERATIONS in person.roles:
        return Rep.objects.all()
    kept = Q(pk__in=[])
    if REP in person.roles and person.rep_id is not None:
        kept |= Q(pk=person.rep_id)
    if MANAGER in person.roles:
        kept |= Q(team__in=person.managed_team_ids)
    return Rep.objects.filter(kept)


def _not_over(now: dt.datetime) -> Q:
    return Q(ends_at=None) | Q(ends_at__gt=now)

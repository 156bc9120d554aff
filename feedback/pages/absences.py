"""Who is away, in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from feedback.logic.rights import Person, may_bench
from feedback.models import Absence, AbsenceKind, Rep
from feedback.pages.lists import Empty
from leads.logic.words import day_words

_MIDNIGHT = dt.time()
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class AbsenceRow:
    """`end_url` is where its end is posted, "" for who may not; `end` is the word on that button."""

    uid: UUID
    name: str
    team: str
    span: str
    now: str
    note: str
    end: str
    end_url: str


@dataclass(frozen=True, kw_only=True)
class AbsencesPage:
    """See templates/feedback/absences.html. `is_own` where only the reader's own absences are kept."""

    title: str
    sentence: str
    is_own: bool
    rows: tuple[AbsenceRow, ...]
    zones: str
    empty: Empty


def absences_page(found: Sequence[Absence], *, reps: Sequence[Rep], person: Person, now: dt.datetime) -> AbsencesPage:
    """What runs and what is to come, each in the zone of the rep's team."""
    is_own = [rep.pk for rep in reps] == [person.rep_id]
    zones = " and ".join(sorted({rep.team.timezone for rep in reps}))
    who = "you answer" if is_own else "a rep answers"
    return AbsencesPage(
        title="My absences" if is_own else "Absences",
        sentence=f"When {who} no handoffs: new ones go to somebody else, and what cannot wait is offered again.",
        is_own=is_own,
        rows=tuple(_row(absence, person=person, now=now) for absence in found),
        zones=f"Times are in the zone of the team, {zones}." if zones else "",
        empty=Empty(
            headline="Nobody is away" if not is_own else "You are not away",
            sentence="What is planned below is shown here until it is over.",
        ),
    )


def absence_words(absence: Absence, *, zone: dt.tzinfo, now: dt.datetime) -> str:
    """What matters of an absence beside a name: "away until Thu", "away from Mon", "benched". Days are those of `zone`,
    the last one is still away.
    """
    if absence.kind == AbsenceKind.BENCHED or absence.ends_at is None:
        return "benched"
    if absence.starts_at > now:
        return f"away from {_instant_words(absence.starts_at, zone=zone, now=now)}"
    if absence.ends_at.astimezone(zone).time() == _MIDNIGHT:
        return f"away until {day_words(absence.ends_at - _DAY, now=now, zone=zone)}"
    return f"away until {_instant_words(absence.ends_at, zone=zone, now=now)}"


def _instant_words(at: dt.datetime, *, zone: dt.tzinfo, now: dt.datetime) -> str:
    day, local = day_words(at, now=now, zone=zone), at.astimezone(zone)
    if local.time() == _MIDNIGHT:
        return day
    return f"{local:%H:%M}" if day == "today" else f"{day} {local:%H:%M}"


def _row(absence: Absence, *, person: Person, now: dt.datetime) -> AbsenceRow:
    rep = absence.rep
    zone = ZoneInfo(rep.team.timezone)
    is_benched = absence.kind == AbsenceKind.BENCHED
    if is_benched:
        may_end = may_bench(person, team_id=rep.team_id)
        url = reverse("feedback:absence-unbench", args=[rep.uid]) if may_end else ""
    else:
        url = reverse("feedback:absence-remove", args=[absence.uid])
    return AbsenceRow(
        uid=absence.uid,
        name=str(rep),
        team=rep.team.name,
        span=_span(absence, zone=zone),
        now=absence_words(absence, zone=zone, now=now),
        note=absence.note,
        end="Unbench" if is_benched else "Remove",
        end_url=url,
    )


def _span(absence: Absence, *, zone: dt.tzinfo) -> str:
    """ "3 Dec 2026 to 5 Dec 2026", "3 Dec 2026, 14:00 to 16:00", "since 3 Dec 2026, 14:00"."""
    starts = absence.starts_at.astimezone(zone)
    if absence.ends_at is None:
        return f"since {_day(starts)}, {starts:%H:%M}"
    ends = absence.ends_at.astimezone(zone)
    first = _day(starts) if starts.time() == _MIDNIGHT else f"{_day(starts)}, {starts:%H:%M}"
    if ends.time() == _MIDNIGHT:
        last = _day(ends - _DAY)
        return first if first == last else f"{first} to {last}"
    last = f"{ends:%H:%M}" if starts.date() == ends.date() else f"{_day(ends)}, {ends:%H:%M}"
    return f"{first} to {last}"


def _day(at: dt.datetime) -> str:
    return f"{at:%a} {at.day} {at:%b %Y}"

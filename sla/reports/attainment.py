"""Attainment: of the promises that fell due in a period, how many were kept; raw and adjusted, never one alone."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Trunc

from feedback.logic.periods import Period
from feedback.logic.rates import Rate, wilson
from feedback.logic.rights import Person
from feedback.models import Handoff
from leads.reports import agreements
from sla.models import AppliesTo, Clock, ClockState, PolicyVersion, TargetKey

KEPT, MISSED, RUNNING = "kept", "missed", "running"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Promises that fell due: kept and missed, as they were and with approved excused time taken out; and those whose
    clock still runs or waits.
    """

    kept: int = 0
    missed: int = 0
    adjusted_kept: int = 0
    adjusted_missed: int = 0
    running: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            kept=self.kept + other.kept,
            missed=self.missed + other.missed,
            adjusted_kept=self.adjusted_kept + other.adjusted_kept,
            adjusted_missed=self.adjusted_missed + other.adjusted_missed,
            running=self.running + other.running,
        )

    @property
    def raw(self) -> Rate:
        """Kept among those finished or past due."""
        return wilson(self.kept, self.kept + self.missed)

    @property
    def adjusted(self) -> Rate:
        """The same with approved excused time taken out."""
        return wilson(self.adjusted_kept, self.adjusted_kept + self.adjusted_missed)


@dataclass(frozen=True)
class Line:
    """One target, week, team or policy version: what it is called, and its tally."""

    name: str
    tally: Tally


@dataclass(frozen=True, kw_only=True)
class Attainment:
    """`weeks` are named by their Monday in the reader's zone ("2026-11-16"); `by_handoff` counts a handoff as kept when
    every promise of it that fell due in the period was kept. `published` are the days on which rules or the agreement
    changed, with what did.
    """

    total: Tally
    targets: Sequence[Line]
    weeks: Sequence[Line]
    by_handoff: Tally
    handoff_weeks: Sequence[Line]
    teams: Sequence[Line]
    versions: Sequence[Line]
    published: Sequence[tuple[dt.date, str]]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose promises: what `person` may see, of one team and one target where they are given."""

    person: Person
    team: UUID | None = None
    target: str = ""


def attainment(scope: Scope, period: Period, *, zone: dt.tzinfo, now: dt.datetime) -> Attainment:
    """The figures of the promises whose deadline lies in the period (half-open, days of `zone`).

    Kept: stopped at or before the deadline. Missed: stopped or cancelled after it, or past it and still open. Cancelled
    before it: the question no longer stood, counted nowhere. Five statements, those on clocks along clock_due_at.
    """
    clocks = _due_in(scope, period)
    week = Trunc("due_at", "week", tzinfo=zone)
    rows = list(
        _judged(clocks, now=now)
        .annotate(week=week)
        .order_by()
        .values("week", "target", "version_id", team=F("handoff__team__name"))
        .annotate(**_COUNTS)
        .values_list("week", "target", "version_id", "team", *_COLUMNS)
    )
    names = {
        version.pk: str(version)
        for version in PolicyVersion.objects.filter(pk__in={row[2] for row in rows}).select_related("policy")
    }
    handoffs = _by_handoff(clocks, now=now, zone=zone)
    return Attainment(
        total=_sum(rows, lambda row: "")[0].tally if rows else Tally(),
        targets=[
            Line(TargetKey(line.name).label, line.tally)
            for line in sorted(_sum(rows, lambda row: row[1]), key=lambda line: TargetKey.values.index(line.name))
        ],
        weeks=_sum(rows, lambda row: f"{row[0]:%Y-%m-%d}"),
        by_handoff=sum((line.tally for line in handoffs), Tally()),
        handoff_weeks=handoffs,
        teams=_sum(rows, lambda row: row[3]),
        versions=_sum(rows, lambda row: names[row[2]]),
        published=_published(period, zone=zone),
    )


_COLUMNS = ("kept", "missed", "adjusted_kept", "adjusted_missed", "running")
Row = tuple[dt.datetime, str, int, str, int, int, int, int, int]


def _sum(rows: Iterable[Row], name_of: Callable[[Row], str]) -> list[Line]:
    sums: dict[str, Tally] = {}
    for row in rows:
        sums[name_of(row)] = sums.get(name_of(row), Tally()) + _tally(row[4:])
    return [Line(name, sums[name]) for name in sorted(sums)]


def _tally(counts: Sequence[int]) -> Tally:
    return Tally(**dict(zip(_COLUMNS, counts, strict=True)))


def _due_in(scope: Scope, period: Period) -> QuerySet[Clock]:
    seen = Handoff.objects.visible_to(scope.person)
    if scope.team:
        seen = seen.filter(team__uid=scope.team)
    clocks = Clock.objects.filter(handoff__in=seen)
    if scope.target:
        clocks = clocks.filter(target=scope.target)
    if period.window.start_at:
        clocks = clocks.filter(due_at__gte=period.window.start_at)
    if period.window.end_at:
        clocks = clocks.filter(due_at__lt=period.window.end_at)
    return clocks


def _result(now: dt.datetime, deadline: str) -> Case:
    """kept, missed, running, or "" for what no longer stood, judged by the deadline in that column."""
    return Case(
        When(state=ClockState.STOPPED, stopped_at__lte=F(deadline), then=Value(KEPT)),
        When(state=ClockState.STOPPED, then=Value(MISSED)),
        When(state=ClockState.CANCELLED, stopped_at__gt=F(deadline), then=Value(MISSED)),
        When(state=ClockState.CANCELLED, then=Value("")),
        When(Q(state=ClockState.RUNNING, **{f"{deadline}__lt": now}), then=Value(MISSED)),
        When(Q(state=ClockState.HELD, breached_at__isnull=False, **{f"{deadline}__lt": now}), then=Value(MISSED)),
        default=Value(RUNNING),
    )


def _judged(clocks: QuerySet[Clock], *, now: dt.datetime) -> QuerySet[Clock]:
    return clocks.annotate(
        deadline=Coalesce("adjusted_due_at", "due_at"),
        result=_result(now, "due_at"),
        adjusted_result=_result(now, "deadline"),
    )


_COUNTS = {
    "kept": Count("pk", filter=Q(result=KEPT)),
    "missed": Count("pk", filter=Q(result=MISSED)),
    "adjusted_kept": Count("pk", filter=Q(adjusted_result=KEPT)),
    "adjusted_missed": Count("pk", filter=Q(adjusted_result=MISSED)),
    "running": Count("pk", filter=Q(result=RUNNING)),
}


def _by_handoff(clocks: QuerySet[Clock], *, now: dt.datetime, zone: dt.tzinfo) -> list[Line]:
    """A tally of handoffs by the week of their first deadline; a handoff with nothing finished is left out."""
    each = (
        _judged(clocks, now=now)
        .order_by()
        .values("handoff_id")
        .annotate(first=Min("due_at"), **_COUNTS)
        .values_list("first", *_COLUMNS)
    )
    sums: dict[str, Tally] = {}
    for first, kept, missed, adjusted_kept, adjusted_missed, running in each.iterator(chunk_size=10_000):
        day = first.astimezone(zone).date()
        week = f"{day - dt.timedelta(days=day.weekday()):%Y-%m-%d}"
        sums[week] = sums.get(week, Tally()) + Tally(
            kept=int(kept > 0 and not missed),
            missed=int(missed > 0),
            adjusted_kept=int(adjusted_kept > 0 and not adjusted_missed),
            adjusted_missed=int(adjusted_missed > 0),
            running=int(running > 0 and not kept and not missed),
        )
    return [Line(week, sums[week]) for week in sorted(sums)]


def _published(period: Period, *, zone: dt.tzinfo) -> list[tuple[dt.date, str]]:
    versions = PolicyVersion.objects.exclude(applies_to=AppliesTo.REPORT).select_related("policy")
    if period.window.start_at:
        versions = versions.filter(published_at__gte=period.window.start_at)
    if period.window.end_at:
        versions = versions.filter(published_at__lt=period.window.end_at)
    found = [(version.published_at, str(version)) for version in versions.order_by("published_at")]
    found += agreements.changes(period.window.start_at, period.window.end_at)
    return [(at.astimezone(zone).date(), what) for at, what in sorted(found)]

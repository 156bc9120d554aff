"""Cohorts: the handoffs offered in a window, counted from the index handoff_cohort wherever it holds what is asked."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Floor, Least

from feedback.logic.figures import COUNT_OF_STATE, Figures
from feedback.logic.periods import Month, Window, months
from feedback.logic.rights import Person
from feedback.logic.states import State
from feedback.logic.waiting import Waiting, time_to_decide
from feedback.models import Handoff, OutcomeKind, Team
from leads.models import Campaign

# How long a handoff may take to become an SQL and still count: the stated maturity of that rate.
SQL_MATURITY = dt.timedelta(days=60)
NO_CAMPAIGN = 0


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Which handoffs are meant, as `person` may see them.

    None does not filter; channel "" and NO_CAMPAIGN are those without one.
    """

    person: Person
    window: Window
    team_id: int | None = None
    channel: str | None = None
    campaign_id: int | None = None

    def handoffs(self) -> QuerySet[Handoff]:
        """The cohort's handoffs, in no order. No statement runs."""
        found = Handoff.objects.visible_to(self.person)
        if self.window.start_at:
            found = found.filter(offered_at__gte=self.window.start_at)
        if self.window.end_at:
            found = found.filter(offered_at__lt=self.window.end_at)
        if self.team_id is not None:
            found = found.filter(team=self.team_id)
        if self.channel is not None:
            found = found.filter(channel=self.channel)
        if self.campaign_id is not None:
            found = found.filter(campaign=self.campaign_id or None)
        return found

    def unfiltered(self) -> "Cohort":
        """The same window and team with every channel and campaign."""
        return replace(self, channel=None, campaign_id=None)

    def has(self, cell: "Cell") -> bool:
        """Whether the cohort's channel and campaign let the cell through."""
        return self.channel in (None, cell.channel) and self.campaign_id in (None, cell.campaign_id)


@dataclass(frozen=True)
class Cell:
    """`count` handoffs of which the same thing is said: `what` is a count of Figures; `mature` of them are.

    `month` is an index into the months asked for, 0 when none were.
    """

    what: str
    count: int
    mature: int = 0
    channel: str = ""
    campaign_id: int = NO_CAMPAIGN
    reason_id: int | None = None
    month: int = 0
    agreement_id: int | None = None


Key = TypeVar("Key", bound=Hashable)


def added(cells: Iterable[Cell], key: Callable[[Cell], Key]) -> dict[Key, Figures]:
    """The cells added up under each key."""
    sums: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        counts = sums[key(cell)]
        counts[cell.what] += cell.count
        counts["mature"] += cell.mature
    return {name: Figures(**counts) for name, counts in sums.items()}


def decisions(cohort: Cohort, *, now: dt.datetime) -> list[Cell]:
    """What was answered, by channel, campaign and reason. One GROUP BY over the index alone."""
    return _answers(cohort.handoffs(), ["channel", "campaign_id", "reason_id"], now=now)


def later_facts(cohort: Cohort, *, now: dt.datetime) -> list[Cell]:
    """What became of them apart from the answer: wins by another route, overdue, SQL; by channel and campaign."""
    return _later(cohort.handoffs(), ["channel", "campaign_id"], now=now)


def by_month(cohort: Cohort, every: Sequence[Month], *, now: dt.datetime) -> list[Cell]:
    """What was answered and what became of it, by month alone."""
    if not every:
        return []
    handoffs = cohort.handoffs().annotate(month=_month_index(every))
    return _answers(handoffs, ["month"], now=now) + _later(handoffs, ["month"], now=now)


def by_agreement(cohort: Cohort, *, now: dt.datetime) -> list[Cell]:
    """What was answered and how many became an SQL, by the agreement that each is pinned to. Two statements."""
    handoffs = cohort.handoffs().filter(agreement__isnull=False)
    sqls = handoffs.filter(became_sql(now)).values("agreement_id").annotate(count=Count("pk")).order_by()
    return [
        *_answers(handoffs, ["agreement_id"], now=now),
        *(_cell(row, ["agreement_id"], what="sql") for row in sqls),
    ]


def reasons_of(cohort: Cohort) -> tuple[dict[int, int], int]:
    """How often each reason was given, and how many were decided. One GROUP BY over the index alone."""
    rows = cohort.handoffs().filter(decided_at__isnull=False).values("reason_id").annotate(count=Count("*")).order_by()
    counts = {row["reason_id"]: row["count"] for row in rows}
    return {key: count for key, count in counts.items() if key is not None}, sum(counts.values())


def waiting_of(cohort: Cohort, before: Window | None, *, now: dt.datetime) -> tuple[Waiting, Waiting]:
    """Time to decide of the cohort, and of it together with the window before. One GROUP BY over the index alone.

    Recalled ones are left out, they were not sales' to decide any more; expired ones stay undecided for as long as the
    cohort has been watched.
    """
    start_at = cohort.window.start_at
    both = replace(cohort, window=Window(before.start_at, cohort.window.end_at)) if before else cohort
    passed = ExpressionWrapper(Coalesce("decided_at", Value(now)) - F("offered_at"), DurationField())
    rows = (
        both.handoffs()
        .exclude(state=State.RECALLED)
        .values_list(
            Case(When(offered_at__lt=start_at, then=0), default=1) if before else Value(1),
            Case(When(decided_at=None, then=0), default=1),
            # date_part counts in binary numbers, extract in decimal ones, which takes half as long again.
            Floor(Func(Value("epoch"), passed, function="DATE_PART", output_field=FloatField()) / 60.0),
        )
        .annotate(count=Count("*"))
        .order_by()
    )
    ages: dict[tuple[bool, bool], Counter[int]] = {}
    for is_now, is_decided, minutes, count in rows:
        for alone in {bool(is_now), False}:
            ages.setdefault((alone, bool(is_decided)), Counter())[max(int(minutes), 0)] += count
    of_now, of_both = (time_to_decide(ages.get((one, True), {}), ages.get((one, False), {})) for one in (True, False))
    return of_now, of_both


def teams_seen_by(person: Person) -> list[Team]:
    """The teams whose handoffs the person may choose to see alone, by name."""
    if person.sees_all:
        return list(Team.objects.all())
    own = {person.team_id} if person.team_id is not None else set()
    return list(Team.objects.filter(pk__in=own | person.managed_team_ids))


def campaign_seen_by(person: Person, uid: UUID) -> Campaign | None:
    """The campaign, None when there is no such one, or none of its handoffs is the person's to see."""
    campaign = Campaign.objects.filter(uid=uid).first()
    if campaign is None or person.sees_all:
        return campaign
    return campaign if Handoff.objects.visible_to(person).filter(campaign=campaign).exists() else None


def months_of(cohort: Cohort, *, zone: dt.tzinfo) -> tuple[Month, ...]:
    """The months of `zone` from the cohort's first offer to its last, those without one between them included."""
    ends = cohort.handoffs().aggregate(first=Min("offered_at"), last=Max("offered_at"))
    if ends["first"] is None:
        return ()
    return months(ends["first"], ends["last"] + dt.timedelta(microseconds=1), zone=zone)


def _answers(handoffs: QuerySet[Handoff], keys: list[str], *, now: dt.datetime) -> list[Cell]:
    rows = (
        handoffs.annotate(is_mature=Case(When(offered_at__lt=now - SQL_MATURITY, then=1), default=0))
        .values(*keys, "state", "is_void", "is_mature")
        .annotate(count=Count("*"))
        .order_by()
    )
    return [
        _cell(
            row,
            keys,
            what="void" if row["is_void"] else COUNT_OF_STATE[State(row["state"])],
            mature=row["count"] if row["is_mature"] else 0,
        )
        for row in rows
    ]


def became_sql(now: dt.datetime) -> Q:
    """Handoffs that are mature for the SQL rate and became one in time."""
    sql_at = Least("disposed_at", Coalesce("opportunity_at", "disposed_at"))
    was_sql = Q(state__in=[State.QUALIFIED, State.WON]) | (
        Q(state=State.LOST) & (Q(opportunity_at__isnull=False) | Q(disposed_at__lt=F("closed_at")))
    )
    in_time = Q(offered_at__gte=ExpressionWrapper(sql_at - SQL_MATURITY, DateTimeField()))
    return was_sql & Q(offered_at__lt=now - SQL_MATURITY) & in_time


def _later(handoffs: QuerySet[Handoff], keys: list[str], *, now: dt.datetime) -> list[Cell]:
    facts: Mapping[str, QuerySet[Handoff]] = {
        "won_otherwise": handoffs.exclude(state=State.WON).filter(outcomes__kind=OutcomeKind.WON),
        "overdue": handoffs.filter(state=State.PENDING, due_at__lt=now),
        "sql": handoffs.filter(became_sql(now)),
    }
    return [
        _cell(row, keys, what=fact)
        for fact, found in facts.items()
        for row in found.values(*keys).annotate(count=Count("pk")).order_by()
    ]


def _cell(row: Mapping[str, Any], keys: Sequence[str], *, what: str, mature: int = 0) -> Cell:
    named = {key: row[key] for key in keys}
    if "campaign_id" in named:
        named["campaign_id"] = named["campaign_id"] or NO_CAMPAIGN
    return Cell(what, row["count"], mature, **named)


def _month_index(every: Sequence[Month]) -> Combinable:
    """The months' own borders decide, so that days are those of one time zone database, Python's."""
    starts = Value([month.start_at for month in every], output_field=ArrayField(DateTimeField()))
    return Func(F("offered_at"), starts, function="WIDTH_BUCKET", output_field=IntegerField()) - 1

"""What a quarter that is over would have looked like under an agreement: who would have been offered, and when first.

Everybody counts at most once, on the first day in the quarter on which something was done, a rule was met and marketing
owed nothing. What a team cannot replay is left aside alike for every agreement: facts are those of today, and nobody
knows what sales would have said.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from feedback.logic.periods import Window, day_start
from leads.logic.agreement import ACCOUNT, ANYBODY, Agreement
from leads.logic.conditions import Facts
from leads.logic.qualifying import judge, owed
from leads.logic.scoring import DayCount, fit

WEEKS = 13
_DAY = dt.timedelta(days=1)
_WEEK = dt.timedelta(weeks=1)
# Which campaign it was is not among the counts of a day; where it is asked for, it is taken as given.
GIVEN = frozenset({"campaign"})


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """`first_on` <= day < `end_on`, whole weeks that begin on a Monday; `window` is the same as instants, in the
    reader's zone for handoffs. What was done is counted by UTC day, and belongs to the day of the same date.
    """

    first_on: dt.date
    end_on: dt.date
    window: Window

    def week_of(self, on: dt.date) -> int:
        """The index of the week that holds `on`."""
        return (on - self.first_on).days // 7

    @property
    def mondays(self) -> tuple[dt.date, ...]:
        """The first day of each week."""
        return tuple(self.first_on + number * _WEEK for number in range(WEEKS))


def quarter(today: dt.date, *, zone: dt.tzinfo) -> Quarter:
    """The last thirteen full weeks before the week of `today`, a day of `zone`."""
    end_on = today - dt.timedelta(days=today.weekday())
    first_on = end_on - WEEKS * _WEEK
    window = Window(day_start(first_on, zone=zone), day_start(end_on, zone=zone))
    return Quarter(first_on=first_on, end_on=end_on, window=window)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A lead or (`of` account) an account with what is known of it today and what was done, in any order.

    `known` are the keys of REQUIRABLE that are filled in. `free_from` is the first UTC day on which it was not with
    sales already, `barred_from` the first one on which it was not to be offered any more; None for neither.
    """

    of: str
    facts: Facts
    days: tuple[DayCount, ...]
    known: Collection[str] = ()
    consent: str = ""
    free_from: dt.date | None = None
    barred_from: dt.date | None = None

    def may_be_offered(self, on: dt.date) -> bool:
        """Whether nothing apart from the agreement stood against an offer on the UTC day `on`."""
        return (self.free_from is None or on >= self.free_from) and (self.barred_from is None or on < self.barred_from)


@dataclass(frozen=True)
class Met:
    """The UTC day on which the rule with the key `rule` was met."""

    on: dt.date
    rule: str


def met_on(agreement: Agreement, watched: Watched, on: dt.date) -> Met | None:
    """The rule met on the UTC day `on`, by all that was done up to its end; None where none is, or marketing owes."""
    seen = [day for day in watched.days if day.happened_on <= on]
    if not seen:
        return None
    rule = judge(agreement, watched.facts, seen, of=watched.of, on=on).rule
    if rule is None:
        return None
    duties, known = agreement.duties, {*watched.known, *GIVEN}
    if watched.of == ACCOUNT:
        # Of somebody nobody knows nothing of the person can be owed.
        known |= {key for key in duties.required if key.startswith("lead_")}
        duties = replace(duties, consent=ANYBODY)
    latest, begin = max(day.last_at for day in seen), dt.datetime.combine(on, dt.time(), dt.UTC)
    is_owed = owed(duties, known, consent=watched.consent, engaged_at=latest, now=begin)
    return None if is_owed else Met(on, rule.key)


def first_met(agreement: Agreement, watched: Watched, quarter: Quarter) -> Met | None:
    """The first day of the quarter on which it did something and would have been offered, None for never."""
    if not _can_meet(agreement, watched):
        return None
    days = {day.happened_on for day in watched.days if quarter.first_on <= day.happened_on < quarter.end_on}
    for on in sorted(days):
        if watched.may_be_offered(on) and (met := met_on(agreement, watched, on)):
            return met
    return None


def _can_meet(agreement: Agreement, watched: Watched) -> bool:
    """Whether any day could meet a rule: facts and fit are the same on all of them, and most people fail there."""
    fitting = fit(agreement.fit, watched.facts).value
    return any(
        rule.of == watched.of
        and fitting >= rule.min_fit
        and all(condition.holds(watched.facts) for condition in rule.conditions)
        for rule in agreement.rules
    )


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A would-be offer; `was_seen` when sales had a handoff of the same lead or account in the quarter.

    Of a lead `account` is its account; of an account alone `lead` is None.
    """

    lead: int | None
    account: int | None
    met: Met
    was_seen: bool


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Would-be offers: in all, of these never seen by sales, by key of rule, and by week."""

    total: int = 0
    unseen: int = 0
    by_rule: Mapping[str, int]
    by_week: tuple[int, ...]

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(
            total=self.total + other.total,
            unseen=self.unseen + other.unseen,
            by_rule=dict(Counter(self.by_rule) + Counter(other.by_rule)),
            by_week=tuple(mine + new for mine, new in zip(self.by_week, other.by_week, strict=True)),
        )


NONE = Volume(by_rule={}, by_week=(0,) * WEEKS)


def volume(offers: Iterable[Offered], quarter: Quarter, *, theirs: Collection[int] = ()) -> Volume:
    """The offers counted. A whole account counts only where none of its own people does: of these, or of those counted
    before, whose accounts are `theirs`.
    """
    every = list(offers)
    theirs = {*theirs, *(one.account for one in every if one.lead is not None and one.account is not None)}
    kept = [one for one in every if one.lead is not None or one.account not in theirs]
    weeks = Counter(quarter.week_of(one.met.on) for one in kept)
    return Volume(
        total=len(kept),
        unseen=sum(not one.was_seen for one in kept),
        by_rule=dict(Counter(one.met.rule for one in kept)),
        by_week=tuple(weeks[number] for number in range(WEEKS)),
    )


def would_keep(agreement: Agreement, those: Collection[Watched], on: dt.date) -> bool | None:
    """Whether the agreement would have offered a handoff that qualified on the UTC day `on`: by a rule of the lead, or
    by one of its account. `those` are the lead, if any, and the account, if any. None where nothing is known to have
    been done, so that no rule can be asked.
    """
    if not any(day.happened_on <= on for one in those for day in one.days):
        return None
    return any(met_on(agreement, one, on) for one in those)


def earliest(moments: Iterable[dt.datetime | None]) -> dt.date | None:
    """The UTC day of the earliest of them, None for none."""
    found = [at for at in moments if at is not None]
    return min(found).astimezone(dt.UTC).date() if found else None


def day_after(moments: Iterable[dt.datetime | None]) -> dt.date | None:
    """The UTC day after the latest of them, None for none."""
    found = [at for at in moments if at is not None]
    return max(found).astimezone(dt.UTC).date() + _DAY if found else None

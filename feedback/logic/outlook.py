"""What a quarter that is over would have looked like under an agreement: who would have been offered, and when first.

Everybody counts at most once, on the first day in the quarter on which something was done, a rule was met, marketing
owed nothing and no real handoff stood against it (feedback.logic.outlook_past). What a team cannot replay is left aside
alike for every agreement: facts are those of today, and nobody knows what sales would have said.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from feedback.logic.outlook_past import Moment, Passed, Person, first_of, is_held
from feedback.logic.periods import Window, day_start
from leads.logic.agreement import ACCOUNT, ANYBODY, LEAD, Agreement
from leads.logic.conditions import Facts
from leads.logic.qualifying import judge, owed
from leads.logic.scoring import DayCount, fit, horizon

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

    `known` are the keys of REQUIRABLE that are filled in; `barred_from` is the first UTC day on which it was not to be
    offered any more, None for never. `past` are its own real handoffs, `others` those that go before an offer of it
    while they are open. An account is offered with one of its `people`, and alone where none did anything: `strangers`
    are the UTC days on which somebody unknown did, None where nobody asks. `person` is whom it is offered with.
    """

    of: str
    facts: Facts
    days: tuple[DayCount, ...]
    known: Collection[str] = ()
    consent: str = ""
    barred_from: dt.date | None = None
    past: tuple[Passed, ...] = ()
    others: tuple[Passed, ...] = ()
    people: tuple[Person, ...] = ()
    strangers: Collection[dt.date] | None = None
    person: Person | None = None

    def may_be_contacted(self, on: dt.date) -> bool:
        """Whether nothing that is known today stood against an offer on the UTC day `on`."""
        return self.barred_from is None or on < self.barred_from

    def as_offered(self, agreement: Agreement, on: dt.date) -> "Watched | None":
        """It, with whom it would be offered on the UTC day `on`; None for an account where nobody may be contacted."""
        if self.of == LEAD or self.person:
            return self
        since = on - horizon(agreement) * _DAY
        if person := first_of(self.people, since=since, on=on):
            return self.with_person(person)
        is_silent = self.strangers is not None and not any(since <= day <= on for day in self.strangers)
        return None if is_silent else self

    def with_person(self, person: Person) -> "Watched":
        """An account, offered with that person."""
        return replace(self, person=person, known=person.known, consent=person.consent, past=person.past)


@dataclass(frozen=True)
class Met:
    """The UTC day on which the rule with the key `rule` was met.

    `is_held` where a real handoff that would have been there anyway kept them from being offered, then and on every
    later day. `is_late` where one did that this agreement would not have made by then: what was done since may be
    sales' own doing.
    """

    on: dt.date
    rule: str
    is_held: bool = False
    is_late: bool = False


def met_on(agreement: Agreement, watched: Watched, on: dt.date) -> tuple[Met, Watched] | None:
    """The rule met on the UTC day `on`, by all that was done up to its end, and who would be offered, see as_offered;
    None where no rule is met, nobody may be contacted, or marketing owes.
    """
    seen = [day for day in watched.days if day.happened_on <= on]
    rule = judge(agreement, watched.facts, seen, of=watched.of, on=on).rule if seen else None
    offered = watched.as_offered(agreement, on) if rule else None
    if rule is None or offered is None:
        return None
    duties, known = agreement.duties, {*offered.known, *GIVEN}
    if watched.of == ACCOUNT and offered.person is None:
        # Of somebody nobody knows nothing of the person can be owed.
        known |= {key for key in duties.required if key.startswith("lead_")}
        duties = replace(duties, consent=ANYBODY)
    latest, begin = max(day.last_at for day in seen), dt.datetime.combine(on, dt.time(), dt.UTC)
    is_owed = owed(duties, known, consent=offered.consent, engaged_at=latest, now=begin)
    return None if is_owed else (Met(on, rule.key), offered)


def first_met(agreement: Agreement, watched: Watched, quarter: Quarter) -> Met | None:
    """The first day of the quarter on which it did something, or had waited long enough, and would have been offered;
    where it was held back on all of them, the first of these; None for never.
    """
    if not _can_meet(agreement, watched):
        return None
    first_held = None
    for on, now in sorted(_moments(agreement, watched, quarter).items()):
        if not watched.may_be_contacted(on):
            break
        found = met_on(agreement, watched, on)
        if found is None:
            continue
        met, offered = found
        moment = _moment(agreement, offered, now)
        if not _is_held_by_given(offered, moment):
            return replace(met, is_late=is_held(offered.past, offered.others, moment))
        first_held = first_held or replace(met, is_held=True)
    return first_held


def _moments(agreement: Agreement, watched: Watched, quarter: Quarter) -> dict[dt.date, dt.datetime]:
    """The last instant of each UTC day of the quarter on which it would have been judged: what it did, and what ended
    that had kept it waiting.
    """
    past = (*watched.past, *watched.others, *(one for person in watched.people for one in person.past))
    patience = agreement.duties.again_after_days
    moments = [day.last_at for day in watched.days]
    moments += [at for one in past if one.is_given for at in one.waking(again_after_days=patience)]
    found: dict[dt.date, dt.datetime] = {}
    for at in moments:
        on = at.astimezone(dt.UTC).date()
        if quarter.first_on <= on < quarter.end_on:
            found[on] = max(at, found.get(on, at))
    return found


def _is_held_by_given(watched: Watched, moment: Moment) -> bool:
    past, others = ([one for one in those if one.is_given] for those in (watched.past, watched.others))
    return is_held(past, others, moment)


def _moment(agreement: Agreement, watched: Watched, now: dt.datetime) -> Moment:
    on = now.astimezone(dt.UTC).date()
    seen = [day.last_at for day in watched.days if day.happened_on <= on]
    return Moment(
        now=now,
        engaged_at=max(seen, default=now),
        consent=watched.consent,
        again_after_days=agreement.duties.again_after_days,
    )


def _can_meet(agreement: Agreement, watched: Watched) -> bool:
    """Whether any day could meet a rule: facts and fit are the same on all of them, and most people fail there."""
    fitting = fit(agreement.fit, watched.facts).value
    return any(
        rule.of == watched.of
        and fitting >= rule.min_fit
        and all(condition.holds(watched.facts) for condition in rule.conditions)
        for rule in agreement.rules
    )


def would_keep(agreement: Agreement, those: Collection[Watched], real: Passed) -> bool | None:
    """Whether the agreement would have offered the `real` handoff when it qualified: by a rule of the lead, or by one
    of its account. `those` are the lead, if any, and the account, if any, as offered with that lead. None where nothing
    is known to have been done, so that no rule can be asked.

    An earlier handoff holds it back where it would have been there: because it is given, or would have been kept too.
    """
    return _Keeping(agreement, those).keeps(real)


@dataclass
class _Keeping:
    """What an agreement would have offered of the handoffs of these, each asked once: an earlier one is asked of by all
    that came after it.
    """

    agreement: Agreement
    those: Collection[Watched]
    known: dict[int, bool | None] = field(default_factory=dict)

    def keeps(self, real: Passed) -> bool | None:
        if real.pk not in self.known:
            on = real.qualified_at.astimezone(dt.UTC).date()
            is_known = any(day.happened_on <= on for one in self.those for day in one.days)
            self.known[real.pk] = any(self._keeps_one(one, real, on) for one in self.those) if is_known else None
        return self.known[real.pk]

    def _keeps_one(self, watched: Watched, real: Passed, on: dt.date) -> bool:
        if not met_on(self.agreement, watched, on):
            return False
        # Whom it follows by way of turn backs is the same offer.
        before = [one for one in watched.past if one.root != real.root and one.pk < real.pk and one.since_on <= on]
        there = [one for one in before if one.is_given or self.keeps(one)]
        others = [one for one in watched.others if one.is_given and one.root != real.root]
        return not is_held(there, others, _moment(self.agreement, watched, real.qualified_at))


def earliest(moments: Iterable[dt.datetime | None]) -> dt.date | None:
    """The UTC day of the earliest of them, None for none."""
    found = [at for at in moments if at is not None]
    return min(found).astimezone(dt.UTC).date() if found else None

"""The replay of a quarter, alone: worlds worked out by hand, and what must hold of any."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from feedback.logic.outlook import Met, Watched, first_met, met_on, quarter, would_keep
from feedback.logic.outlook_past import Passed
from feedback.logic.outlook_volume import Offered, Theirs, volume
from feedback.logic.rates import likely_counts
from feedback.logic.states import State
from leads.logic.agreement import ACCOUNT, LEAD, OPTED_IN, Agreement, Count, Duties, FitTerm, IntentTerm, MqlRule
from leads.logic.conditions import Condition
from leads.logic.scoring import DayCount

QUARTER = quarter(dt.date(2026, 11, 18), zone=dt.UTC)
FIRST = QUARTER.first_on
VISITS = MqlRule(
    key="visits", label="Visits", counts=(Count(kind="page_view", page_group="pricing", at_least=3, within_days=7),)
)
AGREEMENT = Agreement(rules=(VISITS,), duties=Duties(required=(), context_days=0))
OF_ACCOUNT = replace(AGREEMENT, rules=(replace(VISITS, key="target", of=ACCOUNT),))


def did(number: int, count: int = 1, **more) -> DayCount:
    """`count` views of pricing on the day `number` of the quarter."""
    on = FIRST + dt.timedelta(days=number)
    last_at = dt.datetime.combine(on, dt.time(12), dt.UTC)
    return DayCount(
        **({"kind": "page_view", "page_group": "pricing", "happened_on": on, "count": count, "last_at": last_at} | more)
    )


def somebody(*days: DayCount, of: str = LEAD, **more) -> Watched:
    return Watched(of=of, facts={}, days=days, **more)


def real(on: dt.date) -> Passed:
    """A handoff that qualified on that day."""
    at = dt.datetime.combine(on, dt.time(15), dt.UTC)
    return Passed(pk=1, root=1, since_on=on, qualified_at=at, is_given=True, state=State.PENDING, over_at=None)


def first(who: Watched, agreement: Agreement = AGREEMENT) -> int | None:
    met = first_met(agreement, who, QUARTER)
    return (met.on - FIRST).days if met else None


class TestQuarter:
    def test_it_is_the_last_thirteen_full_weeks(self):
        assert dt.date(2026, 8, 17) == FIRST
        assert QUARTER.end_on == dt.date(2026, 11, 16)
        assert len(QUARTER.mondays) == 13
        assert quarter(dt.date(2026, 11, 16), zone=dt.UTC) == QUARTER, "a Monday begins a week that is not over"
        assert quarter(dt.date(2026, 11, 15), zone=dt.UTC).end_on == dt.date(2026, 11, 9)

    def test_its_instants_are_those_of_the_zone(self):
        window = quarter(dt.date(2026, 11, 18), zone=ZoneInfo("Europe/Berlin")).window
        assert window.start_at == dt.datetime(2026, 8, 16, 22, tzinfo=dt.UTC)
        assert window.end_at == dt.datetime(2026, 11, 15, 23, tzinfo=dt.UTC), "the clocks changed in between"


class TestFirstMet:
    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            ((), None),
            ((did(0, 2),), None),
            ((did(0, 3),), 0),
            ((did(0), did(3), did(6)), 6),
            ((did(0), did(3), did(7)), None),
            ((did(0), did(3), did(7), did(9)), 9),
            # What was done before the quarter counts, but the offer falls on a day in it.
            ((did(-3, 2), did(2)), 2),
            ((did(-3, 5),), None),
            ((did(-3, 5), did(3)), 3),
            ((did(90, 3),), 90),
            ((did(91, 3),), None),
            ((did(0, 3, page_group="docs"),), None),
        ],
    )
    def test_worlds_worked_out_by_hand(self, days: tuple[DayCount, ...], expected: int | None):
        assert first(somebody(*days)) == expected
        assert first(somebody(*reversed(days))) == expected

    def test_nobody_is_offered_who_may_not_be_offered(self):
        on = FIRST + dt.timedelta(days=5)
        days = (did(1, 3), did(5, 3), did(9, 3))
        assert first(somebody(*days, barred_from=on)) == 1
        assert first(somebody(*days, barred_from=dt.date.min)) is None

    def test_marketing_owes(self):
        asked = replace(AGREEMENT, duties=Duties(required=("lead_phone", "campaign"), consent=OPTED_IN))
        assert first(somebody(did(1, 3)), asked) is None
        assert first(somebody(did(1, 3), known={"lead_phone"}), asked) is None
        assert first(somebody(did(1, 3), known={"lead_phone"}, consent="opt_in"), asked) == 1
        of_account = replace(OF_ACCOUNT, duties=asked.duties)
        assert first(somebody(did(1, 3), of=ACCOUNT), of_account) == 1, "of nobody nothing can be owed"

    def test_a_rule_is_for_leads_or_for_accounts(self):
        assert first(somebody(did(1, 3)), OF_ACCOUNT) is None
        assert first(somebody(did(1, 3), of=ACCOUNT)) is None
        assert first(somebody(did(1, 3, confidence=50), of=ACCOUNT), OF_ACCOUNT) is None
        assert first(somebody(did(1, 3, confidence=60), of=ACCOUNT), OF_ACCOUNT) == 1


class TestWouldKeep:
    def test_by_the_lead_by_its_account_or_not_at_all(self):
        lead, company = somebody(did(0, 3)), somebody(did(0, 3), of=ACCOUNT)
        assert would_keep(AGREEMENT, [lead, company], real(FIRST))
        assert would_keep(OF_ACCOUNT, [lead, company], real(FIRST))
        assert would_keep(OF_ACCOUNT, [lead], real(FIRST)) is False
        assert would_keep(AGREEMENT, [lead], real(FIRST + dt.timedelta(days=7))) is False, (
            "three visits in a week, but before"
        )

    def test_without_a_past_nobody_can_tell(self):
        assert would_keep(AGREEMENT, [], real(FIRST)) is None
        assert would_keep(AGREEMENT, [somebody(did(1, 3))], real(FIRST)) is None, "it was done after the offer"

    def test_context_is_too_old(self):
        lasting = replace(AGREEMENT, rules=(replace(VISITS, counts=(replace(VISITS.counts[0], within_days=90),)),))
        who, on = somebody(did(0, 3)), FIRST + dt.timedelta(days=12)
        assert met_on(lasting, who, on) == (Met(on, "visits"), who)
        recent = replace(lasting, duties=Duties(context_days=10))
        assert met_on(recent, who, on) is None
        assert met_on(recent, somebody(did(0, 3), did(20)), on) is None, "what came later was not known then"


class TestVolume:
    def offer(self, number: int, lead: int | None, account: int | None, **more) -> Offered:
        met = Met(FIRST + dt.timedelta(days=number), "visits" if lead else "target")
        return Offered(lead=lead, account=account, met=met, was_seen=more.get("was_seen", True))

    def test_an_account_counts_only_without_its_people(self):
        found = volume(
            [
                self.offer(6, 1, 10),
                self.offer(7, 2, None, was_seen=False),
                self.offer(0, None, 10, was_seen=False),
                self.offer(90, None, 11, was_seen=False),
            ],
            QUARTER,
            Theirs(),
        )
        assert (found.total, found.unseen) == (3, 2)
        assert found.by_rule == {"visits": 2, "target": 1}
        assert found.by_week == (1, 1, *[0] * 10, 1)

    def test_nothing(self):
        assert volume([], QUARTER, Theirs()).by_week == (0,) * 13


# -- what must hold of any quarter -------------------------------------------------------------------------------------
days_of = st.lists(
    st.builds(did, st.integers(-40, 100), count=st.integers(1, 6), kind=st.sampled_from(("page_view", "form"))),
    max_size=8,
)
people_of = st.lists(st.tuples(days_of, st.sampled_from((10, 11, None))), max_size=6)
IS_LOGISTICS = Condition(field="account_industry", operator="eq", value="logistics")


@st.composite
def agreements_of(draw: st.DrawFn) -> Agreement:
    counts = st.builds(
        Count,
        kind=st.just("page_view"),
        page_group=st.just(""),
        at_least=st.integers(1, 6),
        within_days=st.integers(1, 30),
    )
    rules = tuple(
        MqlRule(
            key=of,
            label=of,
            of=of,
            min_fit=draw(st.sampled_from((0, 30))),
            min_intent=draw(st.integers(0, 30)),
            counts=(draw(counts),),
        )
        for of in draw(st.lists(st.sampled_from((LEAD, ACCOUNT)), min_size=1, max_size=2, unique=True))
    )
    return Agreement(
        fit=(FitTerm(label="Logistics", condition=IS_LOGISTICS, points=30),),
        intent=(IntentTerm(label="Views", kind="page_view", points=8, half_life_days=7, cap=60),),
        rules=rules,
        duties=Duties(context_days=0),
    )


def replayed(agreement: Agreement, people) -> list[Offered]:
    """Every one of the people, and each account with all that its people did."""
    facts = {"account_industry": "logistics"}
    offers = []
    for number, (days, account) in enumerate(people, start=1):
        watched = Watched(of=LEAD, facts=facts, days=tuple(days))
        if met := first_met(agreement, watched, QUARTER):
            offers.append(Offered(lead=number, account=account, met=met, was_seen=False))
    for account in {account for _, account in people if account}:
        days = tuple(day for theirs, of in people if of == account for day in theirs)
        if met := first_met(agreement, Watched(of=ACCOUNT, facts=facts, days=days), QUARTER):
            offers.append(Offered(lead=None, account=account, met=met, was_seen=False))
    return offers


@given(agreements_of(), people_of, st.data())
def test_a_stricter_agreement_never_offers_more(agreement: Agreement, people, data: st.DataObject):
    rule = data.draw(st.sampled_from(agreement.rules))
    count = rule.counts[0]
    stricter = data.draw(
        st.sampled_from(
            (
                replace(rule, min_intent=rule.min_intent + 10),
                replace(rule, min_fit=rule.min_fit + 1),
                replace(rule, conditions=(replace(IS_LOGISTICS, value="retail"),)),
                replace(rule, counts=(replace(count, at_least=count.at_least + 1),)),
                replace(rule, counts=(replace(count, within_days=max(1, count.within_days - 5)),)),
                None,
            )
        )
    )
    rules = tuple(new for one in agreement.rules if (new := stricter if one is rule else one))
    mine, theirs = (
        volume(replayed(one, people), QUARTER, Theirs()) for one in (replace(agreement, rules=rules), agreement)
    )
    assert mine.total <= theirs.total


@given(agreements_of(), people_of)
def test_everybody_counts_once_and_every_sum_agrees(agreement: Agreement, people):
    found = volume(replayed(agreement, people), QUARTER, Theirs())
    assert found.total <= len(people)
    assert found.total == sum(found.by_week) == sum(found.by_rule.values())


@pytest.mark.parametrize("count", [0, 1, 7, 148, 20_000])
def test_the_interval_of_a_count_leaves_out_chance(count: int):
    low, high = likely_counts(count)
    assert poisson.cdf(count, high) == pytest.approx(0.025)
    if count:
        assert poisson.sf(count - 1, low) == pytest.approx(0.025)
    else:
        assert low == 0

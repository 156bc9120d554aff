"""Fit and intent, alone: what must hold of any terms and any days."""

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leads.logic.agreement import ACCOUNT, Agreement, Count, FitTerm, IntentTerm, MqlRule
from leads.logic.conditions import Condition
from leads.logic.scoring import DayCount, fit, horizon, intent, least_confidence, memory_days, sure, total

TODAY = dt.date(2026, 11, 22)
KINDS, GROUPS = ("page_view", "form"), ("", "pricing", "careers")


def day(ago: int = 0, *, count: int = 1, kind: str = "page_view", page_group: str = "pricing", confidence: int = 100):
    on = TODAY - dt.timedelta(days=ago)
    last_at = dt.datetime(on.year, on.month, on.day, 12, tzinfo=dt.UTC)
    return DayCount(
        kind=kind, page_group=page_group, happened_on=on, count=count, last_at=last_at, confidence=confidence
    )


def term(points: int = 8, *, half_life_days: int = 7, cap: int = 100, label: str = "Pricing", **more) -> IntentTerm:
    asked = {"kind": "page_view", "page_group": "pricing", **more}
    return IntentTerm(label=label, points=points, half_life_days=half_life_days, cap=cap, **asked)


def worth(term: IntentTerm, *days: DayCount, on: dt.date = TODAY) -> float:
    return intent([term], days, on=on).parts.get(term.label, 0.0)


days_of = st.lists(
    st.builds(
        day,
        st.integers(-5, 400),
        count=st.integers(1, 200),
        kind=st.sampled_from(KINDS),
        page_group=st.sampled_from(GROUPS),
    ),
    max_size=12,
)
points_of = st.integers(-100, 100).filter(bool)
terms_of = st.lists(
    st.builds(
        IntentTerm,
        label=st.text("abcdef", min_size=1, max_size=4),
        kind=st.sampled_from(KINDS),
        page_group=st.sampled_from(GROUPS),
        points=points_of,
        half_life_days=st.integers(1, 365),
        cap=st.integers(1, 100),
    ),
    max_size=6,
    unique_by=lambda one: one.label,
)


@given(points=points_of, half_life=st.integers(1, 365), halvings=st.integers(0, 4))
def test_points_halve_with_every_half_life(points: int, half_life: int, halvings: int):
    one = term(points, half_life_days=half_life)
    expected = points / 2**halvings
    assert worth(one, day(half_life * halvings)) == pytest.approx(expected if abs(expected) >= 0.05 else 0, abs=0.051)


def test_the_half_life_is_exact():
    one = term(80, half_life_days=7)
    assert [worth(one, day(ago)) for ago in (0, 7, 14, 21)] == [80, 40, 20, 10]


@given(points=points_of, half_life=st.integers(1, 60), ago=st.integers(0, 300), later=st.integers(1, 300))
def test_what_was_done_is_worth_ever_less(points: int, half_life: int, ago: int, later: int):
    one = term(points, half_life_days=half_life)
    before, after = worth(one, day(ago)), worth(one, day(ago + later))
    assert abs(after) <= abs(before)
    assert before * after >= 0


@given(terms=terms_of, days=days_of)
def test_no_term_goes_beyond_its_cap_on_either_side(terms: list[IntentTerm], days: list[DayCount]):
    found = intent(terms, days, on=TODAY)
    assert 0 <= found.value <= 100
    for one in terms:
        points = found.parts.get(one.label, 0)
        assert abs(points) <= one.cap
        assert points * one.points >= 0


@given(terms=terms_of, days=days_of, data=st.data())
def test_the_order_of_days_changes_nothing(terms: list[IntentTerm], days: list[DayCount], data: st.DataObject):
    one, other = intent(terms, days, on=TODAY), intent(terms, data.draw(st.permutations(days)), on=TODAY)
    assert one.parts == pytest.approx(other.parts, abs=0.11)
    assert abs(one.value - other.value) <= 1


@given(terms=terms_of, days=days_of)
def test_the_parts_add_up_to_the_value_unless_it_is_cut(terms: list[IntentTerm], days: list[DayCount]):
    found = intent(terms, days, on=TODAY)
    added = sum(found.parts.values())
    assert found.value == round(min(100, max(0, added)))
    assert all(found.parts.values())


@given(terms=terms_of, days=days_of, on=st.integers(0, 30))
def test_nothing_after_the_day_counts(terms: list[IntentTerm], days: list[DayCount], on: int):
    asked = TODAY - dt.timedelta(days=on)
    past = [one for one in days if one.happened_on <= asked]
    assert intent(terms, days, on=asked) == intent(terms, past, on=asked)


@given(one=st.builds(term, points_of, half_life_days=st.integers(1, 365)), beyond=st.integers(1, 1000))
def test_what_lies_beyond_the_horizon_is_forgotten_and_what_lies_within_is_not(one: IntentTerm, beyond: int):
    reach = horizon(Agreement(intent=(one,)))
    assert reach == memory_days(one)
    many = 1_000_000
    assert worth(one, day(reach + beyond, count=many)) == 0
    assert worth(one, day(reach, count=many)) == (one.cap if one.points > 0 else -one.cap)


@given(terms=terms_of, days=days_of, more=days_of)
def test_more_of_what_is_wanted_never_lowers_a_score(terms: list[IntentTerm], days: list[DayCount], more):
    wanted = [one for one in terms if one.points > 0]
    assume(wanted)
    fewer = {(one.kind, one.page_group, one.happened_on): one for one in days}
    assert intent(wanted, [*days, *more], on=TODAY).value >= intent(wanted, fewer.values(), on=TODAY).value - 1


def test_the_horizon_sees_the_windows_of_rules_too():
    count = Count(kind="page_view", at_least=3, within_days=90)
    rule = MqlRule(key="target", label="Target", of=ACCOUNT, counts=(count,))
    assert horizon(Agreement(intent=(term(1, half_life_days=1),), rules=(rule,))) == 89
    assert horizon(Agreement()) == 0


def test_a_careers_page_counts_against():
    careers = term(-20, page_group="careers", label="Careers pages", cap=30)
    found = intent([term(30), careers], [day(), day(page_group="careers", count=5)], on=TODAY)
    assert found.parts == {"Pricing": 30, "Careers pages": -30}
    assert found.value == 0


def test_a_term_without_a_page_group_counts_every_page():
    anywhere = term(5, page_group="", label="Visits")
    days = [day(), day(page_group=""), day(page_group="careers"), day(kind="form")]
    assert intent([anywhere], days, on=TODAY).parts == {"Visits": 15}


def test_each_kind_is_capped_by_itself():
    terms = [term(10, cap=30), term(40, kind="form", page_group="", label="Forms", cap=40)]
    found = intent(terms, [day(count=50), day(kind="form", count=50, page_group="")], on=TODAY)
    assert found.parts == {"Pricing": 30, "Forms": 40}
    assert found.value == 70


FIT = (
    FitTerm(label="Industry is logistics", condition=Condition("account_industry", "eq", "logistics"), points=40),
    FitTerm(label="Head of something", condition=Condition("lead_title", "contains", "head of"), points=30),
    FitTerm(label="Student", condition=Condition("lead_title", "contains", "student"), points=-60),
    FitTerm(label="Competitor", condition=Condition("account_relation", "eq", "competitor"), points=-100),
    FitTerm(label="Large", condition=Condition("account_employees", "ge", 200), points=50),
)


@pytest.mark.parametrize(
    ("facts", "value", "parts"),
    [
        ({"account_industry": "Logistics"}, 40, {"Industry is logistics": 40}),
        ({"lead_title": "HEAD OF Operations"}, 30, {"Head of something": 30}),
        ({"lead_title": "Working student"}, 0, {"Student": -60}),
        ({"lead_title": ""}, 0, {}),
        ({"account_industry": "logistics", "account_employees": 420, "lead_title": "Head of IT"}, 100, None),
        ({"account_industry": "logistics", "account_relation": "competitor"}, 0, None),
        ({"account_employees": 199}, 0, {}),
        ({"account_employees": None}, 0, {}),
        ({}, 0, {}),
    ],
)
def test_fit_gives_the_points_of_every_condition_that_holds(facts, value, parts):
    found = fit(FIT, facts)
    assert found.value == value
    if parts is not None:
        assert found.parts == parts


def test_parts_are_kept_beyond_what_the_value_can_show():
    facts = {"account_industry": "logistics", "account_employees": 420, "lead_title": "Head of IT"}
    assert fit(FIT, facts).parts == {"Industry is logistics": 40, "Head of something": 30, "Large": 50}
    assert total({"nothing": 0.0}).parts == {}


def test_an_account_counts_the_visitors_its_least_strict_rule_believes():
    rules = (
        MqlRule(key="a", label="A", of=ACCOUNT, min_confidence=80),
        MqlRule(key="b", label="B", of=ACCOUNT, min_confidence=70),
        MqlRule(key="c", label="C", min_confidence=10),
    )
    assert least_confidence(Agreement(rules=rules)) == 70
    assert least_confidence(Agreement()) == 60
    assert [one.confidence for one in sure([day(confidence=69), day(confidence=70)], least=70)] == [70]

"""When a lead or an account is sales-ready."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.agreement import ACCOUNT, LEAD, Agreement, Count, Duties, FitTerm, IntentTerm, MqlRule
from leads.logic.facts import ACCOUNT as OF_ACCOUNTS
from leads.logic.qualifying import counted, judge, owed
from leads.logic.scoring import DayCount

ON = dt.date(2026, 3, 10)
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
TARGET = OF_ACCOUNTS.read("account_is_target", "eq", "yes")
PRICING = Count(kind="page_view", page_group="pricing", at_least=3, within_days=7)
ACCOUNT_RULE = MqlRule(
    key="target", label="Target account looks at prices", of=ACCOUNT, conditions=(TARGET,), counts=(PRICING,)
)
LEAD_RULE = MqlRule(key="lead", label="Fit and intent", min_fit=20, min_intent=15)
FIT = FitTerm(label="Target account", condition=TARGET, points=20)
INTENT = IntentTerm(label="Pricing page", kind="page_view", page_group="pricing", points=10, half_life_days=7, cap=40)
AGREED = Agreement(fit=(FIT,), intent=(INTENT,), rules=(LEAD_RULE, ACCOUNT_RULE))
IS_TARGET = {"account_is_target": "yes"}


def views(count: int, *, days_ago: int = 0, group: str = "pricing", confidence: int = 100, kind: str = "page_view"):
    day = ON - dt.timedelta(days=days_ago)
    return DayCount(kind=kind, page_group=group, happened_on=day, count=count, last_at=NOON, confidence=confidence)


def test_an_account_is_ready_when_it_was_there_often_enough():
    assert judge(AGREED, IS_TARGET, [views(2)], of=ACCOUNT, on=ON).rule is None
    found = judge(AGREED, IS_TARGET, [views(2), views(1, days_ago=6)], of=ACCOUNT, on=ON)
    assert found.rule == ACCOUNT_RULE
    assert found.why == "Target account looks at prices: page views of pricing 3 times in 7 days (3 asked)."


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param([views(2), views(1, days_ago=7)], id="a week and a day ago"),
        pytest.param([views(2), views(5, group="docs")], id="another page"),
        pytest.param([views(2), views(5, kind="form")], id="another kind"),
        pytest.param([views(2), views(5, confidence=59)], id="a guess"),
        pytest.param([views(2), views(5, days_ago=-1)], id="tomorrow"),
    ],
)
def test_what_does_not_count_does_not_count(spoiled):
    assert judge(AGREED, IS_TARGET, spoiled, of=ACCOUNT, on=ON).rule is None


def test_conditions_and_the_kind_of_rule_are_asked():
    assert judge(AGREED, {"account_is_target": "no"}, [views(9)], of=ACCOUNT, on=ON).rule is None
    assert judge(Agreement(rules=(ACCOUNT_RULE,)), IS_TARGET, [views(9)], of=LEAD, on=ON).rule is None


def test_a_lead_needs_both_scores_and_hears_which_behaviour_it_was():
    found = judge(AGREED, IS_TARGET, [views(2)], of=LEAD, on=ON)
    assert found.rule == LEAD_RULE
    assert (found.fit.value, found.intent.value) == (20, 20)
    assert found.why == "Fit and intent: fit 20 (20 asked), intent 20 (15 asked; Pricing page 20)."
    assert judge(AGREED, IS_TARGET, [views(1)], of=LEAD, on=ON).rule is None
    assert judge(AGREED, {}, [views(4)], of=LEAD, on=ON).rule is None


def test_the_first_rule_met_decides():
    other = MqlRule(key="other", label="Other", min_intent=1)
    assert judge(Agreement(intent=(INTENT,), rules=(other, LEAD_RULE)), {}, [views(9)], of=LEAD, on=ON).rule == other


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(-3, 20)), max_size=12), st.integers(1, 14))
def test_a_window_counts_each_of_its_days_once(seen, within_days):
    count = Count(kind="page_view", page_group="", at_least=1, within_days=within_days)
    days = [views(number, days_ago=ago) for number, ago in seen]
    assert counted(count, days, on=ON) == sum(number for number, ago in seen if 0 <= ago < within_days)


def debt(duties, known=(), *, consent="unknown", days_ago=0):
    return owed(duties, known, consent=consent, engaged_at=NOON - dt.timedelta(days=days_ago), now=NOON)


def test_what_marketing_owes_is_said():
    asked = Duties(required=("lead_email", "account", "region"), context_days=0)
    assert debt(asked, {"lead_email", "account", "region"}) == ""
    assert debt(asked, {"account"}) == "Marketing owes a mail address and the account's country."
    assert debt(asked) == "Marketing owes a mail address, the account and the account's country."


def test_consent_and_context_are_duties_too():
    assert debt(Duties(consent="opted_in")) == "Marketing owes the person's consent."
    assert debt(Duties(consent="opted_in"), consent="opt_in") == ""
    assert debt(Duties(context_days=30), days_ago=30) == ""
    assert debt(Duties(context_days=30), days_ago=31) == "Nothing was done in the last 30 days."
    assert debt(Duties(context_days=0), days_ago=900) == ""

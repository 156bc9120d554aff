"""What the demo's marketing and sales agreed on: a first version, and the one that took its place."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from leads.logic import facts
from leads.logic.agreement import ACCOUNT, Agreement, Count, Duties, FitTerm, IntentTerm, MqlRule
from leads.logic.pages import Group, Match, Pattern, group_of

# Key, what it is called, how the addresses of its pages begin.
PAGE_GROUPS: Mapping[str, tuple[str, str]] = {
    "pricing": ("pricing", "/pricing"),
    "plans": ("plan comparison", "/plans"),
    "docs": ("documentation", "/docs"),
    "customers": ("customer stories", "/customers"),
    "careers": ("careers", "/careers"),
}
_GROUPS = tuple(Group(key, (Pattern(Match.PREFIX, begins),)) for key, (_, begins) in PAGE_GROUPS.items())
CHANGED_BEFORE = dt.timedelta(weeks=5)
"""How long before now the second version took effect."""


def page_group(address: str) -> str:
    """The key of the page group that a page belongs to; "" for none."""
    return group_of(address, _GROUPS)


def _fit(label: str, field: str, operator: str, value: str, points: int) -> FitTerm:
    return FitTerm(label=label, condition=facts.ICP.read(field, operator, value), points=points)


def _page(label: str, group: str, points: int, cap: int) -> IntentTerm:
    return IntentTerm(label=label, kind="page_view", page_group=group, points=points, half_life_days=7, cap=cap)


def _done(label: str, kind: str, points: int, cap: int, half_life_days: int = 14) -> IntentTerm:
    return IntentTerm(label=label, kind=kind, points=points, half_life_days=half_life_days, cap=cap)


_TRANSPORT = "fleet manager, transport planner, supply chain director"
_LEAD_RULE = MqlRule(key="fit-and-intent", label="Fits and shows interest", min_fit=40, min_intent=20)
FIRST = Agreement(
    fit=(
        _fit("Logistics", "account_industry", "eq", "logistics", 25),
        _fit("Manufacturing", "account_industry", "eq", "manufacturing", 22),
        _fit("Food or retail", "account_industry", "in", "food, retail", 16),
        _fit("100 people or more", "account_employees", "ge", "100", 25),
        _fit("More than 2,000 people", "account_employees", "gt", "2000", -15),
        _fit("Fewer than 50 people", "account_employees", "lt", "50", -10),
        _fit("Head of something", "lead_title", "prefix", "head", 22),
        _fit("Chief operating officer", "lead_title", "eq", "coo", 22),
        _fit("Fleet, transport or supply chain", "lead_title", "in", _TRANSPORT, 20),
        _fit("A region we serve", "region", "in", "DE, NL, BE, SE, NO, DK, FI, GB, US", 18),
        _fit("Target account", "account_is_target", "eq", "yes", 10),
        _fit("Student", "lead_title", "contains", "student", -60),
        _fit("Competitor", "account_relation", "eq", "competitor", -100),
    ),
    intent=(
        _page("Looked at pricing", "pricing", 15, 45),
        _page("Compared plans", "plans", 17, 34),
        _page("Read the docs", "docs", 12, 24),
        _page("Read customer stories", "customers", 10, 20),
        _done("Filled in a form", "form", 32, 48),
        _done("Attended a webinar", "webinar", 24, 36),
        _done("Downloaded something", "download", 12, 24),
        _done("Clicked in a mail", "email_click", 7, 14, 7),
        _page("Looked for a job", "careers", -20, 60),
    ),
    rules=(_LEAD_RULE,),
    sql=(
        "Sales has talked with the lead, both ways",
        "There is a transport problem that we solve",
        "The lead decides on it or brings us to who does",
        "A next step with a date is agreed",
    ),
    duties=Duties(required=("lead_email", "account"), context_days=30, again_after_days=30),
)
SECOND = replace(
    FIRST,
    rules=(
        replace(_LEAD_RULE, min_fit=50, min_intent=30),
        MqlRule(
            key="target-account",
            label="A target account looks at pricing",
            of=ACCOUNT,
            conditions=(facts.ACCOUNT.read("account_is_target", "eq", "yes"),),
            counts=(Count(kind="page_view", page_group="pricing", at_least=3, within_days=7),),
        ),
    ),
)
WHY_CHANGED = (
    "Too many were only curious: more fit and intent asked; target accounts count before anybody fills a form."
)

"""A first agreement to talk about: sensible, short, and meant to be changed."""

from collections.abc import Mapping

from leads.logic.agreement import (
    ACCOUNT,
    Agreement,
    Count,
    Duties,
    FitTerm,
    IntentTerm,
    MqlRule,
)
from leads.logic.conditions import Condition

PAGE_GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "pricing": ("pricing", ("/pricing",)),
    "demo": ("demo and contact pages", ("/demo", "/contact")),
    "docs": ("documentation", ("/docs",)),
    "customers": ("customer stories", ("/customers", "/case-studies")),
    "careers": ("careers", ("/careers", "/jobs")),
}
"""The page groups that the first draft speaks of: key, what they are called, and how their addresses begin."""

_INDUSTRIES = ("software", "financial services", "logistics", "manufacturing", "retail")


def starting_point() -> Agreement:
    """The first draft, when there is no agreement to start from. It needs the page groups of PAGE_GROUPS."""
    return Agreement(
        fit=_FIT,
        intent=_INTENT,
        rules=(
            MqlRule(key="fit-and-intent", label="Fits and shows interest", min_fit=50, min_intent=30),
            MqlRule(
                key="target-account",
                label="A target account looks at pricing",
                of=ACCOUNT,
                conditions=(Condition("account_is_target", "eq", "yes"),),
                counts=(Count(kind="page_view", page_group="pricing", at_least=3, within_days=7),),
                min_confidence=60,
            ),
        ),
        sql=(
            "Sales has talked with the lead, both ways",
            "There is a problem that we solve, and a reason to solve it now",
            "The lead decides on it or brings us to who does",
            "A next step with a date is agreed",
        ),
        duties=Duties(required=("lead_email", "account"), context_days=30, again_after_days=30),
    )


_FIT = (
    FitTerm(label="In an industry we serve", condition=Condition("account_industry", "in", _INDUSTRIES), points=25),
    FitTerm(label="100 people or more", condition=Condition("account_employees", "ge", 100), points=20),
    FitTerm(label="More than 5,000 people", condition=Condition("account_employees", "gt", 5_000), points=-10),
    FitTerm(label="Target account", condition=Condition("account_is_target", "eq", "yes"), points=20),
    FitTerm(label="Head of something", condition=Condition("lead_title", "contains", "head"), points=20),
    FitTerm(label="Director", condition=Condition("lead_title", "contains", "director"), points=20),
    FitTerm(label="Vice president", condition=Condition("lead_title", "prefix", "vp"), points=20),
    FitTerm(label="Chief officer", condition=Condition("lead_title", "prefix", "chief"), points=20),
    FitTerm(label="Work address", condition=Condition("lead_mail_is_free", "eq", "no"), points=10),
    FitTerm(label="Student", condition=Condition("lead_title", "contains", "student"), points=-60),
    FitTerm(label="Competitor", condition=Condition("account_relation", "eq", "competitor"), points=-100),
)
_INTENT = (
    IntentTerm(label="Looked at pricing", kind="page_view", page_group="pricing", points=10, half_life_days=7, cap=40),
    IntentTerm(label="Looked for a demo", kind="page_view", page_group="demo", points=10, half_life_days=7, cap=30),
    IntentTerm(label="Read the docs", kind="page_view", page_group="docs", points=3, half_life_days=7, cap=15),
    IntentTerm(
        label="Read customer stories", kind="page_view", page_group="customers", points=4, half_life_days=7, cap=16
    ),
    IntentTerm(label="Filled in a form", kind="form", points=25, half_life_days=14, cap=50),
    IntentTerm(label="Started a trial", kind="trial", points=40, half_life_days=14, cap=60),
    IntentTerm(label="Attended a webinar", kind="webinar", points=15, half_life_days=14, cap=30),
    IntentTerm(label="Downloaded something", kind="download", points=8, half_life_days=14, cap=16),
    IntentTerm(label="Met us", kind="meeting", points=30, half_life_days=30, cap=45),
    IntentTerm(label="Clicked in a mail", kind="email_click", points=3, half_life_days=7, cap=9),
    IntentTerm(label="Looked for a job", kind="page_view", page_group="careers", points=-20, half_life_days=30, cap=60),
)

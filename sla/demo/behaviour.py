"""What a lead did before it was offered, and the scores that follow from it."""

import datetime as dt
import random
from dataclasses import dataclass

from leads.actions.people import AccountInput, LeadInput
from leads.logic import scoring
from leads.logic.scoring import DayCount
from sla.demo.agreed import SECOND, page_group
from sla.demo.campaigns import Source

_PAGES = (
    ("page_view", "/pricing", 240), ("page_view", "/plans/compare", 130), ("page_view", "/docs/api", 400),
    ("page_view", "/customers/freight", 95), ("page_view", "/", 30), ("email_open", "October news", 0),
    ("email_click", "Routing checklist", 0), ("download", "Fleet cost sheet", 0),
)  # fmt: skip
_WEIGHTS = (5, 3, 2, 3, 3, 6, 2, 1)
Parts = dict[str, float]
# Scores look back from some day; which one it is makes no difference.
_TODAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Sight:
    """One engagement, `hours_before` the one that led to the offer. `who` is lead, colleague or visitor."""

    hours_before: float
    kind: str
    subject: str
    seconds: int | None = None
    who: str = "lead"

    @property
    def address(self) -> str:
        """Of the page; "" for what was no page view."""
        return self.subject if self.kind == "page_view" else ""


def behaviour(source: Source, rng: random.Random) -> list[Sight]:
    """What led to an offer from `source`: the campaign's own step, others over three weeks, and the last at 0."""
    kind, subject = source.opening
    steps = [Sight(rng.uniform(0, 200), kind, subject, 2300 if kind == "webinar" else None)]
    for kind, subject, seconds in rng.choices(_PAGES, weights=_WEIGHTS, k=rng.randrange(2, 8)):
        who = "visitor" if source.channel == "target account" else rng.choices(("lead", "colleague"), weights=(5, 1))[0]
        spent = round(seconds * rng.uniform(0.3, 1.8)) if kind == "page_view" else None
        steps.append(Sight(rng.uniform(2, 500), kind, subject, spent, who))
    steps.append(Sight(0, "page_view", "/pricing", rng.randrange(40, 400), "lead"))
    return steps


def intent_parts(sights: list[Sight], *, of_lead: bool) -> Parts:
    """Points per term of the agreement for what was done before the last of it: by the lead, or by everybody."""
    ats = [_TODAY - dt.timedelta(hours=sight.hours_before) for sight in sights]
    days = [
        DayCount(
            kind=sight.kind,
            page_group=page_group(sight.address),
            happened_on=at.date(),
            count=1,
            last_at=at,
        )
        for sight, at in zip(sights, ats, strict=True)
        if not of_lead or sight.who == "lead"
    ]
    return dict(scoring.intent(SECOND.intent, days, on=_TODAY.date()).parts)


def fit_parts(lead: LeadInput | None, account: AccountInput) -> Parts:
    """Points per term of the agreement that holds."""
    facts: dict[str, str | int | None] = {
        "account_industry": account.industry,
        "account_employees": account.employee_count,
        "region": account.country,
        "account_is_target": "yes" if account.is_target else "no",
        "lead_title": lead.title if lead else None,
    }
    return dict(scoring.fit(SECOND.fit, facts).parts)


def total(parts: Parts) -> int:
    """The score that the parts add up to."""
    return scoring.total(parts).value

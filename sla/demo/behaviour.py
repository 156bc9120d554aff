"""What a lead did before it was offered, and the scores that follow from it."""

import random
from dataclasses import dataclass

from leads.actions.people import AccountInput, LeadInput
from sla.demo.campaigns import Source

_PAGES = (
    ("page_view", "/pricing", 240), ("page_view", "/plans/compare", 130), ("page_view", "/docs/api", 400),
    ("page_view", "/customers/freight", 95), ("page_view", "/", 30), ("email_open", "October news", 0),
    ("email_click", "Routing checklist", 0), ("download", "Fleet cost sheet", 0),
)  # fmt: skip
_WEIGHTS = (5, 3, 2, 3, 3, 6, 2, 1)
# A page by its address, anything else by its kind.
_POINTS = {
    "/pricing": 15, "/plans/compare": 17, "/docs/api": 12, "/customers/freight": 10, "/": 3, "form": 32, "webinar": 24,
    "download": 12, "email_click": 7, "email_open": 1, "trial": 36,
}  # fmt: skip
_LABELS = {
    "/pricing": "Pricing", "/plans/compare": "Plan comparison", "/docs/api": "API docs",
    "/customers/freight": "Customer story",
    "/": "Home page",
}  # fmt: skip
_INDUSTRY_POINTS = {"logistics": 25, "manufacturing": 22, "food": 18, "retail": 15}
_GOOD_TITLES = ("Head", "COO", "Director", "Fleet", "Supply")
_ICP_COUNTRIES = frozenset({"DE", "NL", "BE", "SE", "NO", "DK", "FI", "GB", "US"})

Parts = dict[str, int]


@dataclass(frozen=True)
class Sight:
    """One engagement, `hours_before` the one that led to the offer. `who` is lead, colleague or visitor."""

    hours_before: float
    kind: str
    subject: str
    seconds: int | None = None
    who: str = "lead"


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


def intent_parts(sights: list[Sight]) -> Parts:
    """Points per thing done, halved every seven days, the largest first; together at most 100."""
    points: dict[str, float] = {}
    counts: dict[str, int] = {}
    for sight in sights:
        label = "E-mail opens" if sight.kind == "email_open" else _LABELS.get(sight.subject, sight.subject)
        points[label] = points.get(label, 0) + _POINTS.get(sight.subject, _POINTS.get(sight.kind, 2)) * 0.5 ** (
            sight.hours_before / 168
        )
        counts[label] = counts.get(label, 0) + 1
    ordered = sorted(points, key=lambda label: (-points[label], label))
    named = {label: f"{label} × {counts[label]}" if counts[label] > 1 else label for label in ordered}
    return _capped({named[label]: max(1, round(points[label])) for label in ordered})


def fit_parts(lead: LeadInput | None, account: AccountInput) -> Parts:
    """Points per trait that matches the ICP; together at most 100."""
    size = account.employee_count or 0
    parts: Parts = {f"Industry: {account.industry}": _INDUSTRY_POINTS.get(account.industry, 6)}
    is_mid_market = 100 <= size <= 2_000
    parts["Size 100–2,000" if is_mid_market else "Size outside 100–2,000"] = 25 if is_mid_market else 5
    if lead:
        parts[f"Role: {lead.title}"] = 22 if lead.title.startswith(_GOOD_TITLES) else 9
    parts[f"Region {account.country}"] = 18 if account.country in _ICP_COUNTRIES else 7
    return _capped(parts)


def total(parts: Parts) -> int:
    """The score that the parts add up to."""
    return sum(parts.values())


def _capped(parts: Parts) -> Parts:
    kept: Parts = {}
    for label, points in list(parts.items())[:5]:
        left = 100 - sum(kept.values())
        if left > 0:
            kept[label] = min(points, left)
    return kept

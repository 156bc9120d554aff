"""Leads, accounts and days of engagements to score, and an agreement to score them by."""

import datetime as dt
from typing import Any

from django.utils import timezone

from leads.logic import agreement as text
from leads.models import Account, Agreement, AgreementState, EngagementDay, EngagementKind, Lead


def _term(label: str, kind: str, page_group: str, **more: int) -> dict[str, Any]:
    return {"label": label, "kind": kind, "page_group": page_group, **more}


DOCUMENT: dict[str, Any] = {
    "icp": {
        "terms": [
            {
                "label": "Industry is logistics",
                "field": "account_industry",
                "operator": "eq",
                "value": "logistics",
                "points": 40,
            },
            {"label": "Head of", "field": "lead_title", "operator": "prefix", "value": "head of", "points": 30},
            {"label": "Student", "field": "lead_title", "operator": "contains", "value": "student", "points": -60},
        ]
    },
    "intent": {
        "terms": [
            _term("Pricing page", "page_view", "pricing", points=10, half_life_days=7, cap=60),
            _term("Careers page", "page_view", "careers", points=-20, half_life_days=30, cap=40),
            _term("Any form", "form", "", points=25, half_life_days=14, cap=50),
        ]
    },
    "mql": {
        "rules": [
            {"key": "ready", "label": "Fits and is interested", "min_fit": 40, "min_intent": 30},
            {
                "key": "target",
                "label": "Target account at pricing",
                "of": "account",
                "conditions": [{"field": "account_is_target", "operator": "eq", "value": "yes"}],
                "counts": [{"kind": "page_view", "page_group": "pricing", "at_least": 3, "within_days": 7}],
                "min_confidence": 60,
            },
        ]
    },
}  # fmt: skip


def in_force(document: dict[str, Any] = DOCUMENT, *, number: int = 1) -> Agreement:
    """The document as the agreement in force; the one before it ends."""
    text.read(document, kinds=EngagementKind.values)
    now = timezone.now()
    Agreement.objects.filter(state=AgreementState.IN_FORCE).update(state=AgreementState.ENDED, ended_at=now)
    return Agreement.objects.create(document=document, number=number, state=AgreementState.IN_FORCE, published_at=now)


_numbers = iter(range(1, 10**9))


def lead(*, account: Account | None = None, **more: Any) -> Lead:
    number = next(_numbers)
    return Lead.objects.create(email=f"one{number}@nortex.example", name=f"One {number}", account=account, **more)


def account(**more: Any) -> Account:
    return Account.objects.create(name=f"Works {next(_numbers)}", **more)


def today() -> dt.date:
    return timezone.now().astimezone(dt.UTC).date()


def did(
    who: Lead | Account,
    page_group: str = "pricing",
    *,
    ago: int = 0,
    count: int = 1,
    kind: str = "page_view",
    confidence: int = 100,
) -> EngagementDay:
    """`count` engagements of a lead, or of somebody unknown at an account, on the UTC day `ago` days before today."""
    on = today() - dt.timedelta(days=ago)
    return EngagementDay.objects.create(
        lead=who if isinstance(who, Lead) else None,
        account=who.account if isinstance(who, Lead) else who,
        kind=kind,
        page_group=page_group,
        confidence=confidence,
        happened_on=on,
        count=count,
        last_at=dt.datetime(on.year, on.month, on.day, tzinfo=dt.UTC),
    )

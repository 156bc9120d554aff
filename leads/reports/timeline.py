"""What a lead, its colleagues and unknown visitors did, and what the journal says happened since."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from leads.logic.pages import path_of
from leads.logic.why_now import Sight, Who
from leads.models import Engagement, JournalEntry, Lead

AROUND = dt.timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One journal entry: `kind` is noun.past, `note` the words of a person or ""; `at` aware."""

    kind: str
    at: dt.datetime
    who: str
    actor_id: int | None
    data: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    handoff_uid: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Company:
    """Who else is known or was seen at an account: people on file, visits by nobody known in the last 30 days."""

    colleague_count: int
    visit_count: int


def sights(
    *, lead_id: int | None, account_id: int | None, limit: int = 40, around: int = 12
) -> tuple[list[Sight], list[Sight]]:
    """(the lead's own engagements, those of colleagues and unknown visitors of the account), each newest first.

    Two statements at most, each read along an index and no deeper than its limit.
    """
    own = _rows(Q(lead_id=lead_id), limit) if lead_id else []
    others = _rows(Q(account_id=account_id) & ~_is(lead_id), around) if account_id else []
    return [_sight(row, lead_id) for row in own], [_sight(row, lead_id) for row in others]


def happenings(*, handoff_uid: UUID | None = None, lead_uid: UUID | None = None, limit: int = 50) -> list[Happening]:
    """What the journal knows of a handoff, or of a lead (and whom was merged into it) across its handoffs, newest
    first; one statement.
    """
    leads = Lead.objects.filter(Q(uid=lead_uid) | Q(merged_into__uid=lead_uid)).values("uid")
    asked = Q(handoff_uid=handoff_uid) if handoff_uid else Q(lead_uid__in=leads)
    rows = JournalEntry.objects.filter(asked).select_related("note").order_by("-id")[:limit]
    return [
        Happening(
            kind=row.kind,
            at=row.occurred_at,
            who=row.actor_label,
            actor_id=row.actor_id,
            data=row.data,
            note=row.note.text if hasattr(row, "note") else "",
            handoff_uid=row.handoff_uid,
        )
        for row in rows
    ]


def company(account_id: int, *, lead_id: int | None, now: dt.datetime) -> Company:
    """Colleagues on file (counted up to 100) and visits by unknown people since 30 days before `now` (up to 100)."""
    colleagues = Lead.objects.filter(account_id=account_id).exclude(pk=lead_id or 0).order_by().values("pk")[:100]
    visits = Engagement.objects.filter(account_id=account_id, lead=None, occurred_at__gte=now - AROUND)
    return Company(
        colleague_count=colleagues.aggregate(count=Count("pk"))["count"],
        visit_count=visits.values("pk")[:100].aggregate(count=Count("pk"))["count"],
    )


def _is(lead_id: int | None) -> Q:
    return Q(lead_id=lead_id, lead_id__isnull=False)


def _rows(asked: Q, limit: int) -> list[Engagement]:
    columns = ("kind", "subject", "url", "duration_seconds", "occurred_at", "lead_id")
    return list(Engagement.objects.filter(asked).order_by("-occurred_at").only(*columns)[:limit])


def _sight(row: Engagement, lead_id: int | None) -> Sight:
    other = Who.COLLEAGUE if lead_id else Who.SOMEBODY
    who = Who.VISITOR if row.lead_id is None else Who.LEAD if row.lead_id == lead_id else other
    return Sight(
        kind=row.kind,
        # A page view that came with an address alone is called by the page.
        subject=row.subject or path_of(row.url),
        at=row.occurred_at,
        who=who,
        duration_seconds=row.duration_seconds,
    )

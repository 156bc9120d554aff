"""Everything about one handoff that helps to decide it."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from feedback.logic.rights import Person
from feedback.logic.states import DECIDED, State
from feedback.models import Handoff, Hold, Moment, RejectionReason, Rep
from feedback.reports.holds import holds_of
from feedback.reports.routing_traces import Trace, trace_of
from leads.logic.errors import NotFound
from leads.logic.why_now import Sight
from leads.reports.timeline import Company, Happening, company, happenings, sights

_RECENT = dt.timedelta(days=180)
_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """How sales answered a campaign's last handoffs: accepted of decided, voids and turn-backs left out."""

    accepted_count: int
    decided_count: int


@dataclass(frozen=True, kw_only=True)
class Past:
    """An earlier handoff of the same lead, or of the same account."""

    uid: UUID
    state: State
    offered_at: dt.datetime
    first_two_way_at: dt.datetime | None
    reason: str
    is_same_lead: bool


@dataclass(frozen=True, kw_only=True)
class Detail:
    """`handoff` comes with lead, account, team, owner, campaign, reason and who decided. `own`, `others` and `holds`
    are newest first.
    """

    handoff: Handoff
    own: list[Sight]
    others: list[Sight]
    company: Company | None
    past: list[Past]
    acceptance: Acceptance | None
    history: list[Happening]
    holds: list[Hold]
    trace: Trace | None

    @property
    def hold(self) -> Hold | None:
        """The hold that the handoff is under now."""
        return next((hold for hold in self.holds if hold.ended_at is None), None)


def detail(uid: UUID, *, person: Person, now: dt.datetime) -> Detail:
    """The handoff and what surrounds it; at most fourteen statements, each along an index and none deeper than its
    limit. NotFound.
    """
    handoff = visible(uid, person=person)
    own, others = sights(lead_id=handoff.lead_id, account_id=handoff.account_id)
    history = happenings(handoff_uid=handoff.uid)
    return Detail(
        handoff=handoff,
        own=own,
        others=others,
        company=company(handoff.account_id, lead_id=handoff.lead_id, now=now) if handoff.account_id else None,
        past=_past(handoff),
        acceptance=_acceptance(handoff, now=now) if handoff.campaign_id else None,
        history=history,
        holds=holds_of(handoff.pk),
        trace=trace_of(handoff.uid, history, person=person),
    )


def visible(uid: UUID, *, person: Person) -> Handoff:
    """The handoff with what a page says of it. NotFound when it does not exist or the person may not know of it."""
    related = ("lead", "account", "team", "owner__user", "campaign", "decided_by", "agreement", "reason")
    held = Exists(Hold.objects.filter(handoff=OuterRef("pk"), ended_at=None))
    rows = Handoff.objects.visible_to(person).select_related(*related, "recycle_plan").annotate(is_held=held)
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such handoff, or it is no longer yours to see.")
    return found


def is_held(handoff: Handoff) -> bool:
    """Whether a handoff that `visible` gave was on hold then."""
    return bool(getattr(handoff, "is_held", False))


def live_reasons(moment: Moment) -> list[RejectionReason]:
    """The reasons in use that can be given at `moment`, in their own order."""
    return [reason for reason in RejectionReason.objects.filter(is_live=True) if reason.fits(moment)]


def reasons_used(team_id: int, *, now: dt.datetime) -> Counter[int]:
    """How often the team gave each reason (by primary key) in the last 180 days, looked at over its last 1,000
    refusals.
    """
    rows = Handoff.objects.filter(team_id=team_id, reason__isnull=False, offered_at__gte=now - _RECENT)
    return Counter(rows.order_by("-offered_at").values_list("reason_id", flat=True)[:_MOST])


def colleagues(team_ids: frozenset[int], *, without: int | None) -> list[Rep]:
    """The active reps of the teams, but for the one with primary key `without`."""
    reps = Rep.objects.filter(team_id__in=team_ids, is_active=True, user__is_active=True).exclude(pk=without or 0)
    return list(reps.select_related("user", "team"))


def _past(handoff: Handoff) -> list[Past]:
    """Earlier handoffs of the lead and its account, newest first, at most ten: what became of them, not whose they
    were.
    """
    same = Q(lead_id=handoff.lead_id, lead_id__isnull=False) | Q(
        account_id=handoff.account_id, account_id__isnull=False
    )
    rows = Handoff.objects.filter(same, id__lt=handoff.pk).select_related("reason").order_by("-id")[:10]
    return [
        Past(
            uid=row.uid,
            state=State(row.state),
            offered_at=row.offered_at,
            first_two_way_at=row.first_two_way_at,
            reason=row.reason.label if row.reason else "",
            is_same_lead=row.lead_id == handoff.lead_id is not None,
        )
        for row in rows
    ]


def _acceptance(handoff: Handoff, *, now: dt.datetime) -> Acceptance:
    """Over the campaign's last 1,000 handoffs of 180 days."""
    decided = sorted(DECIDED - {State.TURNED_BACK})
    rows = Handoff.objects.filter(
        campaign=handoff.campaign, offered_at__gte=now - _RECENT, state__in=decided, is_void=False
    )
    states = list(rows.order_by("-offered_at").values_list("state", flat=True)[:_MOST])
    return Acceptance(accepted_count=sum(state != State.REJECTED for state in states), decided_count=len(states))

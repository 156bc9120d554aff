"""One account: its people, what was done there lately, and its handoffs."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, Q, Sum

from feedback.logic.rights import Person
from feedback.logic.states import ACTIVE
from feedback.models import Handoff
from leads.logic.errors import NotFound
from leads.logic.scoring import least_confidence
from leads.models import Account, EngagementDay, Lead, PageGroup, Standing
from leads.reports.agreements import in_force

LATELY_DAYS = 30
MOST_PEOPLE = 50
_MOST_HANDOFFS = 50


@dataclass(frozen=True, kw_only=True)
class Visits:
    """How often one thing was done at an account: by people known there, by unknown visitors, and by visitors of whom
    it is too little sure that they are of the account. `page_group` is what the group is called, "" for none.
    """

    kind: str
    page_group: str
    known_count: int
    unknown_count: int
    unsure_count: int
    last_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class AccountDetail:
    """`people` are at most MOST_PEOPLE, the most interested first; `handoffs` those the reader may see, newest first;
    `visible` the primary keys of the people whose page the reader may open.
    """

    account: Account
    standing: Standing | None
    people: list[Lead]
    has_more_people: bool
    visible: frozenset[int]
    visits: list[Visits]
    handoffs: list[Handoff]


def account_detail(uid: UUID, *, person: Person, now: dt.datetime) -> AccountDetail:
    """The account, or the one it was merged into, when the person may see one of its handoffs or sees all; NotFound
    otherwise. Six statements.
    """
    account = (
        Account.objects.select_related(
            "standing__agreement",
            "ownership__rep__user",
            "merged_into__standing__agreement",
            "merged_into__ownership__rep__user",
        )
        .filter(uid=uid)
        .first()
    )
    if account is not None:
        account = account.merged_into or account
    handoffs: list[Handoff] = []
    if account is not None:
        seen = Handoff.objects.visible_to(person).filter(account=account)
        seen = seen.select_related("lead", "owner__user", "reason", "campaign").order_by("-id")
        handoffs = list(seen[:_MOST_HANDOFFS])
    if account is None or not (handoffs or person.sees_all):
        raise NotFound("There is no such account, or it is not yours to see.")
    people = _people(account)
    own = {handoff.lead_id for handoff in handoffs if handoff.lead_id}
    visible = {lead.pk for lead in people} if person.sees_all else own
    return AccountDetail(
        account=account,
        standing=getattr(account, "standing", None),
        people=people[:MOST_PEOPLE],
        has_more_people=len(people) > MOST_PEOPLE,
        visible=frozenset(visible),
        visits=_visits(account, now=now),
        handoffs=handoffs,
    )


def with_sales() -> Q:
    """True of the standing of a lead or an account of which sales has an open handoff: it waits for nothing."""
    rows = Handoff.objects.filter(state__in=sorted(ACTIVE)).order_by()
    of_lead = Exists(rows.filter(lead_id=OuterRef("lead_id")))
    return Q(of_lead) | Q(Exists(rows.filter(account_id=OuterRef("account_id"))))


def _people(account: Account) -> list[Lead]:
    rows = Lead.objects.filter(account=account, merged_into=None).select_related("standing")
    return list(rows.order_by(F("standing__intent").desc(nulls_last=True), "name", "id")[: MOST_PEOPLE + 1])


def _visits(account: Account, *, now: dt.datetime) -> list[Visits]:
    """What was done since LATELY_DAYS before `now` (UTC days), what was done most first."""
    ruling = in_force()
    labels = dict(PageGroup.objects.values_list("key", "label"))
    is_unsure = Q(confidence__lt=least_confidence(ruling.agreement) if ruling else 0)
    since = now.astimezone(dt.UTC).date() - dt.timedelta(days=LATELY_DAYS)
    rows = (
        EngagementDay.objects.filter(account=account, happened_on__gte=since)
        .order_by()
        .values("kind", "page_group")
        .annotate(
            known_count=Sum("count", filter=Q(lead__isnull=False), default=0),
            unknown_count=Sum("count", filter=Q(lead=None) & ~is_unsure, default=0),
            unsure_count=Sum("count", filter=Q(lead=None) & is_unsure, default=0),
            latest_at=Max("last_at"),
        )
    )
    found = [
        Visits(
            kind=row["kind"],
            page_group=labels.get(row["page_group"], row["page_group"]),
            known_count=row["known_count"],
            unknown_count=row["unknown_count"],
            unsure_count=row["unsure_count"],
            last_at=row["latest_at"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-(one.known_count + one.unknown_count), one.kind, one.page_group))

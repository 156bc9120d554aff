"""A rep's two lists, by priority and due first, a page at a time: what waits for a decision, what is being worked."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject
from django.utils import timezone

from feedback.logic.rights import REP, Person
from feedback.logic.states import State
from feedback.models import Handoff, Hold
from feedback.models.handoffs import HandoffQuerySet
from feedback.reports.counts import capped
from leads.logic.errors import InvalidInput
from leads.logic.pages import path_of
from leads.logic.text import one_line
from leads.logic.why_now import Sight, Who, why_now
from leads.models import Engagement

PAGE = 50
MOST_ROWS = 500
_SIGHTS = 8


class Listing(StrEnum):
    QUEUE = "queue"
    WORKING = "working"


# What each list can be narrowed to, in the order of its chips; the first is the whole list.
CHIPS: dict[Listing, tuple[str, ...]] = {
    Listing.QUEUE: ("all", "late", "today", "held", "new", "team"),
    Listing.WORKING: ("all", "late", "held", "untried", "talking", "qualified"),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which part of which list: `chip` is one of CHIPS, `query` looks in names and companies, `after` is a Row's
    cursor, `rows` is how many are wanted at most.
    """

    listing: Listing
    chip: str = "all"
    query: str = ""
    after: str = ""
    rows: int = PAGE


@dataclass(frozen=True, kw_only=True)
class Row:
    """One handoff of a list. `pk` serves to ask for its promise and never leaves; `why` is a few words."""

    pk: int
    uid: UUID
    name: str
    account: str
    why: str
    priority: int
    due_at: dt.datetime | None
    fit: int | None
    intent: int | None
    is_new: bool
    state: State

    @property
    def cursor(self) -> str:
        """Where the page after this row begins, as text."""
        return cursor_of(self.priority, self.due_at, self.uid)


@dataclass(frozen=True)
class Page:
    rows: tuple[Row, ...]
    has_more: bool


def asked_for(listing: Listing, *, chip: str, query: str, after: str = "") -> Asked:
    """The part of the list that an address names. InvalidInput(show, q, after)."""
    if chip and chip not in CHIPS[listing]:
        raise InvalidInput(f"There is no such part of this list; it has {', '.join(CHIPS[listing])}.", field="show")
    query = one_line(query, field="q", longest=100)
    if after:
        _position(after)
    return Asked(listing=listing, chip=chip or "all", query=query, after=after)


def page(person: Person, asked: Asked, *, now: dt.datetime) -> Page:
    """Up to `asked.rows` rows, by priority and due first, those without a promise last; one statement, up to three
    where a priority or its promises end.

    Cost follows the page: the rows come along an index from where the page before ended.
    """
    matching = _searched(members(person, asked.listing, asked.chip, now=now), asked.query)
    rows = due_first(_read(matching), after=asked.after, limit=asked.rows + 1)
    return Page(tuple(_row(found, now=now) for found in rows[: asked.rows]), len(rows) > asked.rows)


def due_first(rows: HandoffQuerySet, *, after: str, limit: int) -> list[Handoff]:
    """The next `limit` handoffs after the cursor `after` ("" for the top): by priority, then due first, then those
    without a promise.

    Written so that an index ending in (priority, due_at, id) is entered where the page begins. One statement; one more
    where the promises of a priority end, and one more where the priority itself does.
    """
    ordered = rows.order_by("priority", F("due_at").asc(nulls_last=True), "id")
    if not after:
        return list(ordered[:limit])
    priority, due_at, uid = _position(after)
    last = Subquery(Handoff.objects.filter(uid=uid).values("id"))
    same, unpromised = ordered.filter(priority=priority), Q(due_at=None)
    if due_at is None:
        parts = [same.filter(unpromised, id__gt=last)]
    else:
        parts = [same.filter(Q(due_at__gt=due_at) | Q(id__gt=last), due_at__gte=due_at), same.filter(unpromised)]
    found: list[Handoff] = []
    for part in (*parts, ordered.filter(priority__gt=priority)):
        if len(found) < limit:
            found += part[: limit - len(found)]
    return found


def cursor_of(priority: int, due_at: dt.datetime | None, uid: UUID) -> str:
    """The place after a handoff in a list, as text for an address."""
    return f"{priority}~{'' if due_at is None else due_at.isoformat()}~{uid}"


def following(person: Person, asked: Asked, *, cursor: str, now: dt.datetime) -> UUID | None:
    """The uid of the handoff that comes after `cursor`, else of the first one, None when the list is empty."""
    matching = _searched(members(person, asked.listing, asked.chip, now=now), asked.query).only("uid")
    for after in (cursor, ""):
        if found := due_first(matching, after=after, limit=1):
            return found[0].uid
    return None


def chip_counts(person: Person, listing: Listing, *, now: dt.datetime) -> dict[str, int]:
    """How many each chip of the list holds, counted up to 100; one statement."""
    assert person.user_id is not None
    return capped(person.user_id, {chip: members(person, listing, chip, now=now) for chip in CHIPS[listing]})


def members(person: Person, listing: Listing, chip: str, *, now: dt.datetime) -> HandoffQuerySet:
    """What is in a part of the person's list. "today" ends at midnight in the active time zone.

    Always a part of visible_to, but written without its OR, which would keep an index from giving the rows in order.
    """
    if REP not in person.roles or person.rep_id is None:
        return Handoff.objects.none()
    if chip == "team":
        return Handoff.objects.filter(team_id=person.team_id or 0, owner=None, state=State.PENDING)
    own = Handoff.objects.filter(owner_id=person.rep_id)
    if chip == "qualified":
        return own.filter(state=State.QUALIFIED)
    rows = own.filter(state=State.PENDING if listing is Listing.QUEUE else State.ACCEPTED)
    local = timezone.localtime(now)
    tomorrow = (local + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    narrowed = {
        "all": Q(),
        "late": Q(due_at__lt=now),
        "today": Q(due_at__lt=tomorrow),
        "held": Q(Exists(Hold.objects.filter(handoff=OuterRef("pk"), ended_at=None))),
        "new": Q(seen_at=None),
        "untried": Q(first_attempt_at=None),
        "talking": Q(first_two_way_at__isnull=False),
    }[chip]
    return rows.filter(narrowed)


def _searched(rows: HandoffQuerySet, query: str) -> HandoffQuerySet:
    if not query:
        return rows
    return rows.filter(
        Q(lead__name__icontains=query) | Q(account__name__icontains=query) | Q(lead__email__icontains=query)
    )


def _read(rows: HandoffQuerySet) -> HandoffQuerySet:
    """With lead, account and last engagements; the engagements are read for the rows of the page alone."""
    of_lead = Engagement.objects.filter(lead_id=OuterRef("lead_id"))
    of_visitors = Engagement.objects.filter(account_id=OuterRef("account_id"), lead=None)
    shape = JSONObject(kind="kind", subject="subject", url="url", at="occurred_at")
    last = [ArraySubquery(who.order_by("-occurred_at").values(shape=shape)[:_SIGHTS]) for who in (of_lead, of_visitors)]
    # A row that brought its own words needs no others.
    sights = Case(When(~Q(why=""), then=None), When(lead__isnull=False, then=last[0]), default=last[1])
    return rows.select_related("lead", "account").annotate(sights=sights)


def _row(found: Handoff, *, now: dt.datetime) -> Row:
    lead, account = found.lead, found.account
    sights = _sights(found.sights or (), Who.LEAD if lead else Who.VISITOR)  # type: ignore[attr-defined]
    return Row(
        pk=found.pk,
        uid=found.uid,
        name=str(lead) if lead else "Unknown visitor",
        account=account.name if account else "",
        why=found.why or why_now(sights, now=now).short,
        priority=found.priority,
        due_at=found.due_at,
        fit=found.fit,
        intent=found.intent,
        is_new=found.seen_at is None,
        state=State(found.state),
    )


def _sights(found: Sequence[dict[str, str]], who: Who) -> list[Sight]:
    return [
        Sight(
            kind=one["kind"],
            subject=one["subject"] or path_of(one["url"]),
            at=dt.datetime.fromisoformat(one["at"]),
            who=who,
        )
        for one in found
    ]


def _position(cursor: str) -> tuple[int, dt.datetime | None, UUID]:
    priority, _, rest = cursor.partition("~")
    due, _, uid = rest.partition("~")
    lost = InvalidInput("This part of the list cannot be found; start again from the top.", field="after")
    try:
        due_at = dt.datetime.fromisoformat(due) if due else None
        found = UUID(uid)
    except ValueError:
        raise lost from None
    if priority not in {"1", "2", "3"} or (due_at is not None and due_at.tzinfo is None):
        raise lost
    return int(priority), due_at, found

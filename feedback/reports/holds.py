"""What handoffs wait for, and what marketing is asked."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from feedback.logic.holds import HoldEnd, OwedBy
from feedback.logic.rights import MANAGER, Person
from feedback.models import Hold
from leads.logic.errors import InvalidInput

PAGE = 50
_ANSWERED = 20


@dataclass(frozen=True)
class OpenQuestions:
    """`cursor` is where the next page begins, "" at the end."""

    holds: tuple[Hold, ...]
    cursor: str


def open_holds(handoff_ids: Sequence[int]) -> dict[int, Hold]:
    """The open hold of each handoff that has one, by the handoff's primary key; one statement."""
    rows = Hold.objects.filter(handoff__in=handoff_ids, ended_at=None) if handoff_ids else ()
    return {hold.handoff_id: hold for hold in rows}


def open_hold(handoff_id: int) -> Hold | None:
    """What a handoff waits for now, with who asked; one statement."""
    return Hold.objects.select_related("by").filter(handoff=handoff_id, ended_at=None).first()


def holds_of(handoff_id: int) -> list[Hold]:
    """Every hold of a handoff with who asked and who ended it, latest first; one statement."""
    return list(Hold.objects.filter(handoff=handoff_id).select_related("by", "ended_by").order_by("-began_at", "-id"))


def unanswered(holds: Sequence[Hold]) -> Hold | None:
    """The question, among a handoff's holds latest first, that marketing may answer: late counts as long as nothing
    came after.
    """
    last = holds[0] if holds else None
    if last is None or last.owed_by != OwedBy.MARKETING or last.answer:
        return None
    return last if last.ended_at is None or last.ended_because == HoldEnd.LIMIT else None


def questions_for(person: Person) -> QuerySet[Hold]:
    """The open questions that the person may answer: all for marketing, those of their own teams for a manager."""
    rows = Hold.objects.filter(ended_at=None, owed_by=OwedBy.MARKETING)
    if person.sees_all:
        return rows
    return rows.filter(handoff__team__in=_managed(person))


def open_questions(person: Person, *, after: str = "") -> OpenQuestions:
    """The next 50 open questions, the one whose limit comes first on top, from the cursor `after` on; one statement.

    InvalidInput(after).
    """
    rows = _with_handoff(questions_for(person)).order_by("limit_at", "id")
    if after:
        limit_at, last = _position(after)
        rows = rows.filter(Q(limit_at__gt=limit_at) | Q(id__gt=last), limit_at__gte=limit_at)
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    last_of_page = found[PAGE - 1] if more else None
    cursor = f"{last_of_page.limit_at.isoformat()}~{last_of_page.pk}" if last_of_page else ""
    return OpenQuestions(tuple(found[:PAGE]), cursor)


def answered_questions(person: Person) -> list[Hold]:
    """The 20 answered questions that were asked last, among those the person may answer; one statement."""
    rows = Hold.objects.exclude(answer="").filter(ended_at__isnull=False)
    if not person.sees_all:
        rows = rows.filter(handoff__team__in=_managed(person))
    return list(_with_handoff(rows).select_related("ended_by").order_by("-id")[:_ANSWERED])


def _with_handoff(rows: QuerySet[Hold]) -> QuerySet[Hold]:
    return rows.select_related(
        "by", "handoff__lead", "handoff__account", "handoff__campaign", "handoff__team", "handoff__owner__user"
    )


def _managed(person: Person) -> frozenset[int]:
    return person.managed_team_ids if MANAGER in person.roles else frozenset()


def _position(cursor: str) -> tuple[dt.datetime, int]:
    limit, _, last = cursor.partition("~")
    refused = InvalidInput("This part of the list cannot be found; start again from the top.", field="after")
    try:
        limit_at, pk = dt.datetime.fromisoformat(limit), int(last)
    except ValueError:
        raise refused from None
    if limit_at.tzinfo is None or not 0 <= pk < 2**63:
        raise refused
    return limit_at, pk

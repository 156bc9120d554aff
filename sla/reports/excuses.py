"""Requests for excused time, for the managers who settle them."""

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.logic.rights import MANAGER, Person
from sla.models import Excuse, ExcuseState

MOST_WAITING = 200
_SETTLED = 20


@dataclass(frozen=True)
class Requests:
    """`waiting`, oldest first, with whether this person may settle each; the 20 `settled` last, latest first."""

    waiting: Sequence[tuple[Excuse, bool]]
    settled: Sequence[Excuse]


def requests_for(person: Person) -> Requests:
    """What the managers of the person's teams were asked, each with its handoff; two statements.

    Nothing for who manages no team. At most 200 wait on the page; the next ones follow as these are settled.
    """
    teams = person.managed_team_ids if MANAGER in person.roles else frozenset()
    rows = Excuse.objects.filter(handoff__team__in=teams).select_related(
        "requested_by", "settled_by", "handoff__lead", "handoff__account"
    )
    waiting = rows.filter(state=ExcuseState.REQUESTED).order_by("id")[:MOST_WAITING]
    settled = rows.exclude(state=ExcuseState.REQUESTED).order_by("-settled_at")[:_SETTLED]
    return Requests([(one, one.requested_by_id != person.user_id) for one in waiting], list(settled))

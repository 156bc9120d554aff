"""How a handoff came to its owner, as the journal knows it, with the names it speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from feedback.logic.rights import Person
from feedback.logic.routing import Step
from feedback.models import Rep, RoutingRule, Team
from feedback.reports.routing import ROUTED
from leads.models import JournalEntry
from leads.reports.timeline import Happening


@dataclass(frozen=True, kw_only=True)
class Names:
    """What uids in a trace are called; who is not in `reps` may not be known to the reader, or is gone."""

    reps: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The steps of a routing, in order, and what they speak of is called."""

    steps: Sequence[Step]
    names: Names


def trace_of(uid: UUID, history: Sequence[Happening], *, person: Person) -> Trace | None:
    """The trace of the handoff, None for one that nobody routed. `history` is what the journal says of it, newest
    first; the caller has seen to it that the reader may know of it.

    Three statements for names when there is a trace, and one when the history does not reach back to the offer.
    """
    found = next((one.data["steps"] for one in history if one.kind == ROUTED), None)
    is_whole = any(one.kind == "handoff.offered" for one in history)
    steps = found if found is not None or is_whole else steps_of(uid)
    return Trace(steps=steps, names=names_in(steps, person=person)) if steps else None


def steps_of(uid: UUID) -> list[Step]:
    """The steps by which the handoff was routed, none for one that nobody routed; one statement."""
    data = JournalEntry.objects.filter(handoff_uid=uid, kind=ROUTED).order_by("id").values_list("data", flat=True)
    found = data.first()
    return list(found["steps"]) if found else []


def names_in(steps: Sequence[Step], *, person: Person) -> Names:
    """The names of those the steps speak of, reps as far as the reader may know of them; three statements."""
    reps = Rep.objects.visible_to(person).select_related("user").filter(uid__in=_uids(steps, "rep"))
    return Names(
        reps={str(rep.uid): str(rep) for rep in reps},
        rules={
            str(rule.uid): rule.name for rule in RoutingRule.objects.filter(uid__in=_uids(steps, "rule")).order_by()
        },
        teams={str(team.uid): team.name for team in Team.objects.filter(uid__in=_uids(steps, "team")).order_by()},
    )


def _uids(steps: Sequence[Step], key: str) -> set[str]:
    return {step[key] for step in steps if step.get(key)}

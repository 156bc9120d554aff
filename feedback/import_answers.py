"""Rows that answer a handoff: decisions and outcomes, each through its own action."""

from collections.abc import Callable, Iterable
from typing import Any

from feedback.actions import decisions
from feedback.actions.locking import conflict
from feedback.actions.offer_input import Places
from feedback.actions.outcomes import OutcomeInput, record_outcome
from feedback.actions.owners import take
from feedback.logic.rights import Person
from feedback.logic.states import DECIDED, State
from feedback.models import Handoff, RejectionReason, Rep, person_of
from leads.actions.import_kinds import Batch
from leads.logic.errors import InvalidInput, StateConflict
from leads.models import RowResult

Apply = Callable[[dict[str, Any]], RowResult]
# What a handoff is after each decision, and which instant says when.
_STATES: dict[str, tuple[frozenset[State], str]] = {
    "accept": (DECIDED - {State.REJECTED, State.TURNED_BACK}, "decided_at"),
    "reject": (frozenset({State.REJECTED}), "decided_at"),
    "return": (frozenset({State.RETURNED}), "disposed_at"),
    "turn_back": (frozenset({State.TURNED_BACK}), "decided_at"),
}


def apply_decisions(batch: Batch) -> Apply:
    """The function that makes one row's decision in the name of its rep; an unowned handoff of the rep's team is taken
    first.

    A decision that stands already, by the same rep at the same instant, is unchanged.
    """
    handoffs = _Handoffs(batch)
    reps = Places.read().reps
    asked = dict(RejectionReason.objects.values_list("key", "evidence_field"))
    people: dict[int, Person] = {}

    def apply(row: dict[str, Any]) -> RowResult:
        if row["decision"] not in _STATES:
            raise InvalidInput(f"decision must be one of: {', '.join(_STATES)}.", field="decision")
        handoff, rep = handoffs.of(row), _active(reps, row["rep"], field="rep")
        if _stands(handoff, row, rep):
            return RowResult.UNCHANGED
        _refuse_strangers(handoff, rep)
        if rep.pk not in people:
            people[rep.pk] = person_of(rep.user, via=batch.by.via)
        by = people[rep.pk]
        if handoff.owner_id is None:
            take(handoff.uid, by=by)
        handoffs.learn(_decide(handoff, row, by=by, reps=reps, asked=asked))
        return RowResult.CREATED

    return apply


def _decide(
    handoff: Handoff, row: dict[str, Any], *, by: Person, reps: dict[str, Rep], asked: dict[str, str]
) -> Handoff:
    """The handoff after the row's decision; `asked` is what each reason wants to know."""
    uid, note, at = handoff.uid, row.get("note", ""), row.get("at")
    if row["decision"] == "accept":
        return decisions.accept(uid, by=by, note=note, at=at)
    if row["decision"] == "turn_back":
        to = _active(reps, row["to"], field="to").uid if "to" in row else None
        return decisions.turn_back(uid, by=by, note=note, to=to, at=at)
    reason = row.get("reason", "")
    evidence = {asked.get(reason, ""): row["evidence"]} if "evidence" in row else None
    reject = decisions.reject if row["decision"] == "reject" else decisions.return_after_work
    return reject(uid, by=by, reason=reason, evidence=evidence, note=note, at=at)


def apply_outcomes(batch: Batch, *, by: Person) -> Apply:
    """The function that records one row's outcome; one that is recorded already is unchanged."""
    handoffs = _Handoffs(batch)

    def apply(row: dict[str, Any]) -> RowResult:
        handoff = handoffs.of(row)
        if any(outcome.kind == row["kind"] for outcome in handoff.outcomes.all()):
            return RowResult.UNCHANGED
        external_id = row.get("external_id", "")
        given = OutcomeInput(
            kind=row["kind"],
            amount=row.get("amount"),
            currency=row.get("currency", ""),
            external_system=batch.mapping.external_system if external_id else "",
            external_id=external_id,
        )
        handoffs.learn(record_outcome(handoff.uid, given, by=by, at=row.get("at")))
        return RowResult.CREATED

    return apply


class _Handoffs:
    """The handoffs that the rows of a batch name by external id: two statements for all, and what was learned since."""

    def __init__(self, batch: Batch) -> None:
        rows = Handoff.objects.select_related("owner__user", "decided_by", "reason", "team").prefetch_related(
            "outcomes"
        )
        ids = _texts(batch.rows, "handoff")
        found = rows.filter(external_system=batch.mapping.external_system, external_id__in=ids).exclude(external_id="")
        self._by_id = {handoff.external_id: handoff for handoff in found}

    def of(self, row: dict[str, Any]) -> Handoff:
        """The row's handoff. InvalidInput(handoff)."""
        if row["handoff"] not in self._by_id:
            raise InvalidInput(f"There is no handoff “{row['handoff'][:80]}”.", field="handoff")
        return self._by_id[row["handoff"]]

    def learn(self, handoff: Handoff) -> None:
        """Answer later rows of the batch with the handoff as it is now."""
        self._by_id[handoff.external_id] = handoff


def _texts(rows: Iterable[dict[str, Any]], field: str) -> list[str]:
    return [row[field] for row in rows if "\x00" not in row[field]]


def _active(reps: dict[str, Rep], name: str, *, field: str) -> Rep:
    rep = reps.get(name)
    if rep is None:
        raise InvalidInput(f"There is no rep “{name[:80]}”.", field=field)
    if not (rep.is_active and rep.user.is_active):
        raise InvalidInput(f"The rep “{name[:80]}” is not active.", field=field)
    return rep


def _stands(handoff: Handoff, row: dict[str, Any], rep: Rep) -> bool:
    """Whether the handoff carries this very decision: by the same rep, at the same instant, for the same reason."""
    states, instant = _STATES[row["decision"]]
    if handoff.state not in states or row.get("at") not in (None, getattr(handoff, instant)):
        return False
    if "reason" in row and not (handoff.reason and handoff.reason.key == row["reason"]):
        return False
    return handoff.decided_by_id == rep.user_id or row["decision"] == "return"


def _refuse_strangers(handoff: Handoff, rep: Rep) -> None:
    """Say in the file's words why this rep cannot decide; the action would only say that there is no such handoff."""
    if handoff.owner_id is None and handoff.state != State.PENDING:
        raise StateConflict(conflict(handoff))
    if handoff.owner_id is None and handoff.team_id != rep.team_id:
        raise InvalidInput(f"{rep} is not in the team “{handoff.team}”, whose handoff this is.", field="rep")
    if handoff.owner_id not in (None, rep.pk):
        raise InvalidInput(f"The handoff belongs to {handoff.owner}, not to {rep}.", field="rep")

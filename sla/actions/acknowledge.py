"""A manager has seen that a handoff is late and deals with it: its ladders need not go on."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from feedback.logic.rights import Person, Subject, may
from feedback.logic.states import Verb
from feedback.models import Handoff
from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic import text
from leads.logic.errors import NotAllowed, NotFound, StateConflict
from sla.logic.ladder import BREACH
from sla.models import Clock, ClockState

LONGEST_NOTE = 1_000


@transaction.atomic
def acknowledge(handoff_uid: UUID, *, by: Person, note: str = "") -> Handoff:
    """The handoff; its open clocks take no further step but the breach itself, which is a fact and not a reminder.

    For managers of its team and integrators. NotFound, NotAllowed, InvalidInput(note); StateConflict when no clock is
    open or all were acknowledged before. Locks the handoff, then its clocks. Journals handoff.acknowledged with the
    note, and step.cancelled for each clock that had steps ahead.
    """
    said = text.note(note, longest=LONGEST_NOTE)
    handoff = _locked(handoff_uid, by=by)
    clocks = list(
        Clock.objects.select_for_update(no_key=True)
        .filter(handoff=handoff, state__in=[ClockState.RUNNING, ClockState.HELD])
        .order_by("pk")
    )
    if not clocks:
        raise StateConflict("No clock runs on this handoff: there is nothing to acknowledge.")
    waiting = [clock for clock in clocks if clock.acknowledged_at is None]
    if not waiting:
        raise StateConflict("This handoff was acknowledged already; no further step follows.")
    now = database_now()
    about: dict[str, Any] = {
        "by": by,
        "at": now,
        "handoff_uid": handoff.uid,
        "lead_uid": handoff.lead.uid if handoff.lead else None,
    }
    journal.record(journal.Entry(kind="handoff.acknowledged", note=said, **about))
    journal.record_many(
        journal.Entry(kind="step.cancelled", data=data, **about)
        for clock in waiting
        if (data := _cancel_steps(clock, at=now))["steps"]
    )
    return handoff


def _locked(uid: UUID, *, by: Person) -> Handoff:
    rows = Handoff.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).select_related("lead")
    handoff = rows.filter(uid=uid).first()
    if handoff is None:
        raise NotFound("There is no such handoff.")
    # Whoever may raise its priority may also say that it is being dealt with.
    if not may(by, Verb.RAISE, Subject(team_id=handoff.team_id, owner_id=handoff.owner_id)):
        raise NotAllowed("Only a manager of its team can acknowledge a handoff.")
    return handoff


def _cancel_steps(clock: Clock, *, at: dt.datetime) -> dict[str, Any]:
    """What the journal says of the steps ahead that are gone now."""
    taken = clock.next_step
    ahead = list(zip(clock.step_actions, clock.step_ats, clock.step_refs, strict=True))[taken:]
    kept = [step for step in ahead if step[0] == BREACH]
    clock.step_actions = [*clock.step_actions[:taken], *(action for action, _, _ in kept)]
    clock.step_ats = [*clock.step_ats[:taken], *(step_at for _, step_at, _ in kept)]
    clock.step_refs = [*clock.step_refs[:taken], *(ref for _, _, ref in kept)]
    clock.next_action_at = kept[0][1] if kept and clock.state == ClockState.RUNNING else None
    clock.acknowledged_at = at
    clock.save(update_fields=["step_actions", "step_ats", "step_refs", "next_action_at", "acknowledged_at"])
    steps = [action for action, _, _ in ahead if action != BREACH]
    return {"target": clock.target, "cycle": clock.cycle, "steps": steps, "because": "acknowledged"}

"""What the clocks do when a handoff changes; inside the transaction of the change."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from feedback import panels
from feedback.logic.states import State
from feedback.models import Handoff
from feedback.signals import attempt_logged, handoff_changed
from leads.actions import renderers
from sla.actions import clocks
from sla.mails import step_mail
from sla.models import TargetKey
from sla.reports.promises import promises

DECIDE, FIRST_ATTEMPT, QUALIFY = TargetKey.DECIDE, TargetKey.FIRST_ATTEMPT, TargetKey.QUALIFY


def connect() -> None:
    """Listen, and hand the promise panel down to feedback; called once, when the app starts."""
    handoff_changed.connect(keep_clocks, dispatch_uid="sla.keep_clocks")
    attempt_logged.connect(stop_first_attempt, dispatch_uid="sla.stop_first_attempt")
    panels.register(promises)
    renderers.register("sla.step", step_mail)


def keep_clocks(handoffs: list[Handoff], change: str, at: dt.datetime | None, **_: Any) -> None:
    """Start, stop, cancel, restart or resume clocks as the change asks."""
    ids = [handoff.pk for handoff in handoffs]
    if change == "offered":
        clocks.start(handoffs, [DECIDE], at=None)
    elif at is None:
        raise ValueError(f"{change} needs an instant")
    elif change == "accepted":
        clocks.stop(ids, [DECIDE], at=at)
        _start_work(handoffs, at=at)
    elif change in {"rejected", "turned_back", "expired"}:
        clocks.stop(ids, [DECIDE], at=at)
    elif change == "recalled":
        clocks.cancel(ids, [DECIDE], at=at)
    elif change in {"qualified", "returned", "won", "lost"}:
        clocks.stop(ids, [QUALIFY], at=at)
        clocks.cancel(ids, [FIRST_ATTEMPT], at=at)
    elif change == "reassigned":
        clocks.restart_breached(handoffs, at=at)
    elif change == "undone":
        clocks.cancel(ids, [FIRST_ATTEMPT, QUALIFY], at=at)
        clocks.resume(ids, DECIDE)
    if change != "seen":
        clocks.keep_due(ids)


def stop_first_attempt(attempt: Any, handoff: Handoff, **_: Any) -> None:
    """The first attempt keeps its promise; later ones find no clock running."""
    if handoff.state == State.ACCEPTED and handoff.attempt_count >= 1:
        clocks.stop([handoff.pk], [FIRST_ATTEMPT], at=attempt.attempted_at)
        clocks.keep_due([handoff.pk])


def _start_work(handoffs: Sequence[Handoff], *, at: dt.datetime) -> None:
    """A lead that was tried before the acceptance needs no promise of a first attempt."""
    clocks.start([handoff for handoff in handoffs if handoff.first_attempt_at], [QUALIFY], at=at)
    clocks.start([handoff for handoff in handoffs if not handoff.first_attempt_at], [FIRST_ATTEMPT, QUALIFY], at=at)

"""The steps of a ladder that change a handoff, each inside the transaction of the sweep that takes it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from feedback.actions import absences, owners
from feedback.logic.rights import LEADLOOP, MARKETER
from feedback.logic.states import State
from feedback.models import Handoff, Rep
from leads.actions import journal, notices
from leads.actions.clock import database_now
from leads.logic.errors import LeadLoopError
from leads.models import Notice
from sla.actions.feasibility import able
from sla.models import Clock, StepAction
from sla.reports.rules import calendar_of, rules_of

LADDER = "ladder"
"""The cause that the journal names for whatever a ladder did."""


def take(handoff: Handoff, clock: Clock, *, step: int) -> None:
    """Do what the clock's step `step` says; one that no longer makes sense is journaled as step.skipped, with why.

    The caller holds the locks of the handoff and the clock. What a skipped step had begun is undone.
    """
    action = clock.step_actions[step]
    try:
        with transaction.atomic():
            _TAKE[action](handoff, clock, step)
    except LeadLoopError as error:
        skipped(handoff, clock, step=step, because=error.message)


def skipped(handoff: Handoff, clock: Clock, *, step: int, because: str) -> None:
    """Journal that a step was not taken, and why."""
    journal.record(
        journal.Entry(
            kind="step.skipped",
            by=LEADLOOP,
            at=database_now(),
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={
                "action": clock.step_actions[step],
                "target": clock.target,
                "cycle": clock.cycle,
                "step": step,
                "because": because,
            },
        )
    )


class _Pointless(LeadLoopError):
    """The step has nothing to do here."""


def _reassign(handoff: Handoff, clock: Clock, step: int) -> None:
    owners.reassign(handoff.uid, by=LEADLOOP, to=_next(handoff, clock), cause=LADDER)


def _next(handoff: Handoff, clock: Clock) -> UUID:
    """The uid of the next rep: never had it, is there, and has a working moment before the time they would get ends."""
    most = rules_of(clock.version_id).hop_limit
    if owners.hops(handoff) >= most:
        raise _Pointless(f"it has been passed on {most} times, which is the most the policy allows")
    now = database_now()
    due_at = calendar_of(clock.calendar_version_id).add(now, clock.amount)
    rep = owners.next_rep(handoff, can=able(now=now, due_at=due_at))
    if rep is None:
        raise _Pointless("no other rep of the team is free")
    return rep.uid


def _raise_priority(handoff: Handoff, clock: Clock, step: int) -> None:
    if handoff.priority == 1:
        raise _Pointless("it has the highest priority already")
    owners.raise_priority(handoff.uid, by=LEADLOOP, cause=LADDER)


def _bench(handoff: Handoff, clock: Clock, step: int) -> None:
    if handoff.owner is None:
        raise _Pointless("nobody owns it who could be benched")
    silent: Rep = handoff.owner
    absences.bench(silent.uid, by=LEADLOOP, cause=LADDER, at=database_now())
    if handoff.state != State.PENDING:
        return
    try:
        with transaction.atomic():
            _reassign(handoff, clock, step)
    except LeadLoopError as error:
        skipped(handoff, clock, step=step, because=error.message)


def _expire(handoff: Handoff, clock: Clock, step: int) -> None:
    owners.expire(handoff.uid, by=LEADLOOP)


def _return_to_marketing(handoff: Handoff, clock: Clock, step: int) -> None:
    owners.expire(handoff.uid, by=LEADLOOP, cause="returned to marketing")
    marketers = get_user_model().objects.filter(is_active=True, groups__name=MARKETER).values_list("pk", flat=True)
    notices.tell_many(
        Notice(
            user_id=user_id,
            kind=f"sla.return_to_marketing.{clock.target}",
            handoff_uid=handoff.uid,
            subject=str(handoff.lead or handoff.account)[:200],
            dedup_key=f"step:{clock.pk}:{step}:{user_id}",
        )
        for user_id in marketers
    )


_TAKE: Mapping[str, Callable[[Handoff, Clock, int], None]] = {
    StepAction.REASSIGN: _reassign,
    StepAction.RAISE_PRIORITY: _raise_priority,
    StepAction.BENCH: _bench,
    StepAction.EXPIRE: _expire,
    StepAction.RETURN_TO_MARKETING: _return_to_marketing,
}
ACTIONS = frozenset(_TAKE)
"""The steps that act; every other one only tells somebody."""

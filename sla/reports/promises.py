"""The promise that runs on a handoff, in words a rep can act on."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils import timezone

from feedback.panels import Promise
from leads.actions.clock import database_now
from sla.logic.durations import in_words
from sla.models import Clock, ClockState, StepAction
from sla.reports.rules import rules_of

SOON = dt.timedelta(hours=2)

_VERBS = {"decide": "Decide", "first_attempt": "First attempt", "qualify": "Qualify or return"}
_NEXT = {
    StepAction.WARN.value: "you are reminded",
    StepAction.NOTIFY_OWNER.value: "you are told",
    StepAction.NOTIFY_MANAGER.value: "your manager is told",
    StepAction.REASSIGN.value: "it goes to the next rep",
    StepAction.EXPIRE.value: "it expires",
}
_NEXT_TO_OTHERS = {
    **_NEXT,
    StepAction.WARN.value: "the owner is reminded",
    StepAction.NOTIFY_OWNER.value: "the owner is told",
    StepAction.NOTIFY_MANAGER.value: "the manager is told",
}


def promises(handoff_ids: Sequence[int]) -> dict[int, Promise]:
    """The most urgent running promise of each handoff that has one, by primary key; two statements, whatever the
    number.

    Business time is counted in the calendar of the version the clock runs under; instants are shown in the reader's
    zone.
    """
    clocks = Clock.objects.filter(handoff__in=handoff_ids, state=ClockState.RUNNING).order_by("handoff", "-due_at")
    found = {clock.handoff_id: clock for clock in clocks}
    if not found:
        return {}
    now = database_now()
    return {handoff_id: _promise(clock, now=now) for handoff_id, clock in found.items()}


def _promise(clock: Clock, *, now: dt.datetime) -> Promise:
    rules = rules_of(clock.version_id)
    left = rules.calendar.signed_between(now, clock.due_at)
    amount = rules.targets[clock.target].amount
    late = now > clock.due_at
    if late:
        state, words = "late", f"{in_words(left)} of business time late"
    else:
        state = "soon" if left <= SOON else "later"
        words = f"{in_words(left)} of business time left"
    return Promise(
        target=_VERBS[clock.target],
        due_at=clock.due_at,
        left=left,
        share=1.0 if late else min(1.0, max(0.0, 1 - left / amount)),
        state=state,
        words=words,
        then=_then(clock, _NEXT, now=now),
        then_to_others=_then(clock, _NEXT_TO_OTHERS, now=now),
    )


def _then(clock: Clock, said_of: Mapping[str, str], *, now: dt.datetime) -> str:
    """The next two things if nobody acts, like: then your manager is told, 16:11 it goes to the next rep."""
    ahead = [
        (action, at)
        for action, at in zip(clock.step_actions, clock.step_ats, strict=True)
        if at > now and action in said_of and at >= clock.due_at
    ][:2]
    if not ahead:
        return ""
    said = []
    for action, at in ahead:
        opening = "then" if at == clock.due_at else _when(at, now=now)
        said.append(f"{opening} {said_of[action]}")
    return ", ".join(said)


def _when(at: dt.datetime, *, now: dt.datetime) -> str:
    here, today = timezone.localtime(at), timezone.localtime(now)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    if here.date() - today.date() == dt.timedelta(days=1):
        return f"tomorrow {here:%H:%M}"
    if here.date() - today.date() < dt.timedelta(days=7):
        return f"{here:%a %H:%M}"
    return f"{here.day} {here:%b}"

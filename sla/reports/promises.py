"""The promise that runs on a handoff, in words a rep can act on."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils import timezone

from feedback.logic.holds import REASONS
from feedback.models import Hold
from feedback.panels import Promise
from leads.actions.clock import database_now
from sla.logic.durations import in_words
from sla.models import Clock, ClockState, StepAction
from sla.reports.rules import calendar_of

SOON = dt.timedelta(hours=2)

_VERBS = {
    "decide": "Decide",
    "first_attempt": "First attempt",
    "depth": "Try enough",
    "qualify": "Qualify or return",
    "owner": "Find an owner",
}
_NEXT = {
    StepAction.WARN.value: "you are reminded",
    StepAction.NOTIFY_OWNER.value: "you are told",
    StepAction.NOTIFY_MANAGER.value: "your manager is told",
    StepAction.NOTIFY_CHANNEL.value: "the channel is told",
    StepAction.RAISE_PRIORITY.value: "its priority is raised",
    StepAction.REASSIGN.value: "it goes to the next rep",
    StepAction.BENCH.value: "you get no new handoffs",
    StepAction.EXPIRE.value: "it expires",
    StepAction.RETURN_TO_MARKETING.value: "it goes back to marketing",
}
_NEXT_TO_OTHERS = {
    **_NEXT,
    StepAction.WARN.value: "the owner is reminded",
    StepAction.NOTIFY_OWNER.value: "the owner is told",
    StepAction.NOTIFY_MANAGER.value: "the manager is told",
    StepAction.BENCH.value: "the owner gets no new handoffs",
}


def promises(handoff_ids: Sequence[int]) -> dict[int, Promise]:
    """The most urgent open promise of each handoff that has one, by primary key; two statements, and a third where one
    is on hold, whatever the number.

    A promise that runs goes before one on hold. Business time is counted in the calendar version the clock counts in;
    instants are shown in the reader's zone.
    """
    clocks = Clock.objects.filter(handoff__in=handoff_ids, state__in=[ClockState.RUNNING, ClockState.HELD])
    # "held" sorts before "running": the last of each handoff is the running one that is due first.
    found = {clock.handoff_id: clock for clock in clocks.order_by("handoff", "state", "-due_at")}
    if not found:
        return {}
    now = database_now()
    held = [handoff_id for handoff_id, clock in found.items() if clock.state == ClockState.HELD]
    holds = {hold.handoff_id: hold for hold in Hold.objects.filter(handoff__in=held, ended_at=None)} if held else {}
    return {
        handoff_id: _held(clock, holds[handoff_id], now=now) if handoff_id in holds else _running(clock, now=now)
        for handoff_id, clock in found.items()
    }


def promise_of(clock: Clock) -> Promise:
    """The promise of one running clock, whatever else runs on its handoff."""
    return _running(clock, now=database_now())


def _running(clock: Clock, *, now: dt.datetime) -> Promise:
    left = calendar_of(clock.calendar_version_id).signed_between(now, clock.due_at)
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
        share=1.0 if late else _share(clock, left),
        state=state,
        words=words,
        then=_then(clock, _NEXT, now=now),
        then_to_others=_then(clock, _NEXT_TO_OTHERS, now=now),
        is_acknowledged=clock.acknowledged_at is not None,
    )


def _held(clock: Clock, hold: Hold, *, now: dt.datetime) -> Promise:
    left = calendar_of(clock.calendar_version_id).signed_between(max(hold.began_at, clock.started_at), clock.due_at)
    late = left < dt.timedelta()
    rest = f"{in_words(left)} of business time {'late' if late else 'left'} when it goes on"
    return Promise(
        target=_VERBS[clock.target],
        due_at=clock.due_at,
        left=left,
        share=1.0 if late else _share(clock, left),
        state="held",
        words=f"on hold until {_when(hold.limit_at, now=now)} at the latest: {REASONS[hold.reason].words}",
        then=rest,
        then_to_others=rest,
    )


def _share(clock: Clock, left: dt.timedelta) -> float:
    """How much of the promised time is used, 0 to 1."""
    return min(1.0, max(0.0, 1 - left / clock.amount))


def _then(clock: Clock, said_of: Mapping[str, str], *, now: dt.datetime) -> str:
    """The next two things if nobody acts, like: then your manager is told, 16:11 it goes to the next rep."""
    if clock.acknowledged_at is not None:
        return "acknowledged: no further step follows"
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

"""When somebody whom sales had before may be offered again."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from feedback.logic.states import WITH_REASON, State

_RECYCLE = "recycle"
_CONSENT = "consent recorded"
_DATES = ("budget_date", "project_date", "renewal_date")
_BEFORE_RENEWAL = re.compile(r"(\d{1,3}) days before renewal", re.ASCII)
_USUAL_COOL_OFF = dt.timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Not before an instant, and not before a condition is met that LeadLoop cannot see for itself ("" for none)."""

    not_before_at: dt.datetime | None = None
    condition: str = ""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The last handoff somebody had: `ended_at` is the last thing that was decided about it. `plan` is None where the
    refusal left none; `is_met` whether somebody said that its condition is met.
    """

    state: State
    ended_at: dt.datetime
    reason: str = ""
    plan: Plan | None = None
    is_met: bool = False


def plan_of(
    *, next_state: str, cool_off_days: int | None, condition: str, evidence: Mapping[str, object], at: dt.datetime
) -> Plan | None:
    """What a refusal at `at` asks for, None when nobody may ever come back by themselves.

    A condition that is a date given as evidence becomes an instant, midnight UTC.
    """
    if next_state != _RECYCLE:
        return None
    not_before = at + dt.timedelta(days=cool_off_days) if cool_off_days else None
    if condition == "cool-off over":
        return Plan(not_before_at=not_before or at + _USUAL_COOL_OFF)
    day = _day(evidence)
    renewal = _BEFORE_RENEWAL.fullmatch(condition)
    if day and (renewal or condition == "date reached"):
        reached = day - dt.timedelta(days=int(renewal[1])) if renewal else day
        return Plan(not_before_at=max(reached, not_before) if not_before else reached)
    return Plan(not_before_at=not_before, condition=condition)


def why_not_again(
    last: Ended | None, *, engaged_at: dt.datetime, consent: str, again_after_days: int, now: dt.datetime
) -> str:
    """Why somebody may not be offered now, as a sentence; "" when they may. `last` is the last handoff that is over.

    Whoever was refused needs to have done something since, and the refusal's plan met; a customer is never offered as
    a lead; after an end without a reason they are left alone for `again_after_days`, and then until they do something,
    unless the handoff expired before anybody answered: there with 0 days only.
    """
    if last is None or last.state == State.TURNED_BACK:
        return ""
    if last.state == State.WON:
        return "A customer already: the last handoff was won."
    until = again_at(last, again_after_days=again_after_days)
    is_early = until is not None and now < until
    if last.state not in WITH_REASON:
        if is_early:
            return f"Left alone until {until:%Y-%m-%d}: the last handoff {_ENDED[last.state]}."
        # Whom nobody answered is offered again for what they did then; but not at once at each end, for ever.
        is_forgotten = last.state == State.EXPIRED and again_after_days > 0
        is_silent = engaged_at <= last.ended_at and not is_forgotten
        return f"Nothing was done since the last handoff {_ENDED[last.state]}." if is_silent else ""
    if last.plan is None:
        return f"Refused for good: {last.reason}."
    if is_early:
        return f"Cooling off until {until:%Y-%m-%d}: {last.reason}."
    is_met = last.is_met or (last.plan.condition == _CONSENT and consent == "opt_in")
    if last.plan.condition and not is_met:
        return f"Waits for “{last.plan.condition}”: {last.reason}."
    if engaged_at <= last.ended_at:
        return f"Nothing was done since the refusal: {last.reason}."
    return ""


def again_at(last: Ended, *, again_after_days: int) -> dt.datetime | None:
    """The first instant at which somebody may be offered again, None where no instant says so; conditions aside."""
    if last.state in (State.TURNED_BACK, State.WON):
        return None
    if last.state not in WITH_REASON:
        return last.ended_at + dt.timedelta(days=again_after_days)
    return last.plan.not_before_at if last.plan else None


_ENDED = {State.LOST: "was lost", State.EXPIRED: "expired", State.RECALLED: "was recalled"}


def _day(evidence: Mapping[str, object]) -> dt.datetime | None:
    for key in _DATES:
        value = evidence.get(key)
        if isinstance(value, str):
            return dt.datetime.combine(dt.date.fromisoformat(value), dt.time(), dt.UTC)
    return None

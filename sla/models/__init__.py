"""Everything the other rooms may read."""

from sla.models.calendars import CalendarException, CalendarUse, CalendarVersion, ExceptionSource, WorkCalendar
from sla.models.clocks import Clock, ClockState, Escalation, Excuse, ExcuseState, Heartbeat, Telling
from sla.models.policies import (
    AppliesTo,
    ChatChannel,
    Condition,
    CountsIn,
    LadderStep,
    Policy,
    PolicyVersion,
    StepAction,
    StepTemplate,
    Target,
    TargetKey,
)
from sla.models.replays import Replay, ReplayState

__all__ = [
    "AppliesTo",
    "CalendarException",
    "CalendarUse",
    "CalendarVersion",
    "ChatChannel",
    "Clock",
    "ClockState",
    "Condition",
    "CountsIn",
    "Escalation",
    "ExceptionSource",
    "Excuse",
    "ExcuseState",
    "Heartbeat",
    "LadderStep",
    "Policy",
    "PolicyVersion",
    "Replay",
    "ReplayState",
    "StepAction",
    "StepTemplate",
    "Target",
    "TargetKey",
    "Telling",
    "WorkCalendar",
]

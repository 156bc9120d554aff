"""Everything the other rooms may read."""

from sla.models.calendars import CalendarException, WorkCalendar
from sla.models.clocks import Clock, ClockState, Escalation, Heartbeat
from sla.models.policies import LadderStep, Policy, PolicyVersion, StepAction, Target, TargetKey

__all__ = [
    "CalendarException",
    "Clock",
    "ClockState",
    "Escalation",
    "Heartbeat",
    "LadderStep",
    "Policy",
    "PolicyVersion",
    "StepAction",
    "Target",
    "TargetKey",
    "WorkCalendar",
]

"""Everything the other rooms may read."""

from feedback.models.absences import Absence, AbsenceKind
from feedback.models.attempts import Attempt, AttemptKind
from feedback.models.handoffs import Handoff
from feedback.models.holds import Hold
from feedback.models.outcomes import Outcome, OutcomeKind
from feedback.models.outlooks import OutlookRun, OutlookState
from feedback.models.people import person_of
from feedback.models.reasons import Moment, NextState, RejectionReason
from feedback.models.recycling import RecyclePlan
from feedback.models.routing import AccountOwner, RoutingRule, Turn, TurnDay
from feedback.models.teams import Rep, Team

__all__ = [
    "Absence",
    "AbsenceKind",
    "AccountOwner",
    "Attempt",
    "AttemptKind",
    "Handoff",
    "Hold",
    "Moment",
    "NextState",
    "Outcome",
    "OutcomeKind",
    "OutlookRun",
    "OutlookState",
    "RecyclePlan",
    "RejectionReason",
    "Rep",
    "RoutingRule",
    "Team",
    "Turn",
    "TurnDay",
    "person_of",
]

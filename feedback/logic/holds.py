"""Why a handoff may wait, who owes the answer meanwhile, and how long at most."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from feedback.logic.states import State


class OwedBy(StrEnum):
    """Who has to act before the handoff moves on."""

    MARKETING = "marketing"
    PROSPECT = "prospect"


class HoldEnd(StrEnum):
    """What ended a hold."""

    ANSWERED = "answered"
    PROSPECT_ACTED = "prospect_acted"
    LIMIT = "limit"
    RELEASED = "released"
    DECIDED = "decided"


@dataclass(frozen=True, kw_only=True)
class HoldReason:
    """`words` complete the sentence "On hold: ..."; `longest` is the most that may be asked for, in elapsed time."""

    key: str
    words: str
    owed_by: OwedBy
    longest: timedelta
    usual: timedelta
    states: frozenset[State]
    asks: bool


_BOTH = frozenset({State.PENDING, State.ACCEPTED})
_WORKED = frozenset({State.ACCEPTED})

REASONS = {
    reason.key: reason
    for reason in (
        HoldReason(
            key="missing_context",
            words="marketing is asked for context",
            owed_by=OwedBy.MARKETING,
            longest=timedelta(days=5),
            usual=timedelta(days=1),
            states=_BOTH,
            asks=True,
        ),
        HoldReason(
            key="bad_data",
            words="marketing is asked to correct the data",
            owed_by=OwedBy.MARKETING,
            longest=timedelta(days=5),
            usual=timedelta(days=1),
            states=_BOTH,
            asks=True,
        ),
        HoldReason(
            key="prospect_away",
            words="the prospect is away",
            owed_by=OwedBy.PROSPECT,
            longest=timedelta(days=21),
            usual=timedelta(days=7),
            states=_BOTH,
            asks=False,
        ),
        HoldReason(
            key="awaiting_reply",
            words="the prospect owes a reply",
            owed_by=OwedBy.PROSPECT,
            longest=timedelta(days=10),
            usual=timedelta(days=3),
            states=_WORKED,
            asks=False,
        ),
    )
}

END_WORDS = {
    HoldEnd.ANSWERED: "marketing answered",
    HoldEnd.PROSPECT_ACTED: "the prospect acted",
    HoldEnd.LIMIT: "its limit passed",
    HoldEnd.RELEASED: "it was taken off hold",
    HoldEnd.DECIDED: "the handoff moved on",
}

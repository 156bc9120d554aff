"""The states of a handoff, and which verb leads from which to which."""

from enum import StrEnum


class State(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    QUALIFIED = "qualified"
    WON = "won"
    LOST = "lost"
    REJECTED = "rejected"
    RETURNED = "returned"
    TURNED_BACK = "turned_back"
    EXPIRED = "expired"
    RECALLED = "recalled"


class Verb(StrEnum):
    SEE = "see"
    ACCEPT = "accept"
    REJECT = "reject"
    RETURN = "return"
    TURN_BACK = "turn_back"
    LOG_ATTEMPT = "log_attempt"
    QUALIFY = "qualify"
    RECORD_OUTCOME = "record_outcome"
    REASSIGN = "reassign"
    TAKE = "take"
    EXPIRE = "expire"
    RECALL = "recall"
    UNDO = "undo"
    OFFER = "offer"
    HOLD = "hold"
    ANSWER = "answer"
    RESUME = "resume"
    RELEASE = "release"
    RAISE = "raise"
    MEET = "meet"


class Outcome(StrEnum):
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"


OPEN = frozenset({State.PENDING, State.ACCEPTED})
UNDECIDED = frozenset({State.PENDING, State.EXPIRED, State.RECALLED})
DECIDED = frozenset(State) - UNDECIDED
WITH_REASON = frozenset({State.REJECTED, State.RETURNED})
# Qualified handoffs are sales' own business: the lead may be offered again only after they end.
ACTIVE = OPEN | {State.QUALIFIED}

_STAYS_OPEN = {state: state for state in OPEN}

TRANSITIONS: dict[Verb, dict[State, State]] = {
    Verb.ACCEPT: {State.PENDING: State.ACCEPTED},
    Verb.REJECT: {State.PENDING: State.REJECTED},
    Verb.RETURN: {State.ACCEPTED: State.RETURNED},
    Verb.TURN_BACK: {State.PENDING: State.TURNED_BACK},
    Verb.QUALIFY: {State.ACCEPTED: State.QUALIFIED},
    Verb.EXPIRE: {State.PENDING: State.EXPIRED},
    Verb.RECALL: {State.PENDING: State.RECALLED},
    Verb.SEE: {State.PENDING: State.PENDING},
    Verb.REASSIGN: _STAYS_OPEN,
    Verb.RELEASE: {State.PENDING: State.PENDING},
    Verb.RAISE: _STAYS_OPEN,
    Verb.HOLD: _STAYS_OPEN,
    Verb.ANSWER: _STAYS_OPEN,
    Verb.RESUME: _STAYS_OPEN,
    Verb.TAKE: {State.PENDING: State.PENDING},
    Verb.LOG_ATTEMPT: {
        State.PENDING: State.PENDING,
        State.ACCEPTED: State.ACCEPTED,
        State.QUALIFIED: State.QUALIFIED,
    },
    Verb.UNDO: dict.fromkeys((State.ACCEPTED, State.REJECTED, State.TURNED_BACK), State.PENDING),
}

# What each outcome makes of the state it meets. Where nothing is said the fact is kept and the state stays:
# a rejected lead that buys by another route is regret, not a different decision.
OUTCOME_MOVES: dict[Outcome, dict[State, State]] = {
    Outcome.OPPORTUNITY: dict.fromkeys((State.PENDING, State.ACCEPTED, State.QUALIFIED), State.QUALIFIED),
    Outcome.WON: dict.fromkeys((State.PENDING, State.ACCEPTED, State.QUALIFIED), State.WON),
    Outcome.LOST: dict.fromkeys((State.ACCEPTED, State.QUALIFIED), State.LOST),
}

WORDS: dict[State, str] = {
    State.PENDING: "pending",
    State.ACCEPTED: "accepted",
    State.QUALIFIED: "qualified",
    State.WON: "won",
    State.LOST: "lost",
    State.REJECTED: "rejected",
    State.RETURNED: "returned after work",
    State.TURNED_BACK: "turned back",
    State.EXPIRED: "expired",
    State.RECALLED: "recalled",
}


def next_state(verb: Verb, state: State) -> State | None:
    """Where `verb` leads from `state`, or None when it does not apply there."""
    return TRANSITIONS[verb].get(state)

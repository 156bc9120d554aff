"""What the journal says, in words."""

from typing import Any

from feedback.logic.holds import END_WORDS, REASONS, HoldEnd

_TARGETS = {
    "decide": "a decision",
    "first_attempt": "a first attempt",
    "depth": "enough attempts",
    "qualify": "a verdict",
    "owner": "finding an owner",
}
_STEP_WORDS = {
    "warn": "the reminder",
    "notify_owner": "telling the owner",
    "notify_manager": "telling the manager",
    "notify_channel": "telling the channel",
    "raise_priority": "raising the priority",
    "reassign": "giving it to the next rep",
    "bench": "benching the rep",
    "expire": "letting it expire",
    "return_to_marketing": "giving it back to marketing",
}
_SENTENCES = {
    "handoff.offered": "{who} offered it",
    "handoff.seen": "{who} opened it",
    "handoff.accepted": "{who} accepted it",
    "handoff.rejected": "{who} rejected it",
    "handoff.returned": "{who} returned it after work",
    "handoff.turned_back": "{who} turned it back: wrong owner",
    "handoff.qualified": "{who} qualified it",
    "handoff.won": "Won",
    "handoff.lost": "Lost",
    "handoff.expired": "It expired: nobody answered",
    "handoff.recalled": "{who} recalled it",
    "handoff.reassigned": "{who} gave it to another rep",
    "handoff.released": "{who} put it back into the team's queue",
    "rejection.upheld": "{who} said that it was rightly refused",
    "rejection.unupheld": "{who} took back that it was rightly refused",
    "handoff.identified": "The visitor said who they are",
    "recycle.met": "{who} said that its condition for coming back is met",
    "handoff.raised": "{who} raised its priority",
    "handoff.acknowledged": "{who} has seen that it is late: nobody else is told",
    "hold.answered": "{who} answered after the hold had ended",
    "excuse.requested": "{who} asked for time to be excused",
    "excuse.approved": "{who} excused the time",
    "excuse.refused": "{who} did not excuse the time",
    "handoff.undone": "{who} took the decision back",
    "outcome.recorded": "{who} recorded an outcome",
    "lead.merged": "{who} merged another lead into this one",
    "owner.warned": "LeadLoop reminded the owner",
    "owner.notified": "LeadLoop told the owner",
    "manager.notified": "LeadLoop told the manager",
}
_STEPS = frozenset(
    {"handoff.accepted", "handoff.rejected", "handoff.returned", "handoff.qualified", "handoff.won", "handoff.lost"}
)
# What only the proof of a clock tells: for people it repeats what stands beside it.
_BOOKKEEPING = frozenset(
    {
        *("clock.started", "clock.stopped", "clock.cancelled", "clock.recounted", "clock.reopened"),
        *("step.cancelled", "handoff.routed"),
    }
)


def sentence(kind: str, *, who: str, data: dict[str, Any]) -> str:
    """One journal entry as a sentence without its end: "Sam Okafor logged a call, they answered". `who` may be You."""
    if kind == "attempt.logged":
        answered = ", they answered" if data.get("is_two_way") else ""
        return f"{who} logged a {data.get('kind', 'try')}{answered}"
    if kind in {"handoff.held", "handoff.resumed"}:
        return _held(kind, who=who, data=data)
    if kind == "step.skipped":
        return f"LeadLoop left out {_STEP_WORDS.get(str(data.get('action')), 'a step')}: it made no sense any more"
    if kind == "clock.breached":
        return f"The time for {_TARGETS.get(str(data.get('target')), 'an answer')} ran out"
    if kind == "handoff.recalled" and data.get("cause") == "merged":
        return "It was recalled: the lead turned out to be another, who is with sales already"
    if kind == "handoff.reassigned" and data.get("cause") == "taken":
        return f"{who} took it from the team's queue"
    if kind == "handoff.accepted" and data.get("implied_by"):
        return "Accepted without a click: an outcome arrived"
    if kind == "outcome.recorded" and data.get("kind"):
        return f"{who} recorded: {data['kind']}"
    words = _SENTENCES.get(kind)
    return words.format(who=who) if words else f"{who}: {kind.replace('.', ' ').replace('_', ' ')}"


def _held(kind: str, *, who: str, data: dict[str, Any]) -> str:
    if kind == "handoff.held":
        reason = REASONS.get(str(data.get("reason")))
        return f"{who} put it on hold{f': {reason.words}' if reason else ''}"
    because = str(data.get("because"))
    if because == HoldEnd.ANSWERED:
        return f"{who} answered: it goes on"
    return f"The hold ended: {END_WORDS[HoldEnd(because)]}" if because in set(HoldEnd) else "The hold ended"


def is_told(kind: str) -> bool:
    """Whether the entry says something to people."""
    return kind not in _BOOKKEEPING


def is_strong(kind: str) -> bool:
    """Whether the entry moved the handoff on."""
    return kind in _STEPS

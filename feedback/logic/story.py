"""What the journal says, in words."""

from typing import Any

_TARGETS = {"decide": "a decision", "first_attempt": "a first attempt", "qualify": "a verdict"}
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
    "handoff.undone": "{who} took the decision back",
    "outcome.recorded": "{who} recorded an outcome",
    "owner.warned": "LeadLoop reminded the owner",
    "owner.notified": "LeadLoop told the owner",
    "manager.notified": "LeadLoop told the manager",
}
_STEPS = frozenset(
    {"handoff.accepted", "handoff.rejected", "handoff.returned", "handoff.qualified", "handoff.won", "handoff.lost"}
)


def sentence(kind: str, *, who: str, data: dict[str, Any]) -> str:
    """One journal entry as a sentence without its end: "Sam Okafor logged a call, they answered". `who` may be You."""
    if kind == "attempt.logged":
        answered = ", they answered" if data.get("is_two_way") else ""
        return f"{who} logged a {data.get('kind', 'try')}{answered}"
    if kind == "clock.breached":
        return f"The time for {_TARGETS.get(str(data.get('target')), 'an answer')} ran out"
    if kind == "handoff.reassigned" and data.get("cause") == "taken":
        return f"{who} took it from the team's queue"
    if kind == "handoff.accepted" and data.get("implied_by"):
        return "Accepted without a click: an outcome arrived"
    if kind == "outcome.recorded" and data.get("kind"):
        return f"{who} recorded: {data['kind']}"
    words = _SENTENCES.get(kind)
    return words.format(who=who) if words else f"{who}: {kind.replace('.', ' ').replace('_', ' ')}"


def is_strong(kind: str) -> bool:
    """Whether the entry moved the handoff on."""
    return kind in _STEPS

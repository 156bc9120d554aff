"""News that travels upward, sent inside the transaction that makes it. tests/test_architecture.py lists every receiver.

handoff_changed, when an operation changed handoffs:
    handoffs: list[Handoff]; change: str; at: aware datetime, or None for each at its own offered_at; by: Person;
    data: dict, what the journal says of the change
attempt_logged, when an attempt was logged:
    attempt: Attempt; handoff: Handoff; by: Person
outcome_recorded, when an outcome was recorded:
    outcome: Outcome; handoff: Handoff; by: Person
availability_changed, when a rep will answer at other times than before:
    rep_ids: set[int]; at: aware datetime; by: Person

`change` is one of: seen, offered, accepted, rejected, returned, turned_back, qualified, won, lost, expired, recalled,
reassigned, released, raised, held, resumed, undone, identified.
"""

from django.dispatch import Signal

handoff_changed = Signal()
attempt_logged = Signal()
outcome_recorded = Signal()
availability_changed = Signal()

"""News that travels upward, sent inside the transaction that makes it. tests/test_architecture.py lists every receiver.

handoff_changed, when an operation changed handoffs:
    handoffs: list[Handoff]; change: str; at: aware datetime, or None for each at its own offered_at; by: Person
attempt_logged, when an attempt was logged:
    attempt: Attempt; handoff: Handoff; by: Person
outcome_recorded, when an outcome was recorded:
    outcome: Outcome; handoff: Handoff; by: Person

`change` is one of: seen, offered, accepted, rejected, returned, turned_back, qualified, won, lost, expired, recalled,
reassigned, undone.
"""

from django.dispatch import Signal

handoff_changed = Signal()
attempt_logged = Signal()
outcome_recorded = Signal()

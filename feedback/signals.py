"""News that travels upward, sent inside the transaction that makes it. tests/test_architecture.py lists every receiver.

| signal | when | arguments |
|---|---|---|
| handoff_changed | an operation changed handoffs | handoffs: list[Handoff], change: str, at: aware datetime or None (each at its offered_at), by: Person |
| attempt_logged | an attempt was logged | attempt: Attempt, handoff: Handoff, by: Person |
| outcome_recorded | an outcome was recorded | outcome: Outcome, handoff: Handoff, by: Person |

`change` is one of: offered, accepted, rejected, returned, turned_back, qualified, won, lost, expired, recalled, reassigned, undone.
"""

from django.dispatch import Signal

handoff_changed = Signal()
attempt_logged = Signal()
outcome_recorded = Signal()

"""News that travels upward, sent inside the transaction that makes it. tests/test_architecture.py lists every receiver.

engaged, when leads or visitors of accounts did something that was not known before:
    leads, accounts: dict[int, aware datetime], the latest instant of it by primary key; what a lead did counts for its
    account as well
"""

from django.dispatch import Signal

engaged = Signal()

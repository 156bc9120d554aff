"""One moment for a whole report: every figure of a page is read from the same state of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """A read-only REPEATABLE READ transaction. Inside another transaction that one decides what is seen.

    Keep it short: while it is open, nothing that other people change can be cleaned up.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield

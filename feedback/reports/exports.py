"""How many exports may be made at once, held by the database for as long as one takes."""

from django.db import connection

PER_USER, IN_ALL = 2, 4
MOST_ROWS = 100_000
# Two numbers that no other advisory lock of LeadLoop begins with.
_OF_USER, _OF_ALL = 27_001, 27_002


def take_slot(user_id: int) -> bool:
    """Whether there is room for one more export of this user; if so it is taken until the transaction ends."""
    own = any(_locked(_OF_USER, user_id * PER_USER + number) for number in range(PER_USER))
    return own and any(_locked(_OF_ALL, number) for number in range(IN_ALL))


def _locked(kind: int, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [kind, number % 2**31])
        return bool(cursor.fetchone()[0])

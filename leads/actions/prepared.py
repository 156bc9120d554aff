"""Statements that nearly every request runs: PostgreSQL keeps their plans."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor

# A connection prepares what it has run so often.
_OFTEN = 5


def prepared_cursor() -> CursorWrapper:
    """As connection.cursor(), for statements of a constant text whose best plan is the same whatever is asked: to plan
    one takes longer than to run it, and is done once a connection instead of every time.

    Not for lists of any length given as arrays: a plan for few would be kept for many; of JSON the planner assumes the
    same whatever its length. Behind a pooler it is connection.cursor().
    """
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    direct = database.connection
    if direct.prepare_threshold is None:
        return database.cursor()
    made: Any = Cursor(direct)
    return database.make_debug_cursor(made) if database.queries_logged else database.make_cursor(made)


def keep_plans(database: BaseDatabaseWrapper) -> None:
    """Have prepared_cursor prepare statements on this new connection, unless a pooler is at its other end."""
    # A pooler like pgbouncer gives each transaction another process of PostgreSQL, which knows of nothing prepared in
    # the one before; it shows in the number of the process, which the pooler has made up.
    direct = database.connection
    if direct.execute("SELECT pg_backend_pid()").fetchone() == (direct.info.backend_pid,):
        direct.prepare_threshold = _OFTEN

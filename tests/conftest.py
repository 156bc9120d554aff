"""What every test shares."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase

from sla.reports.rules import forget

# Rows that migrations put there and every test may count on.
LASTING = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "feedback_rejectionreason",
}


def empty_tables(case: TransactionTestCase) -> None:
    """Empty every table that a test may have written to, the append-only ones too: a superuser may."""
    tables = sorted(set(connection.introspection.table_names()) - LASTING)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, tables))} RESTART IDENTITY")
        cursor.execute("SET session_replication_role = DEFAULT")
    # Row numbers begin anew, so what is remembered by them is no longer true.
    forget()


@pytest.fixture(autouse=True, scope="session")
def _append_only_tables_can_be_emptied():
    kept = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = empty_tables
    yield
    TransactionTestCase._fixture_teardown = kept


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Real browsers stay in one process of pytest-xdist, and so do real servers: side by side they slow down. Tests
    that fork come first, whatever else orders the tests.
    """
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in ("browser", "config"):
            item.add_marker(pytest.mark.browser if folder == "browser" else pytest.mark.machine)
            item.add_marker(pytest.mark.xdist_group(folder))
    yield
    items.sort(key=lambda item: item.get_closest_marker("forks") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say above the last line what it cannot know: checks that failed earlier, browser tests without a browser."""
    if failed := os.environ.get("LEADLOOP_FAILED_CHECKS"):
        terminalreporter.write_line(f"CHECKS THAT FAILED BEFORE THE TESTS: {failed}", red=True)
    if reason := os.environ.get("LEADLOOP_NO_BROWSER"):
        terminalreporter.write_line(f"BROWSER TESTS SKIPPED: {reason}", yellow=True)

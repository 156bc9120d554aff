"""Statements whose plans are kept: on a direct connection, and nowhere else."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.utils import ConnectionHandler

from leads.actions.allowances import spent
from leads.actions.prepared import keep_plans, prepared_cursor

pytestmark = pytest.mark.django_db


def _kept() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return {statement for (statement,) in cursor.fetchall()}


def _asked(words: str) -> None:
    for _ in range(7):
        with prepared_cursor() as cursor:
            cursor.execute(f"SELECT %s::text AS {words}", ["x"])
            assert cursor.fetchall() == [("x",)]


def test_what_runs_often_is_planned_once() -> None:
    _asked("often")
    assert any("often" in statement for statement in _kept())
    for at in range(7):
        assert spent("test:prepared", limit=7).remaining == 6 - at
    assert any("leads_allowance" in statement for statement in _kept())
    assert spent("test:prepared", limit=7).wait_seconds > 0


def test_nothing_is_prepared_behind_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _kept()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    _asked("pooled")
    assert spent("test:pooled", limit=1).wait_seconds == 0
    assert _kept() == before


@pytest.mark.parametrize(("more", "threshold"), [(0, 5), (1, None)])
def test_a_pooler_is_known_by_the_process_it_made_up(more: int, threshold: int | None) -> None:
    direct = connection.connection
    raw: Any = SimpleNamespace(
        execute=direct.execute, info=SimpleNamespace(backend_pid=direct.info.backend_pid + more), prepare_threshold=None
    )
    keep_plans(SimpleNamespace(connection=raw))  # type: ignore[arg-type]
    assert raw.prepare_threshold == threshold


def test_another_database_of_the_project_is_none_of_ours(settings: Any) -> None:
    other = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    handler = ConnectionHandler({**settings.DATABASES, "other": other})
    with handler["other"].cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)
    handler["other"].close()


def test_its_statements_are_counted_like_others(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1), prepared_cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.django_db(transaction=True)
def test_it_connects_like_any_other_cursor_and_keeps_plans_on_the_new_connection() -> None:
    connection.close()
    with prepared_cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert connection.connection.prepare_threshold is not None

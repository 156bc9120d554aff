"""The settings as production gets them, each time in a process of its own."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from config.celery import app
from config.processes.places import ROOT

KEY = "a-key-for-this-test-only-0123456789-abcdefghijklmnopqrstuvwxyz"


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LEADLOOP_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**clean, "LEADLOOP_SECRET_KEY": KEY, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def values(*names: str, **env: str) -> dict[str, object]:
    wanted = f"{{name: getattr(settings, name) for name in {names}}}"
    code = f"import json; from django.conf import settings; print(json.dumps({wanted}))"
    done = manage("shell", "--no-imports", "-c", code, **env)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_deployment_check_finds_nothing_with_an_https_origin():
    done = manage("check", "--deploy", "--fail-level", "WARNING", LEADLOOP_ORIGIN="https://loop.example.com")
    assert done.returncode == 0, done.stderr


def test_an_https_origin_makes_cookies_strict_and_http_on_loopback_still_works():
    names = ("SESSION_COOKIE_SECURE", "SESSION_COOKIE_NAME", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    strict = values(*names, LEADLOOP_ORIGIN="https://loop.example.com")
    assert strict == dict(zip(names, (True, "__Host-leadloop_session", True, 31_536_000), strict=True))
    assert values(*names) == dict(zip(names, (False, "leadloop_session", False, 0), strict=True))


def test_debug_is_off_unless_asked_for():
    assert values("DEBUG", "ALLOWED_HOSTS") == {"DEBUG": False, "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"]}
    assert values("DEBUG", LEADLOOP_DEBUG="1") == {"DEBUG": True}


def test_without_a_key_it_says_what_to_do(tmp_path):
    done = manage("check", LEADLOOP_SECRET_KEY="", LEADLOOP_VAR=str(tmp_path))
    assert done.returncode != 0
    assert "Set LEADLOOP_SECRET_KEY, or start with ./dev" in done.stderr


def test_the_schedule_names_tasks_that_exist_and_lets_no_tick_pile_up():
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= entry["schedule"]


def test_celery_speaks_json_and_keeps_no_results():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result is True
    assert app.conf.worker_prefetch_multiplier == 1


@pytest.mark.django_db
def test_the_database_ends_what_hangs():
    with connection.cursor() as cursor:
        for name, value in (("statement_timeout", "30s"), ("lock_timeout", "2s")):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,)


def test_no_page_may_run_inline_script_or_style():
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'self'"]
    assert not [word for words in directives.values() for word in words if "unsafe" in word or "nonce" in word]

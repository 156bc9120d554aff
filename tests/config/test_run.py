"""`./dev run` with the whole product: from nothing to a page, killed, started again, stopped."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.processes.children import end_leftovers
from config.processes.places import PYTHON, ROOT

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="./dev has not made .venv here")


@pytest.fixture
def var(home: Path) -> Iterator[Path]:
    yield home
    end_leftovers(home)


def launch(var: Path) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LEADLOOP_", "DJANGO_"))}
    for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
        env.pop(name, None)
    argv = [sys.executable, "-m", "config.processes", "run"]
    env |= {"LEADLOOP_VAR": str(var)}
    return subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def read_until_ready(launcher: subprocess.Popen[str]) -> tuple[str, str]:
    """The address, and everything that was said before it."""
    assert launcher.stdout is not None
    said = ""
    for line in launcher.stdout:
        said += line
        if found := re.search(r"LeadLoop is ready at (\S+)", line):
            return found[1], said
    raise AssertionError(f"it never got ready:\n{said}")


def test_from_nothing_to_a_page_through_a_kill_to_a_clean_stop(var: Path):
    first = launch(var)
    address, said = read_until_ready(first)
    assert "loading the demo" in said
    assert re.search(r"manager +\w+ +\S+", said)
    with urllib.request.urlopen(address, timeout=10) as page:
        assert page.status == 200
        assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]

    second = launch(var)
    answer, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"already runs from this folder at {address}" in answer

    first.kill()
    first.communicate()
    third = launch(var)
    _, said = read_until_ready(third)
    assert "loading the demo" not in said
    assert "collecting static files" not in said
    third.send_signal(signal.SIGINT)
    assert third.communicate(timeout=30)[0].rstrip().endswith("stopped")
    assert third.returncode == 0
    assert end_leftovers(var) == 0
    assert not list((var / "postgres").glob(".s.PGSQL*"))

"""./dev itself: one at a time, in plain words, with nothing left behind."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config.processes.machine import Lock, make_secret_key, throwaway_machine
from config.processes.places import ROOT, LauncherError
from config.processes.run import _open_door


def dev(*arguments: str, var: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The script for what it answers itself; past that, the commands it becomes, without installing anything."""
    argv = [sys.executable, ROOT / "dev", *arguments]
    if var is not None:
        argv = [sys.executable, "-m", "config.processes", *arguments]
    env = {**os.environ, "LEADLOOP_VAR": str(var or "")}
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",)])
def test_help_names_every_command(arguments: tuple[str, ...]):
    answer = dev(*arguments)
    assert answer.returncode == 0
    for command in ("run", "test", "lint", "bench", "manage", "help"):
        assert f"\n  {command} " in answer.stdout


def test_an_unknown_command_is_named_and_refused():
    answer = dev("fly")
    assert answer.returncode == 1
    assert "there is no command 'fly'" in answer.stderr
    assert answer.stdout == ""


def test_a_second_run_is_told_where_the_first_one_is(home: Path):
    lock = Lock(home)
    assert lock.take()
    lock.describe({"what": "run", "address": "http://127.0.0.1:8765/"})
    answer = dev("run", var=home)
    assert answer.returncode == 1
    assert f"already runs from this folder at http://127.0.0.1:8765/ (process {os.getpid()})" in answer.stderr
    assert [path.name for path in home.iterdir()] == ["run"]
    assert lock.holder()["address"] == "http://127.0.0.1:8765/"
    lock.release()


def test_the_lock_of_a_killed_launcher_is_free(home: Path):
    code = (
        "import sys, time; from pathlib import Path; from config.processes.machine import Lock\n"
        "lock = Lock(Path(sys.argv[1])); print(lock.take(), flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, home], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == "True\n"
    assert not Lock(home).take()
    holder.kill()
    holder.wait()
    successor = Lock(home)
    assert successor.take()
    successor.release()


def test_the_secret_key_is_drawn_once_and_private(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LEADLOOP_SECRET_KEY", raising=False)
    make_secret_key(home)
    drawn = (home / "secret_key").read_text()
    make_secret_key(home)
    assert (home / "secret_key").read_text() == drawn
    assert len(drawn) >= 50
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_passed_over_and_a_wanted_one_refused():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(LauncherError, match=f"Port {taken} cannot be used"):
            _open_door(taken)
    with _open_door(taken) as door:
        assert door.getsockname()[1] == taken
    with pytest.raises(LauncherError, match="Port 70000"):
        _open_door(70000)


def test_two_launchers_never_get_the_same_port():
    with _open_door(None) as first, _open_door(None) as second:
        assert second.getsockname()[1] > first.getsockname()[1] >= 8000


def test_the_test_machine_ignores_and_outlives_nothing(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@production/important")
    monkeypatch.setenv("LEADLOOP_ORIGIN", "https://production.example")
    with throwaway_machine(home, is_durable=False) as env:
        assert "LEADLOOP_ORIGIN" not in env
        with psycopg.connect(env["DATABASE_URL"].replace("postgres://", "postgresql://", 1)) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
    assert list(home.iterdir()) == []


def test_what_a_killed_test_run_left_is_removed(home: Path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = home / f"leadloop-throwaway-{gone.pid}-abc"
    left.mkdir()
    with throwaway_machine(home, is_durable=False):
        assert not left.exists()


def test_the_lock_tells_what_runs(home: Path):
    lock = Lock(home)
    assert lock.take()
    lock.describe({"what": "run"})
    assert json.loads((home / "run/lock").read_text()) == {"pid": os.getpid(), "what": "run"}
    lock.release()

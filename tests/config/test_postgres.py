"""The embedded database, started, killed and restarted for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.processes import binaries
from config.processes.children import is_alive
from config.processes.places import LONGEST_SOCKET_PATH, ROOT, LauncherError
from config.processes.postgres import Postgres

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the database another user")


@pytest.fixture
def database(home: Path) -> Iterator[Postgres]:
    server = Postgres(home / "postgres", log=home / "log", is_durable=False)
    yield server
    server.remove()


def ask(server: Postgres, sql: str) -> object:
    with psycopg.connect(server.url.replace("postgres://", "postgresql://", 1), autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_it_listens_on_its_socket_only_and_leaves_nothing_running(database: Postgres):
    process = database.start()
    assert ask(database, "SELECT current_database()") == "leadloop"
    assert ask(database, "SHOW listen_addresses") == ""
    assert ask(database, "SELECT lower('É')") == "é"
    database.stop()
    assert process.returncode == 0
    with pytest.raises(psycopg.OperationalError):
        ask(database, "SELECT 1")


def test_its_folder_is_closed_to_others(database: Postgres, home: Path):
    database.start()
    assert (home / "postgres").stat().st_mode & 0o077 == 0


def test_killed_it_starts_again_with_its_data(database: Postgres):
    process = database.start()
    ask(database, "CREATE TABLE kept AS SELECT 7 AS value")
    ask(database, "CHECKPOINT")
    process.kill()
    process.wait()
    database.start()
    assert ask(database, "SELECT value FROM kept") == 7


def test_it_dies_with_a_killed_launcher_and_the_next_start_is_not_hindered(database: Postgres, home: Path):
    code = (
        "import sys, time; from pathlib import Path; from config.processes.postgres import Postgres\n"
        "home = Path(sys.argv[1])\n"
        "print(Postgres(home / 'postgres', log=home / 'log', is_durable=False).start().pid, flush=True)\n"
        "time.sleep(60)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", code, home], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    with launcher.stdout:
        pid = int(launcher.stdout.readline())
    assert is_alive(pid)
    launcher.kill()
    launcher.wait()
    # At once, while the old server may still be shutting down.
    database.start()
    assert not is_alive(pid)
    assert ask(database, "SELECT 1") == 1


def test_a_server_that_outlived_its_launcher_is_ended(database: Postgres, home: Path):
    old = database.start()
    successor = Postgres(home / "postgres", log=home / "log", is_durable=False)
    successor.start()
    assert old.wait(5) == 0
    assert ask(successor, "SELECT 1") == 1
    successor.stop()


def test_a_stale_number_that_now_belongs_to_somebody_else_harms_neither(database: Postgres, home: Path):
    database.start()
    database.stop()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (home / "postgres/data/postmaster.pid").write_text(f"{bystander.pid}\n")
        database.start()
        assert ask(database, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_first_start_that_was_cut_short_is_made_good(database: Postgres, home: Path):
    (home / "postgres/data-in-the-making").mkdir()
    (home / "postgres/data-in-the-making/PG_VERSION").write_text("15\n")
    database.start()
    assert ask(database, "SELECT 1") == 1


def test_data_of_another_major_version_is_left_alone_and_named(database: Postgres, home: Path):
    (home / "postgres/data").mkdir()
    (home / "postgres/data/PG_VERSION").write_text("9\n")
    with pytest.raises(LauncherError, match=r"made by PostgreSQL 9; found here: \d+"):
        database.start()
    assert (home / "postgres/data/PG_VERSION").read_text() == "9\n"


def test_a_path_too_long_for_a_socket_works(home: Path):
    server = Postgres(home / f"a folder {'x' * LONGEST_SOCKET_PATH}", log=home / "log", is_durable=False)
    try:
        server.start()
        assert ask(server, "SELECT 1") == 1
    finally:
        server.remove()
    assert not [path for path in home.iterdir() if path.name.startswith("a folder")]


@needs_root
def test_below_a_private_folder_the_data_lives_elsewhere_for_good(home: Path):
    private = home / "private"
    private.mkdir(mode=0o700)
    server = Postgres(private / "postgres", log=home / "log", is_durable=False)
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS value")
    server.stop()
    again = Postgres(private / "postgres", log=home / "log", is_durable=False)
    again.start()
    assert ask(again, "SELECT value FROM kept") == 7
    assert (private / "postgres").resolve().parent == home / "elsewhere"
    again.remove()
    assert list((home / "elsewhere").glob("leadloop-*")) == []


@pytest.mark.parametrize("folder", ["open", pytest.param("private", marks=needs_root)])
def test_the_packaged_binaries_do_where_nothing_is_installed(home: Path, folder: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(binaries, "_system_binaries", list)
    (home / folder).mkdir(mode=0o755 if folder == "open" else 0o700)
    if folder == "private":
        monkeypatch.setattr(binaries, "is_reachable", lambda path: False)
    server = Postgres(home / folder / "postgres", log=home / "log", is_durable=False)
    try:
        server.start()
        assert ask(server, "SELECT current_setting('server_version_num')::int >= 150000") is True
        ask(server, "CREATE EXTENSION pg_trgm")
    finally:
        server.remove()


def test_ctrl_c_in_the_terminal_does_not_reach_it(database: Postgres):
    process = database.start()
    assert os.getpgid(process.pid) != os.getpgid(0)
    assert os.getsid(process.pid) != os.getsid(0)
    process.send_signal(signal.SIGHUP)
    assert ask(database, "SELECT 1") == 1

"""The database, broker and environment that every command of ./dev works with."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from config.processes.broker import Broker
from config.processes.children import MARK, end_leftovers, is_alive
from config.processes.places import ROOT, LauncherError, database_account, is_reachable
from config.processes.postgres import Postgres

# What a tester may say to the tests and benchmarks themselves; the rest of the product's settings is the machine's.
_FOR_TESTS = ("LEADLOOP_DATA", "LEADLOOP_BENCH_HANDOFFS", "LEADLOOP_WRITE_QUERY_COUNTS")
_THROWAWAY = "leadloop-throwaway-"


class Lock:
    """One launcher at a time per var folder. The kernel lets go of it when its holder dies, however it dies."""

    def __init__(self, var: Path) -> None:
        self._path = var / "run" / "lock"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Whether the lock is ours now."""
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        self.describe({})
        return True

    def release(self) -> None:
        """Let the next launcher in."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def describe(self, facts: dict[str, Any]) -> None:
        """Tell other launchers what runs here: what=, pid=, and what they need to join in."""
        if self._file is None:
            raise RuntimeError("describe() needs the lock")
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": os.getpid(), **facts}))
        self._file.flush()

    def holder(self) -> dict[str, Any]:
        """What the launcher that has the lock said of itself."""
        try:
            facts = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}


@dataclass(frozen=True)
class Machine:
    """What this checkout works with: servers still to be started, and the addresses they or others answer at."""

    servers: tuple[Postgres | Broker, ...]
    database_url: str
    broker_url: str


def product_env(var: Path, machine: Machine, *, role: str, is_watched: bool = False) -> dict[str, str]:
    """The environment of the product's processes; the supervisor's own carry a mark by which leftovers are known."""
    env = {
        **os.environ,
        "DATABASE_URL": machine.database_url,
        "CELERY_BROKER_URL": machine.broker_url,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE") or "config.settings",
        "LEADLOOP_ROLE": role,
        "LEADLOOP_VAR": str(var),
        "PYTHONUNBUFFERED": "1",
    }
    return {**env, MARK: str(var)} if is_watched else env


def make_secret_key(var: Path) -> None:
    """Draw the signing key once; a start cut short leaves either none or a whole one."""
    path = var / "secret_key"
    if path.exists() or os.environ.get("LEADLOOP_SECRET_KEY"):
        return
    partial = path.with_name(f"secret_key-{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    partial.rename(path)


def lasting_machine(lock: Lock, var: Path, *, what: str) -> Machine:
    """Database and broker of this checkout; where the environment names others, those instead.

    Call it holding the lock: what an earlier, killed launcher left is ended first.
    """
    end_leftovers(var)
    make_secret_key(var)
    database_url, broker_url = os.environ.get("DATABASE_URL", ""), os.environ.get("CELERY_BROKER_URL", "")
    servers: list[Postgres | Broker] = []
    if not database_url:
        database = Postgres(var / "postgres", log=var / "log" / "postgres.log")
        servers.append(database)
        database_url = database.url
    if not broker_url:
        broker = Broker(var / "broker", log=var / "log" / "broker.log", owner=var)
        servers.append(broker)
        broker_url = broker.url
    lock.describe({"what": what, "database_url": database_url, "broker_url": broker_url})
    return Machine(tuple(servers), database_url, broker_url)


@contextlib.contextmanager
def throwaway_machine(var: Path, *, is_durable: bool) -> Iterator[dict[str, str]]:
    """An environment that leads to a fresh database and broker, both started; both are deleted at the end.

    Settings of the person at the keyboard are left out: tests may not touch anybody's data, nor depend on it.
    """
    _remove_dead_throwaways(var)
    is_root_shut_out = database_account().uid is not None and not is_reachable(var / "any")
    parent = "/tmp" if is_root_shut_out else var
    home = Path(tempfile.mkdtemp(prefix=f"{_THROWAWAY}{os.getpid()}-", dir=parent))
    home.chmod(0o711)
    servers: list[Postgres | Broker] = []
    try:
        database = Postgres(home / "postgres", log=home / "postgres.log", is_durable=is_durable)
        servers.append(database)
        broker = Broker(home / "broker", log=home / "broker.log", owner=home)
        servers.append(broker)
        for server in servers:
            server.start()
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in _FOR_TESTS or not name.startswith(("LEADLOOP_", "PG"))
        }
        own = {"DATABASE_URL": database.url, "CELERY_BROKER_URL": broker.url, "LEADLOOP_VAR": str(home)}
        yield {**inherited, **own}
    finally:
        for server in reversed(servers):
            server.remove()
        shutil.rmtree(home, ignore_errors=True)


def _remove_dead_throwaways(var: Path) -> None:
    """Folders of runs that were killed; their servers ended with them."""
    for parent in (var, Path("/tmp")):
        for folder in parent.glob(f"{_THROWAWAY}*"):
            pid = folder.name.removeprefix(_THROWAWAY).partition("-")[0]
            if folder.stat().st_uid == os.geteuid() and pid.isdigit() and not is_alive(int(pid)):
                end_leftovers(folder)
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def borrowed_machine(var: Path) -> Iterator[dict[str, str]]:
    """Variables for one command: the database of a running `./dev run`, else one started for as long as it takes."""
    lock = Lock(var)
    is_told = False
    while not lock.take():
        holder = lock.holder()
        if holder.get("what") == "run" and holder.get("database_url"):
            yield product_env(var, Machine((), holder["database_url"], holder["broker_url"]), role="command")
            return
        if not is_told:
            print(f"Waiting for another ./dev {holder.get('what', '')} in {ROOT} to finish ...", flush=True)
            is_told = True
        time.sleep(0.2)
    machine = lasting_machine(lock, var, what="manage")
    try:
        for server in machine.servers:
            server.start()
        yield product_env(var, machine, role="command")
    finally:
        for server in reversed(machine.servers):
            server.stop()
        lock.release()


def refuse_second(lock: Lock) -> LauncherError:
    """What a second `./dev run` in the same folder is told."""
    holder = lock.holder()
    address = f" at {holder['address']}" if holder.get("address") else ""
    return LauncherError(
        f"LeadLoop already runs from this folder{address} (process {holder.get('pid', '?')}). "
        "Stop it there with Ctrl-C before starting it again."
    )

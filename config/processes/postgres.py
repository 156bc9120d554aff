"""An embedded PostgreSQL: a child process, one unix socket in a private folder, no TCP, no service to install."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from config.processes.binaries import Binaries, choose_binaries, server_env
from config.processes.children import is_alive, open_log, spawn, stop, tail
from config.processes.places import LauncherError, database_account, folder_for_account, socket_folder

USER = DATABASE = "leadloop"
_SOCKET_NAME = ".s.PGSQL.5432"
_ELSEWHERE = Path("/var/lib/leadloop")
# What makes a database survive a power cut costs time that a database thrown away at the end need not pay.
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=5min")


class Postgres:
    """One database cluster in `home`. start() and stop() may be called again and again."""

    name = "database"

    def __init__(self, home: Path, *, log: Path, is_durable: bool = True) -> None:
        self._account = database_account()
        self._link = home
        self._home = folder_for_account(home, self._account, elsewhere=_ELSEWHERE)
        self._data = self._home / "data"
        self._log = log
        self._is_durable = is_durable
        self._sockets = socket_folder(self._home, f"{_SOCKET_NAME}.lock", self._account)
        self._binaries: Binaries | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The DATABASE_URL of this cluster; a superuser, for whoever may enter the folder."""
        return f"postgres://{USER}@{quote(str(self._sockets), safe='')}/{DATABASE}"

    def start(self) -> subprocess.Popen[bytes]:
        """Make the cluster when there is none, clear what a crash left, start, wait until it answers.

        Raises LauncherError with the end of the log when it does not come up.
        """
        self._binaries = self._binaries or choose_binaries(self._home, self._account)
        if not self._data.exists():
            self._create(self._binaries)
        self._end_predecessor()
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self._sockets}",
            "unix_socket_permissions=0700",
            "jit=off",
            # After a crash: one flush for the file system, not one for each of a thousand files.
            *(["recovery_init_sync_method=syncfs"] if sys.platform == "linux" else []),
            *(() if self._is_durable else _QUICK),
        ]
        options = [f"-c{setting}" for setting in settings]
        argv: list[str | Path] = [self._binaries.bin / "postgres", "-D", self._data, *options]
        with open_log(self._log) as log:
            self.process = spawn(argv, env=server_env(), log=log, account=self._account, death_signal=signal.SIGINT)
        self._wait_until_ready(self.process)
        return self.process

    def stop(self) -> None:
        """Shut down in order: connections are cut, everything is written."""
        if self.process is not None:
            stop(self.process, by=signal.SIGINT, seconds=15)
            self.process = None

    def last_words(self) -> str:
        """The end of its log."""
        return tail(self._log)

    def remove(self) -> None:
        """Stop and delete the cluster with its folders."""
        self.stop()
        for folder in (self._sockets, self._home):
            shutil.rmtree(folder, ignore_errors=True)
        for link in (self._link, self._link.with_name(f"{self._link.name}-socket")):
            if link.is_symlink():
                link.unlink()

    def _create(self, binaries: Binaries) -> None:
        """initdb into a folder beside, renamed when complete: a start cut short leaves nothing half made."""
        partial = self._home / "data-in-the-making"
        shutil.rmtree(partial, ignore_errors=True)
        argv: list[str | Path] = [binaries.bin / "initdb", "-D", partial, "-U", USER, "-A", "trust", "-E", "UTF8"]
        argv += ["--locale=C.UTF-8"] if binaries.major < 17 else ["--locale=C", "--locale-provider=builtin"]
        argv += ["--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
        # Flushing file by file takes seconds; the kernel writes an empty cluster out soon enough.
        argv += ["--no-instructions", "--no-sync"]
        self._run(argv, statement=b"")
        single: list[str | Path] = [binaries.bin / "postgres", "--single", "-D", partial, "postgres"]
        self._run(single, statement=f"CREATE DATABASE {DATABASE}\n".encode())
        partial.rename(self._data)

    def _run(self, argv: Sequence[str | Path], *, statement: bytes) -> None:
        done = subprocess.run(
            [os.fspath(part) for part in argv],
            input=statement,
            capture_output=True,
            cwd="/",
            env=server_env(),
            user=self._account.uid,
            group=self._account.gid,
            extra_groups=None if self._account.uid is None else [],
        )
        if done.returncode:
            text = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise LauncherError(f"{Path(argv[0]).name} failed:\n{text}")

    def _end_predecessor(self) -> None:
        """End a server that outlived its launcher, and drop its lock files.

        PostgreSQL itself would refuse to start when the old number belongs to another process by now.
        """
        pid_file = self._data / "postmaster.pid"
        pid = self._server_of(pid_file)
        for number, seconds in ((signal.SIGINT, 8), (signal.SIGQUIT, 4), (signal.SIGKILL, 4)):
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            pid = pid if is_alive(pid) else None
        pid_file.unlink(missing_ok=True)
        for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
            (self._sockets / name).unlink(missing_ok=True)

    def _server_of(self, pid_file: Path) -> int | None:
        """The number of the living server of this very data folder, None when the file is stale."""
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        if not is_alive(pid):
            return None
        try:
            return pid if os.readlink(f"/proc/{pid}/cwd") == str(self._data.resolve()) else None
        except OSError:
            return None if Path("/proc/self").exists() else pid

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """The server writes its state to line 8 of its pid file; replaying after a crash may take its time."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise LauncherError(f"PostgreSQL did not start:\n{tail(self._log)}")
            with contextlib.suppress(FileNotFoundError):
                lines = (self._data / "postmaster.pid").read_text().split("\n")
                if len(lines) > 7 and lines[7].startswith("ready") and lines[0] == str(process.pid):
                    return
            time.sleep(0.02)
        stop(process, by=signal.SIGQUIT)
        raise LauncherError(f"PostgreSQL did not become ready within 120 seconds:\n{tail(self._log)}")

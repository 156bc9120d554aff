"""Watches children: starts them in order, restarts what dies, stops all in reverse order."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from config.processes.children import kill_group, open_log, spawn, stop, tail
from config.processes.places import LauncherError

_LONGEST_PAUSE_SECONDS = 10.0
_STEADY_AFTER_SECONDS = 30.0
_POLL_SECONDS = 0.1


class Server(Protocol):
    """What the supervisor can keep alive."""

    name: str
    process: subprocess.Popen[bytes] | None

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, again if need be."""

    def stop(self) -> None:
        """End it in an orderly way."""

    def last_words(self) -> str:
        """The end of its log."""


class Program:
    """A plain child: a command line, an environment, a log, and open files of the launcher that it may use."""

    def __init__(
        self, name: str, argv: list[str], *, env: dict[str, str], log: Path, pass_fds: tuple[int, ...] = ()
    ) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._argv, self._env, self._log, self._pass_fds = argv, env, log, pass_fds

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; whether it stays up is for the supervisor to see."""
        with open_log(self._log) as log:
            self.process = spawn(self._argv, env=self._env, log=log, pass_fds=self._pass_fds)
        return self.process

    def stop(self) -> None:
        """Ask it to finish what it is doing, insist after some seconds."""
        if self.process is not None:
            stop(self.process)
            self.process = None

    def last_words(self) -> str:
        """The end of its log."""
        return tail(self._log)


@dataclass
class _Watch:
    server: Server
    started_at: float = 0.0
    death_count: int = 0
    pause_seconds: float = 0.0
    restart_at: float | None = None


@dataclass
class Supervisor:
    """Keeps a list of servers alive until a signal asks it to stop."""

    say: Callable[[str], None]
    _watches: list[_Watch] = field(default_factory=list)
    _is_stopping: bool = False

    def listen(self) -> None:
        """Ctrl-C, a termination and a closed terminal end everything in order; a second one does not cut that short."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            raise KeyboardInterrupt

    def start(self, server: Server) -> None:
        """Start a server and watch it from now on."""
        watch = _Watch(server, started_at=time.monotonic())
        self._watches.append(watch)
        server.start()

    def watch(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Restart whatever dies, until the condition holds. Raises LauncherError when one never gets up."""
        while not until():
            for watch in self._watches:
                self._look_after(watch)
            time.sleep(_POLL_SECONDS)

    def _look_after(self, watch: _Watch) -> None:
        now = time.monotonic()
        process = watch.server.process
        if watch.restart_at is not None:
            if now >= watch.restart_at:
                self._restart(watch)
        elif process is not None and process.poll() is not None:
            kill_group(process)
            if now - watch.started_at > _STEADY_AFTER_SECONDS:
                watch.death_count, watch.pause_seconds = 0, 0.0
            watch.death_count += 1
            watch.restart_at = now + watch.pause_seconds
            watch.pause_seconds = min(max(0.5, watch.pause_seconds * 2), _LONGEST_PAUSE_SECONDS)
            last_line = watch.server.last_words().rpartition("\n")[2].strip()
            self.say(f"{watch.server.name} ended with {process.returncode} ({last_line}); starting it again")

    def _restart(self, watch: _Watch) -> None:
        watch.restart_at, watch.started_at = None, time.monotonic()
        try:
            watch.server.start()
        except LauncherError as error:
            self.say(f"{watch.server.name}: {error}")
            watch.restart_at = time.monotonic() + watch.pause_seconds
            watch.pause_seconds = min(max(0.5, watch.pause_seconds * 2), _LONGEST_PAUSE_SECONDS)

    def deaths_of(self, server: Server) -> int:
        """How often it died since it last ran steadily."""
        return next(watch.death_count for watch in self._watches if watch.server is server)

    def stop(self) -> None:
        """Programs first and at once, then the servers they need, last started first. Returns when all are gone."""
        self._is_stopping = True
        programs = [watch.server for watch in self._watches if isinstance(watch.server, Program)]
        _together(program.stop for program in programs)
        for watch in reversed(self._watches):
            watch.server.stop()
        self._watches.clear()


def _together(actions: Iterable[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

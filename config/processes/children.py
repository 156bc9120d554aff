"""Child processes that never outlive the launcher, and a clean end for those that a killed launcher left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from config.processes.places import ROOT, Account

MARK = "LEADLOOP_CHILD_OF"
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT_BYTES = 5_000_000
# Loaded before any fork: between fork and exec nothing may be imported.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent(parent: int, death_signal: int) -> Callable[[], None]:
    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


def open_log(path: Path) -> IO[bytes]:
    """The log, open for appending; a long one is put aside first, so that two at most exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def tail(log: Path, line_count: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-line_count:]) if log.exists() else ""


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: IO[bytes] | int | None = None,
    account: Account | None = None,
    death_signal: int = signal.SIGTERM,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches the launcher alone and the launcher sets the order.

    The kernel sends `death_signal` to it when the launcher ends, however it ends. Linux only; elsewhere the next start
    clears what was left. `options` go to Popen as they are.
    """
    account = account or Account()
    return subprocess.Popen(
        [os.fspath(part) for part in argv],
        cwd="/" if account.uid is not None else ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=options.pop("stdout", log),
        stderr=log,
        start_new_session=True,
        user=account.uid,
        group=account.gid,
        extra_groups=None if account.uid is None else [],
        preexec_fn=_die_with_parent(os.getpid(), death_signal),
        **options,
    )


def stop(process: subprocess.Popen[bytes], *, by: int = signal.SIGTERM, seconds: float = 8) -> int:
    """Ask the child to end, insist after some seconds, and take its whole group along. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill_group(process)
    return process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End every process of the child's group at once, also when the child itself is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def end_leftovers(owner: Path) -> int:
    """End what an earlier, killed launcher of this folder started; call it holding the lock. Returns how many."""
    left = _marked(owner)
    for pid in left:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + 3
    while _marked(owner) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in _marked(owner):
        _signal(pid, signal.SIGKILL)
    return len(left)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _marked(owner: Path) -> list[int]:
    mark = f"{MARK}={owner}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def is_alive(pid: int) -> bool:
    """Whether a process with this number exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

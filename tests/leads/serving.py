"""The product behind its real server, on the test's own database."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.leads.imports.test_interrupted import environment

ROOT = Path(__file__).resolve().parents[2]
WORKERS, TIMEOUT_SECONDS = 3, 8


@contextmanager
def served() -> Iterator[int]:
    """The port of gunicorn with the workers config/processes/run.py gives a machine of two cores; a worker that does
    nothing else for TIMEOUT_SECONDS is ended, there it is half a minute.
    """
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(64)
        port = door.getsockname()[1]
        argv = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{door.fileno()}"]
        argv += ["--workers", str(WORKERS), "--timeout", str(TIMEOUT_SECONDS), "--no-control-socket"]
        env = environment() | {"LEADLOOP_ORIGIN": "", "DJANGO_SETTINGS_MODULE": "tests.settings"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **env}, pass_fds=(door.fileno(),), **quiet)
        try:
            # Every worker has started and made its first page, which takes longest.
            assert [asked(port)[0] for _ in range(4 * WORKERS)][-WORKERS:] == [200] * WORKERS
            yield port
        finally:
            server.terminate()
            server.wait(20)


def asked(port: int, path: str = "/login/") -> tuple[int, float]:
    """The status of a page and how many seconds it took."""
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, time.monotonic() - begun
    except urllib.error.HTTPError as error:
        return error.code, time.monotonic() - begun


def half_sent(port: int, head: str) -> socket.socket:
    """A connection whose request has begun and never ends."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(head.encode())
    return line


def is_hung_up(line: socket.socket, *, drip: bytes, seconds: float) -> bool:
    """Whether the server ended the connection, which sends on byte by byte, within so many seconds. Closes it."""
    stop = time.monotonic() + seconds
    line.settimeout(0.5)
    with line:
        while time.monotonic() < stop:
            try:
                line.sendall(drip)
                if line.recv(4096) == b"":
                    return True
            except TimeoutError:
                continue
            except OSError:
                return True
    return False

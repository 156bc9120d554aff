"""Requests to the site as it is served: gunicorn on loopback, several connections that are kept open."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter, sleep

from django.conf import settings
from django.db import connection

WORKERS, THREADS, CONNECTIONS = 2, 4, 8
_DEADLINE_SECONDS = 30
# Method, path, body.
Asked = tuple[str, str, bytes]


@contextmanager
def serving() -> Iterator[int]:
    """The port on which the site answers while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.served_settings",
        "LEADLOOP_BENCH_DATABASE": str(connection.settings_dict["NAME"]),
        "LEADLOOP_ROLE": "web",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    options = ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS)]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", *options, "--log-level", "error"]
    server = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(_DEADLINE_SECONDS)


def _wait(port: int) -> None:
    deadline = perf_counter() + _DEADLINE_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if perf_counter() > deadline:
                raise
            sleep(0.1)


def rate(port: int, key: str, asked: Sequence[Asked]) -> float:
    """How many of the requests were answered a second, over all connections together. AssertionError unless each was
    answered 200 or 201.
    """
    shares = [asked[at::CONNECTIONS] for at in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        began = perf_counter()
        for done in [pool.submit(_ask, port, key, share) for share in shares]:
            done.result()
        return len(asked) / (perf_counter() - began)


def _ask(port: int, key: str, asked: Sequence[Asked]) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=_DEADLINE_SECONDS)
    for method, where, body in asked:
        line.request(method, where, body or None, headers)
        answer = line.getresponse()
        content = answer.read()
        assert answer.status in (200, 201), (answer.status, content[:300])
    line.close()

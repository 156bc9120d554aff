"""The product's own web server, for the fuzzer."""

import contextlib
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from config.processes.children import open_log, spawn, stop

# What no request may bring about: an error nobody caught, or a process that had to be killed.
_TROUBLE = re.compile(r"Internal Server Error|WORKER TIMEOUT|was sent SIG|Exception in worker process")


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address at which the product answers, until the end of the block; as many processes as `./dev run` has."""
    with socket.socket() as door, open_log(folder / "web.log") as log:
        door.bind(("127.0.0.1", 0))
        door.listen(256)
        web = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{door.fileno()}", "--timeout", "30"]
        web += ["--workers", str(min(4, (os.cpu_count() or 1) + 1)), "--no-control-socket"]
        process = spawn(web, env=env("web"), log=log, pass_fds=[door.fileno()])
        try:
            time.sleep(1)
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            stop(process)


def troubles(folder: Path) -> list[str]:
    """What its log says went wrong, each with the lines that follow."""
    lines = (folder / "web.log").read_text().splitlines()
    return ["\n".join(lines[at : at + 60]) for at, line in enumerate(lines) if _TROUBLE.search(line)]


def env(role: str) -> dict[str, str]:
    """The variables of a process of the product."""
    more = {"LEADLOOP_ROLE": role, "DJANGO_SETTINGS_MODULE": "config.settings", "LEADLOOP_ALLOWED_HOSTS": "127.0.0.1"}
    return {**os.environ, **more}

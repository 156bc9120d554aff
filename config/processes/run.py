"""`./dev run`: database, broker, migrations, then the web server, the worker and the sweep, until Ctrl-C."""

import argparse
import http.client
import os
import socket
import subprocess
import time
from pathlib import Path

from config.processes.children import spawn, stop
from config.processes.machine import Lock, Machine, lasting_machine, product_env, refuse_second
from config.processes.places import PYTHON, LauncherError, var_dir
from config.processes.supervisor import Program, Supervisor

HOST = "127.0.0.1"
FIRST_PORT = 8000
_PORT_COUNT = 100
_DEATHS_BEFORE_GIVING_UP = 3
_SECONDS_TO_THE_FIRST_PAGE = 60


def run(arguments: list[str]) -> int:
    """Serve until a signal comes; 0 when it was asked to stop. Raises LauncherError when it cannot serve."""
    parser = argparse.ArgumentParser(prog="./dev run", description="Start LeadLoop and everything it needs.")
    parser.add_argument("--port", type=int, help=f"serve here, nowhere else (default: {FIRST_PORT} or the next free)")
    options = parser.parse_args(arguments)
    var = var_dir()
    lock = Lock(var)
    if not lock.take():
        raise refuse_second(lock)
    supervisor = Supervisor(say=_say)
    supervisor.listen()
    try:
        with _open_door(options.port) as door:
            machine = lasting_machine(lock, var, what="run")
            _serve(supervisor, machine, lock, var=var, door=door)
    except KeyboardInterrupt:
        _say("stopping")
    finally:
        supervisor.stop()
        lock.release()
    _say("stopped")
    return 0


def _serve(supervisor: Supervisor, machine: Machine, lock: Lock, *, var: Path, door: socket.socket) -> None:
    for server in machine.servers:
        supervisor.start(server)
    logins = _prepare(product_env(var, machine, role="command"))
    port = door.getsockname()[1]
    web, *others = _programs(machine, var, door)
    for program in (web, *others):
        supervisor.start(program)

    deadline = time.monotonic() + _SECONDS_TO_THE_FIRST_PAGE

    def is_up() -> bool:
        if supervisor.deaths_of(web) >= _DEATHS_BEFORE_GIVING_UP or time.monotonic() > deadline:
            raise LauncherError(f"No page comes back; the end of {var / 'log' / 'web.log'}:\n{web.last_words()}")
        return _answers(port)

    supervisor.watch(until=is_up)
    address = f"http://{HOST}:{port}/"
    lock.describe(
        {"what": "run", "address": address, "database_url": machine.database_url, "broker_url": machine.broker_url}
    )
    _say(f"\n{logins}\nLeadLoop is ready at {address}   (Ctrl-C stops it, logs are in {var / 'log'})\n")
    supervisor.watch()


def _programs(machine: Machine, var: Path, door: socket.socket) -> list[Program]:
    """The web server first, then whatever works in the background."""
    python = str(PYTHON)
    web = [python, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{door.fileno()}", "--timeout", "30"]
    web += ["--workers", str(min(4, (os.cpu_count() or 1) + 1)), "--graceful-timeout", "5", "--no-control-socket"]
    worker = [python, "-m", "celery", "-A", "config.celery", "worker", "-B", "-s", str(var / "run" / "beat")]
    worker += ["-P", "threads", "-c", "4", "--without-gossip", "--without-mingle", "-l", "WARNING"]
    sweep = [python, "manage.py", "sweep", "--loop"]
    programs = []
    for name, role, argv in (("web", "web", web), ("worker", "worker", worker), ("sweep", "worker", sweep)):
        env = product_env(var, machine, role=role, is_watched=True)
        env.setdefault("LEADLOOP_ORIGIN", f"http://{HOST}:{door.getsockname()[1]}")
        fds = (door.fileno(),) if name == "web" else ()
        programs.append(Program(name, argv, env=env, log=var / "log" / f"{name}.log", pass_fds=fds))
    return programs


def _prepare(env: dict[str, str]) -> str:
    """Bring database and static files up to date; what it printed are the demo's logins."""
    _say("preparing database and static files")
    process = spawn([PYTHON, "-m", "config.prepare"], env=env, stdout=subprocess.PIPE)
    try:
        output, _ = process.communicate()
    finally:
        stop(process)
    if process.returncode:
        raise LauncherError("Preparing the database failed; the reason stands above.")
    return output.decode(errors="replace")


def _open_door(wanted: int | None) -> socket.socket:
    """A listening socket, kept by the launcher: nobody else gets the port, a restart of the web server drops nobody."""
    candidates = [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + _PORT_COUNT)
    for port in candidates:
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
            door.listen(256)
        except (OSError, OverflowError):
            door.close()
            continue
        return door
    if wanted:
        raise LauncherError(f"Port {wanted} cannot be used: another program has it, or it is not ours to take.")
    raise LauncherError(f"Ports {FIRST_PORT} to {FIRST_PORT + _PORT_COUNT - 1} are all taken. Choose one with --port.")


def _answers(port: int) -> bool:
    """Whether a page comes back; a server error is no page."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}" if "\n" not in text else text, flush=True)

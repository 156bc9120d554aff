"""What the supervisor keeps alive, and how it lets go."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.processes.children import MARK, end_leftovers, is_alive, spawn, stop
from config.processes.places import ROOT
from config.processes.supervisor import Program, Supervisor


def program(home: Path, code: str, name: str = "program") -> Program:
    return Program(name, [sys.executable, "-c", code], env={}, log=home / f"{name}.log")


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_what_dies_is_started_again(home: Path):
    said: list[str] = []
    supervisor = Supervisor(say=said.append)
    server = program(home, "import time; print('last words', flush=True); time.sleep(60)")
    supervisor.start(server)
    first = server.process
    assert first is not None
    wait_until(lambda: server.last_words())
    first.kill()
    supervisor.watch(until=lambda: server.process is not None and server.process.pid != first.pid)
    assert said == ["program ended with -9 (last words); starting it again"]
    supervisor.stop()
    assert server.process is None


def test_what_dies_at_once_is_counted_and_started_ever_more_rarely(home: Path):
    supervisor = Supervisor(say=lambda text: None)
    server = program(home, "open(__import__('sys').argv[0] or 'x'); raise SystemExit(3)")
    supervisor.start(server)
    started_at = time.monotonic()
    supervisor.watch(until=lambda: supervisor.deaths_of(server) >= 3)
    assert time.monotonic() - started_at > 0.4
    assert "FileNotFoundError" in server.last_words()
    supervisor.stop()


def test_a_dead_programs_own_children_go_with_it(home: Path):
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    server = program(home, code)
    supervisor = Supervisor(say=lambda text: None)
    supervisor.start(server)
    wait_until(lambda: server.last_words().strip().isdigit())
    grandchild = int(server.last_words())
    assert server.process is not None
    server.process.kill()
    supervisor.watch(until=lambda: supervisor.deaths_of(server) == 1)
    wait_until(lambda: not is_alive(grandchild))
    supervisor.stop()


def test_one_that_does_not_listen_is_ended_all_the_same(home: Path):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    server = program(home, code)
    process = server.start()
    wait_until(lambda: "1" in server.last_words())
    assert stop(process, seconds=0.2) == -signal.SIGKILL


def test_children_die_with_a_killed_launcher(home: Path):
    code = (
        "import sys, time; from config.processes.children import spawn\n"
        "print(spawn(['sleep', '60'], env={'PATH': '/usr/bin:/bin'}).pid, flush=True); time.sleep(60)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    child = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    wait_until(lambda: not is_alive(child))


def test_leftovers_of_this_folder_are_ended_and_no_others(home: Path):
    mine = spawn(["sleep", "60"], env={MARK: str(home), "PATH": "/usr/bin:/bin"})
    other = spawn(["sleep", "60"], env={MARK: f"{home}-other", "PATH": "/usr/bin:/bin"})
    try:
        wait_until(lambda: is_alive(mine.pid) and is_alive(other.pid))
        time.sleep(0.1)
        assert end_leftovers(home) == 1
        assert mine.wait(5) == -signal.SIGTERM
        assert other.poll() is None
    finally:
        stop(other)
        stop(mine)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_in_order(home: Path, number: int):
    code = (
        "import sys, time; from pathlib import Path; from config.processes.supervisor import Program, Supervisor\n"
        "home = Path(sys.argv[1]); s = Supervisor(say=print); s.listen()\n"
        "p = Program('p', ['sleep', '60'], env={'PATH': '/usr/bin:/bin'}, log=home / 'p.log')\n"
        "try:\n    s.start(p); print(p.process.pid, flush=True); s.watch()\n"
        "except KeyboardInterrupt:\n    s.stop()\n"
    )
    launcher = subprocess.Popen([sys.executable, "-c", code, home], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    child = int(launcher.stdout.readline())
    launcher.send_signal(number)
    assert launcher.wait(10) == 0
    launcher.stdout.close()
    assert not is_alive(child)

"""One command of ./dev, inside the environment that ./dev has made."""

import signal
import subprocess
import sys
from types import FrameType

from config.processes import checks
from config.processes.machine import borrowed_machine
from config.processes.places import PYTHON, ROOT, LauncherError, var_dir
from config.processes.run import run


def manage(arguments: list[str]) -> int:
    """manage.py with this checkout's database: that of a running ./dev run, else one started for the moment."""
    with borrowed_machine(var_dir()) as env:
        process = subprocess.Popen([str(PYTHON), "manage.py", *arguments], cwd=ROOT, env=env)
        # Ctrl-C reaches the command as well; the database must outlive its last words.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return process.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


COMMANDS = {
    "run": run,
    "test": checks.test,
    "lint": checks.lint,
    "bench": checks.bench,
    "fuzz": checks.fuzz,
    "manage": manage,
}


def main(argv: list[str]) -> int:
    """The exit code of the command; 130 when it was interrupted, as a shell reports it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    name, *arguments = argv
    try:
        return COMMANDS[name](arguments)
    except LauncherError as error:
        print(f"./dev {name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

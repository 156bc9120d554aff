"""What must be done before the product can serve, in one process: migrations, static files, the demo's data.

Prints the demo's logins, and nothing else, on standard output. Run it as `python -m config.prepare`.
"""

import hashlib
import io
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def main() -> None:
    """Bring database and static files up to date; load the demo into a database without any person in it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LEADLOOP_ROLE", "command")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    _collect_static()
    from django.contrib.auth import get_user_model

    if not get_user_model()._default_manager.exists():
        sys.stderr.write("loading the demo\n")
        call_command("load_demo", stdout=io.StringIO())
    call_command("demo_logins", stdout=sys.stdout)


def _collect_static() -> None:
    """Collect and compress when a source has changed. The digest is written last: an interruption is made good."""
    done = Path(settings.STATIC_ROOT) / ".digest"
    digest = _digest_of_sources()
    if done.exists() and done.read_text() == digest:
        return
    sys.stderr.write("collecting static files\n")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=["redoc"])
    done.write_text(digest)


def _digest_of_sources() -> str:
    digest = hashlib.sha256(repr(settings.STORAGES).encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda item: item[0]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()

"""Uploaded files, under names that LeadLoop makes; gone once their run has ended."""

import datetime as dt
import hashlib
import uuid
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone

from leads.actions.import_source import Opener
from leads.models import ImportRun, RunState

FOLDER = "imports"
MOST_BYTES = 100 * 1024 * 1024
# A file without a run is an upload that was cut short; this long it may still be on its way.
_ORPHAN_AGE = dt.timedelta(hours=1)


def keep_upload(file: "File[bytes]") -> tuple[str, str]:
    """The name under which the upload is kept now, and its SHA-256 in hex. The name it came with plays no part in
    it.
    """
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    file.seek(0)
    return default_storage.save(f"{FOLDER}/{uuid.uuid4()}.csv", file), digest.hexdigest()


def opener_of(path: str) -> Opener:
    """What opens the kept upload for reading bytes. FileNotFoundError when it is gone."""
    return lambda: cast("BinaryIO", default_storage.open(path, "rb"))


def discard_upload(path: str) -> None:
    """Remove one kept upload; nothing happens when it is gone already."""
    default_storage.delete(path)


def discard_files() -> None:
    """Remove the files of runs that have ended, and those that never got a run."""
    ended = ImportRun.objects.exclude(file_path="").exclude(state__in=[RunState.WAITING, RunState.RUNNING])
    for pk, path in ended.values_list("pk", "file_path"):
        default_storage.delete(path)
        ImportRun.objects.filter(pk=pk).update(file_path="")
    try:
        names = default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return
    wanted = {
        PurePosixPath(path).name for path in ImportRun.objects.exclude(file_path="").values_list("file_path", flat=True)
    }
    for name in set(names) - wanted:
        path = f"{FOLDER}/{name}"
        if timezone.now() - default_storage.get_modified_time(path) > _ORPHAN_AGE:
            default_storage.delete(path)

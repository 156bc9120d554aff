"""Folders that a database's user may reach, which pytest's own private ones are not."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.processes import postgres


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user may walk into; what cannot live in it goes to `elsewhere` inside it."""
    folder = Path(tempfile.mkdtemp(prefix="leadloop-test-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(postgres, "_ELSEWHERE", folder / "elsewhere")
    yield folder
    shutil.rmtree(folder)

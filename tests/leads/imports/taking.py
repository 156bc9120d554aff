"""Taking a text in as a file, the way the command does."""

import csv
import io
from collections.abc import Iterable, Sequence

from leads.actions.import_kinds import kind_named
from leads.actions.import_source import Source, mapping_for
from leads.actions.imports import RunRequest, begin, go_on
from leads.logic.actors import Actor
from leads.models import ImportRow, ImportRun

BY = Actor(user_id=None, label="Import", via="import")


def csv_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def source_of(data: str | bytes, *, kind: str, mapping: str = "") -> Source:
    raw = data.encode() if isinstance(data, str) else data
    found = kind_named(kind)
    return Source(lambda: io.BytesIO(raw), kind=found, mapping=mapping_for(found, mapping))


def run_for(data: str | bytes, *, kind: str, mapping: str = "", is_dry_run: bool = False) -> ImportRun:
    digest = f"{hash(data):x}"
    asked = RunRequest(kind=kind, file_name="x.csv", file_digest=digest, mapping=mapping, is_dry_run=is_dry_run)
    return begin(asked, by=BY)


def take_in(data: str | bytes, *, kind: str, mapping: str = "", is_dry_run: bool = False, **more) -> ImportRun:
    """The run after everything that could be done."""
    run = run_for(data, kind=kind, mapping=mapping, is_dry_run=is_dry_run)
    return go_on(run, source_of(data, kind=kind, mapping=mapping), **more)


def refused(run: ImportRun) -> list[tuple[int, str, str]]:
    """Line, field and message of every refused row."""
    rows = ImportRow.objects.filter(run=run, result="failed").order_by("line")
    return list(rows.values_list("line", "field", "message"))


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, failed."""
    return run.created_count, run.updated_count, run.unchanged_count, run.failed_count

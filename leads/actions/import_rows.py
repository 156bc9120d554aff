"""What becomes of a chunk of rows: applied in one go, or row by row when one of them cannot be."""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, transaction

from leads.actions.import_kinds import Batch, ImportKind, RowDone
from leads.logic.actors import Actor
from leads.logic.csv_rows import CsvRow
from leads.logic.errors import InvalidInput, LeadLoopError
from leads.logic.import_mapping import FileMapping
from leads.logic.row_reader import RowReader
from leads.logic.text import one_line
from leads.models import RowResult

_log = logging.getLogger(__name__)


class Verdict(NamedTuple):
    """What became of the row that begins on `line`; field and message only where it was refused."""

    line: int
    result: RowResult
    field: str = ""
    message: str = ""


def take_in(
    rows: Sequence[CsvRow], *, reader: RowReader, kind: ImportKind, mapping: FileMapping, by: Actor
) -> list[Verdict]:
    """One verdict per row, in order. Belongs in a transaction; a refused row leaves nothing behind and stops no other.

    Raises OperationalError and InterfaceError: the database is in trouble, not the row, and the chunk is to be tried
    again.
    """
    done: dict[int, RowDone] = {}
    filled: dict[int, dict[str, Any]] = {}
    for at, row in enumerate(rows):
        try:
            filled[at] = reader.values(row)
        except InvalidInput as error:
            done[at] = error
    done |= zip(filled, _applied(kind, Batch(rows=list(filled.values()), mapping=mapping, by=by)), strict=True)
    return [_verdict(row.line, done[at], reader) for at, row in enumerate(rows)]


def _applied(kind: ImportKind, batch: Batch) -> list[RowDone]:
    if not batch.rows:
        return []
    try:
        with transaction.atomic():
            return kind.apply(batch)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one row, the others go in
        name = type(error).__name__
        if len(batch.rows) == 1:
            _log.error("a row of %s cannot be taken in: %s: %s", kind.name, name, error)
            return [InvalidInput(f"The row cannot be taken in ({name}); the log of LeadLoop says more.")]
        _log.warning("a chunk of %s is taken in row by row", kind.name, exc_info=True)
    return [_applied(kind, Batch(rows=[row], mapping=batch.mapping, by=batch.by))[0] for row in batch.rows]


def _verdict(line: int, done: RowDone, reader: RowReader) -> Verdict:
    if not isinstance(done, LeadLoopError):
        return Verdict(line, done)
    field = getattr(done, "field", "")[:100]
    message = done.message
    column = reader.column_of(field)
    if column and column != field:
        message = f"{message} (Column “{column[:80]}”.)"
    # Whatever the cell held, it must be possible to write down why it was refused.
    return Verdict(
        line, RowResult.FAILED, field, one_line(message.replace("\x00", "?"), field="message", longest=10**6)[:500]
    )

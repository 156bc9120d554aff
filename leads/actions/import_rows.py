"""What becomes of a chunk of rows: applied in one go, or row by row when one of them cannot be."""

import logging
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, transaction

from leads.actions.import_kinds import NOT_ALONE, Batch, ImportKind, RowDone
from leads.actions.import_source import part_of
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
    if kind.together and done:
        for at in _left_alone(rows, done, reader=reader, field=kind.together):
            del filled[at]
            done[at] = InvalidInput(NOT_ALONE)
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
        parts = list(_parts(kind, batch.rows))
        if len(parts) == 1:
            _log.error("a row of %s cannot be taken in: %s: %s", kind.name, name, error)
            refusal = InvalidInput(f"The row cannot be taken in ({name}); the log of LeadLoop says more.")
            return [refusal] * len(batch.rows)
        _log.warning("a chunk of %s is taken in row by row", kind.name, exc_info=True)
    return [done for part in parts for done in _applied(kind, Batch(rows=part, mapping=batch.mapping, by=batch.by))]


def _parts(kind: ImportKind, rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows that go in by themselves: each, or all those of one thing."""
    if kind.together:
        return (list(part) for _, part in groupby(rows, key=lambda row: row[kind.together].casefold()))
    return ([row] for row in rows)


def _left_alone(rows: Sequence[CsvRow], refused: dict[int, RowDone], *, reader: RowReader, field: str) -> Iterator[int]:
    """The places of readable rows that belong to one that is refused."""
    part, numbers = "", []
    number = 0
    for row in rows:
        key = part_of(row, reader, field)
        if key not in ("", part):
            part, number = key, number + 1
        numbers.append(number)
    broken = {numbers[at] for at in refused}
    return (at for at, number in enumerate(numbers) if number in broken and at not in refused)


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

"""A file on its way in: checked once as a whole before work, then read in chunks from where the last run stopped."""

import hashlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO

from leads.actions.import_kinds import ALL_OR_NOTHING, ImportKind
from leads.logic.csv_rows import CsvRow, csv_rows, header_of
from leads.logic.errors import InvalidInput
from leads.logic.import_mapping import FileMapping, parse_mapping
from leads.logic.row_reader import RowReader

MOST_TOGETHER = 10_000
MOST_ROWS = 1_000_000
CHUNK_ROWS = 500
# A chunk also ends here, so that long rows cost no more memory than many.
CHUNK_CHARACTERS = 8_000_000
_BLOCK = 256 * 1024

Opener = Callable[[], BinaryIO]


def mapping_for(kind: ImportKind, text: str) -> FileMapping:
    """The checked mapping of a file of this kind. InvalidInput(mapping)."""
    return parse_mapping(text, kind=kind.name, fields=kind.columns, options=kind.options | {ALL_OR_NOTHING})


def digest_of(opener: Opener) -> str:
    """SHA-256 of the file, in hex: the same file again is the same run again."""
    digest = hashlib.sha256()
    with opener() as file:
        for block in _blocks(file):
            digest.update(block)
    return digest.hexdigest()


class Source:
    """The rows of one file under one mapping."""

    def __init__(self, opener: Opener, *, kind: ImportKind, mapping: FileMapping) -> None:
        """Opens nothing yet."""
        self._opener, self._kind, self.mapping = opener, kind, mapping

    @contextmanager
    def rows(self) -> "Iterator[tuple[RowReader, Rows]]":
        """What reads the rows, and the rows behind the header. InvalidInput(file) when the header does not fit."""
        with self._opener() as file:
            found = csv_rows(_blocks(file), delimiter=self.mapping.delimiter, encoding=self.mapping.encoding)
            yield RowReader(self.mapping, header_of(found), self._kind.columns), Rows(found)

    def survey(self) -> tuple[int, dict[int, int]]:
        """How many rows there are, and which lines name what an earlier line named (line: earlier line). Reads the
        whole file.

        InvalidInput(file) when it is no CSV, its header does not fit, it has no row, or more than MOST_ROWS; when rows
        that belong together stand apart, or are more than MOST_TOGETHER. Eight bytes a row and key are held.
        """
        hashes: dict[str, array[int]] = {name: array("q") for name in self._kind.once}
        parts = _Parts(self._kind.together)
        count = 0
        with self.rows() as (reader, rows):
            for row in rows:
                count += 1
                parts.add(row, reader)
                if count > MOST_ROWS:
                    raise InvalidInput(f"The file has more than {MOST_ROWS} rows; split it.", field="file")
                for name, text in reader.keys(row, self._kind.once):
                    hashes[name].append(hash(text))
        if not count:
            raise InvalidInput("The file has a header in line 1, but no row below it.", field="file")
        self._refuse_parted(parts)
        repeated = {name: set(_repeats(found)) for name, found in hashes.items()}
        return count, self._second_lines(repeated) if any(repeated.values()) else {}

    def _refuse_parted(self, parts: "_Parts") -> None:
        """InvalidInput(file) when something goes on after something else began; hashes alone are no proof."""
        suspected = set(_repeats(parts.begun))
        if not suspected:
            return
        again = _Parts(self._kind.together)
        first: dict[str, int] = {}
        with self.rows() as (reader, rows):
            for row in rows:
                if again.add(row, reader) and hash(again.now) in suspected:
                    began = first.setdefault(again.now, row.line)
                    if began != row.line:
                        raise InvalidInput(
                            f"What belongs together stands apart: line {row.line} goes on with what began in line "
                            f"{began}. Sort the file by {reader.column_of(self._kind.together)[:80]}, then by time.",
                            field="file",
                        )

    def _second_lines(self, repeated: dict[str, set[int]]) -> dict[int, int]:
        first: dict[tuple[str, str], int] = {}
        seconds: dict[int, int] = {}
        with self.rows() as (reader, rows):
            for row in rows:
                for key in reader.keys(row, self._kind.once):
                    if hash(key[1]) in repeated[key[0]] and first.setdefault(key, row.line) != row.line:
                        seconds.setdefault(row.line, first[key])
        return seconds


class Rows(Iterator[CsvRow]):
    """The rows of a file; the next one can be looked at before it is taken."""

    def __init__(self, found: Iterator[CsvRow]) -> None:
        """Takes nothing yet."""
        self._found = found
        self._next: CsvRow | None = None

    def __next__(self) -> CsvRow:
        """The next row."""
        row, self._next = self._next or next(self._found), None
        return row

    def peek(self) -> CsvRow | None:
        """The row that comes next, None at the end."""
        if self._next is None:
            self._next = next(self._found, None)
        return self._next


class _Parts:
    """Where the rows of a file begin something new; `now` is what the last row belongs to, `begun` a hash for each."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._length = 0
        self.now = ""
        self.begun: array[int] = array("q")

    def add(self, row: CsvRow, reader: RowReader) -> bool:
        """Whether the row begins something. A row that cannot be read belongs to the one above."""
        if not self._field:
            return False
        key = part_of(row, reader, self._field)
        if key in ("", self.now):
            self._length += 1
            if self._length > MOST_TOGETHER:
                raise InvalidInput(
                    f"More than {MOST_TOGETHER} rows up to line {row.line} belong together; split them.", field="file"
                )
            return False
        self.now, self._length = key, 1
        self.begun.append(hash(key))
        return True


def part_of(row: CsvRow, reader: RowReader, field: str) -> str:
    """What the row says in the field that holds rows together, in a form that ignores case; "" when it cannot be
    read.
    """
    found = reader.keys(row, (field,))
    return found[0][1] if found else ""


def _repeats(hashes: "array[int]") -> Iterator[int]:
    """The values that occur more than once."""
    ordered = sorted(hashes)
    return (one for one, following in pairwise(ordered) if one == following)


def chunk_of(rows: Rows, *, reader: RowReader, together: str = "") -> list[CsvRow]:
    """The next rows that one transaction takes in; empty at the end. What is held together by the field `together` is
    not cut.
    """
    chunk: list[CsvRow] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += sum(map(len, row.cells))
        if (len(chunk) >= CHUNK_ROWS or size >= CHUNK_CHARACTERS) and not (
            together and _goes_on(chunk, rows.peek(), reader=reader, field=together)
        ):
            break
    return chunk


def _goes_on(chunk: list[CsvRow], following: CsvRow | None, *, reader: RowReader, field: str) -> bool:
    if following is None:
        return False
    last = next((key for row in reversed(chunk) if (key := part_of(row, reader, field))), "")
    return part_of(following, reader, field) in ("", last)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_BLOCK), b"")

"""Reading CSV of unknown origin as a stream: one row at a time, every refusal with the line an editor shows."""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from leads.logic.errors import InvalidInput

LONGEST_CELL = 131_072
LONGEST_LINE = 2 * 1024 * 1024
MOST_COLUMNS = 200
# All of them keep ASCII in one byte each, so that line ends can be found before decoding.
ENCODINGS = {"utf-8": "utf-8", "windows-1252": "cp1252", "iso-8859-1": "latin-1"}

_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
)
_WIDE = ((b"\xff\xfe", "UTF-16 or UTF-32"), (b"\xfe\xff", "UTF-16"), (b"\x00\x00\xfe\xff", "UTF-32"))
_BOM = b"\xef\xbb\xbf"


class CsvRow(NamedTuple):
    """One row: the `line` it begins on (the header is on line 1), its cells as they stand, or what is wrong with it."""

    line: int
    cells: list[str]
    problem: str = ""


def csv_rows(blocks: Iterable[bytes], *, delimiter: str = ",", encoding: str = "utf-8") -> Iterator[CsvRow]:
    """The header and then the rows, blank ones left out; memory is bounded by LONGEST_LINE, whatever the file.

    Line ends are CRLF, LF or CR, mixed at will. `encoding` is a key of ENCODINGS; a UTF-8 byte order mark is dropped.
    InvalidInput(file) for what is no CSV text at all: an archive, UTF-16, bytes that are not in the encoding, an
    endless line, a quote that is never closed.
    """
    # A limit for the whole process, and the only way the csv module has: cells up to a line's length are judged here.
    csv.field_size_limit(LONGEST_LINE)
    text = _Text(blocks, encoding)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if text.is_over or "field limit" in str(error):
                raise _refusal(f"A quote opened in line {line} is never closed.") from error
            yield CsvRow(line, [], _broken(line, reader.line_num))
            continue
        if not any(cells):
            continue
        if len(cells) > MOST_COLUMNS:
            yield CsvRow(line, [], f"The row has {len(cells)} cells; at most {MOST_COLUMNS} are read.")
        elif any(len(cell) > LONGEST_CELL for cell in cells):
            yield CsvRow(line, [], f"A cell is longer than {LONGEST_CELL} characters.")
        else:
            yield CsvRow(line, cells)


def header_of(rows: Iterator[CsvRow]) -> list[str]:
    """The trimmed column names, taken off `rows`. InvalidInput(file) for no header, an unnamed column, or two of
    one name.
    """
    first = next(rows, None)
    if first is None:
        raise _refusal("The file is empty: line 1 should name the columns.")
    if first.problem:
        raise _refusal(f"Line {first.line} should name the columns, but cannot be read: {first.problem}")
    names = [cell.strip() for cell in first.cells]
    for at, name in enumerate(names, start=1):
        if not name:
            raise _refusal(f"Column {at} has no name in line {first.line}.")
        if name in names[: at - 1]:
            raise _refusal(f"Two columns are named “{name[:80]}” in line {first.line}.")
    return names


class _Text:
    """The decoded lines with their line ends, for csv.reader; `is_over` once it asked for one too many."""

    def __init__(self, blocks: Iterable[bytes], encoding: str) -> None:
        self._lines = _lines(blocks)
        self._encoding = ENCODINGS[encoding]
        self._name = encoding
        self._number = 0
        self.is_over = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.is_over = True
            raise StopIteration
        self._number += 1
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise _refusal(
                f"Line {self._number} is not {self._name.upper()} (byte {line[error.start]:#04x}). "
                'Save the file as UTF-8, or set encoding = "windows-1252" in the mapping.'
            ) from error


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines. bytes.splitlines knows CRLF, LF and CR and nothing else, so that U+2028 stays inside its cell."""
    number, rest = 0, b""
    for at, block in enumerate(blocks):
        if at == 0:
            block = _text_start(block)
        pieces = (rest + block).splitlines(keepends=True)
        # A line may go on in the next block, and a CR at the end of this one may be half of a CRLF.
        rest = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""
        for piece in pieces:
            number += 1
            yield _short_enough(piece, number)
        _short_enough(rest, number + 1)
    if rest:
        yield rest


def _text_start(block: bytes) -> bytes:
    """The first bytes without their mark. Raises for what is known not to be text of one byte or UTF-8."""
    for magic, what in _FOREIGN:
        if block.startswith(magic):
            raise _refusal(f"The file is {what}. Save it as CSV; nothing is unpacked here.")
    for magic, what in _WIDE:
        if block.startswith(magic):
            raise _refusal(f"The file is {what}. Save it as “CSV UTF-8”.")
    start = block[:4096]
    if start.count(0) * 5 > len(start):
        raise _refusal("The file looks like UTF-16 or is no text at all. Save it as “CSV UTF-8”.")
    return block.removeprefix(_BOM)


def _short_enough(line: bytes, number: int) -> bytes:
    if len(line) > LONGEST_LINE:
        raise _refusal(f"Line {number} is longer than {LONGEST_LINE // 1024 // 1024} MB. Is this a CSV file?")
    return line


def _broken(first: int, last: int) -> str:
    where = f"Lines {first} to {last} are" if last > first else "The line is"
    return f'{where} not well-formed: a cell goes on after its closing quote. A quote inside a cell is written "".'


def _refusal(message: str) -> InvalidInput:
    return InvalidInput(message, field="file")

"""Writing CSV that a spreadsheet cannot take for formulas."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain

# What a spreadsheet begins a formula, a command or a new cell with; full-width twins are folded to these first.
_STARTS = frozenset("=+-@|%\t")
Cell = None | str | int | float | Decimal | date


def harmless(text: str) -> str:
    """The text, with an apostrophe before every line of it that a spreadsheet could read as a formula.

    Looked at is what stands behind anything a spreadsheet skips: blanks, quotes, separators, control and invisible
    characters.
    """
    if text[:1].isalnum() and "\n" not in text and "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    safe = "\n".join("'" + line if _begins_formula(line) else line for line in lines)
    return "'" + safe if safe.startswith("\n") else safe


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Lines as RFC 4180 has them, CRLF: text quoted and harmless, numbers as numbers, days and instants in ISO
    8601, None empty.
    """
    for row in chain([header], rows):
        line = io.StringIO()
        csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow([_written(cell) for cell in row])
        yield line.getvalue()


def _written(cell: Cell) -> str | int | float | Decimal:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    return harmless(cell) if isinstance(cell, str) else cell


def _begins_formula(line: str) -> bool:
    for char in unicodedata.normalize("NFKC", line):
        if char in _STARTS:
            return True
        if not (char in " \"';," or unicodedata.category(char) in {"Cc", "Cf", "Zs"}):
            return False
    return False

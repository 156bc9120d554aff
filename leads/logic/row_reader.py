"""What a mapping makes of the rows of one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leads.logic.csv_rows import CsvRow
from leads.logic.errors import InvalidInput
from leads.logic.import_mapping import FileMapping
from leads.logic.import_values import Column, Parser, parser_of


@dataclass(frozen=True)
class _Cell:
    """Where one field of a row comes from: a cell (None: the default alone), translated, then parsed."""

    name: str
    index: int | None
    translations: Mapping[str, str]
    default: str
    parse: Parser
    is_required: bool


class RowReader:
    """Turns the cells of one file into the fields of its kind."""

    def __init__(self, mapping: FileMapping, header: Sequence[str], fields: Sequence[Column]) -> None:
        """InvalidInput(file) when the file lacks a column that the mapping names or the kind needs, or has one
        that means nothing.
        """
        columns = mapping.columns
        if columns is None:
            _refuse_unmapped(header, fields)
            columns = {name: name for name in header}
        self._width = len(header)
        self._columns = columns
        at = {name: index for index, name in enumerate(header)}
        for name, column in columns.items():
            if column not in at:
                raise InvalidInput(
                    f"The file has no column “{column[:80]}”, wanted for {name}. It has: {_some(header)}.",
                    field="file",
                )
        self._cells = [
            _Cell(
                one.name,
                at[columns[one.name]] if one.name in columns else None,
                mapping.values.get(one.name, {}),
                mapping.defaults.get(one.name, ""),
                parser_of(one, when=mapping.when),
                one.is_required,
            )
            for one in fields
            if one.name in columns or one.name in mapping.defaults
        ]
        missing = [one.name for one in fields if one.is_required and one.name not in {c.name for c in self._cells}]
        if missing:
            raise InvalidInput(
                f"{missing[0]} is missing: no column of the file is it. The file has: {_some(header)}.", field="file"
            )

    def values(self, row: CsvRow) -> dict[str, Any]:
        """The filled fields of the row. InvalidInput(<field>) for a row or cell that cannot be read; blanks
        are left out.
        """
        self._refuse_ragged(row)
        found: dict[str, Any] = {}
        for cell in self._cells:
            if text := self._text(cell, row):
                found[cell.name] = cell.parse(text)
            elif cell.is_required:
                raise InvalidInput(f"{cell.name} is empty; fill it in.", field=cell.name)
        return found

    def keys(self, row: CsvRow, names: Sequence[str]) -> list[tuple[str, str]]:
        """What names the row within the file: the fields of `names` that are filled, in a form that ignores case."""
        if row.problem or len(row.cells) != self._width:
            return []
        texts = ((cell.name, self._text(cell, row)) for cell in self._cells if cell.name in names)
        return [(name, text.casefold()) for name, text in texts if text]

    def column_of(self, name: str) -> str:
        """What the file calls the field; "" when no column is it."""
        return self._columns.get(name, "")

    def _refuse_ragged(self, row: CsvRow) -> None:
        if row.problem:
            raise InvalidInput(row.problem)
        if len(row.cells) != self._width:
            raise InvalidInput(
                f"The row has {len(row.cells)} cells, the header {self._width}; "
                "is a cell with the separator in it not quoted?"
            )

    def _text(self, cell: _Cell, row: CsvRow) -> str:
        text = row.cells[cell.index].strip() if cell.index is not None else ""
        return cell.translations.get(text, text) or cell.default


def _refuse_unmapped(header: Sequence[str], fields: Sequence[Column]) -> None:
    known = [one.name for one in fields]
    strange = [name for name in header if name not in known]
    if not strange:
        return
    if len(header) == 1 and any(char in header[0] for char in ";\t|"):
        raise InvalidInput(
            "The file has a single column; set delimiter in the mapping if it is not the comma.", field="file"
        )
    raise InvalidInput(
        f"The column “{strange[0][:80]}” is no field. Name the columns to use under [columns] in a mapping. "
        f"The fields are: {', '.join(known)}.",
        field="file",
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown

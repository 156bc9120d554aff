"""How a file's columns become fields: the mapping, written in TOML."""

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leads.logic.csv_rows import ENCODINGS
from leads.logic.errors import InvalidInput
from leads.logic.import_values import Column, When

LONGEST_MAPPING = 100_000
_WORDS = ("kind", "external_system", "timezone", "date_format", "delimiter", "encoding")
_TABLES = ("columns", "values", "defaults")
_PROBE = dt.datetime(2026, 11, 30, 14, 5, 6)  # noqa: DTZ001 - only its digits are looked at


@dataclass(frozen=True, kw_only=True)
class FileMapping:
    """The checked mapping. `columns` is None when the file's own column names are the fields; `options` are those
    switched on.
    """

    external_system: str = ""
    when: When = field(default_factory=lambda: When(ZoneInfo("UTC")))
    delimiter: str = ","
    encoding: str = "utf-8"
    options: frozenset[str] = frozenset()
    columns: Mapping[str, str] | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def parse_mapping(text: str, *, kind: str, fields: Sequence[Column], options: frozenset[str]) -> FileMapping:
    """The mapping that the TOML text writes, for files of `kind`, whose rows have `fields` and may use `options`.

    An empty text is the mapping that changes nothing. InvalidInput(mapping) for anything unknown or contradictory.
    """
    given = _toml(text)
    _refuse_unknown(given, [*_WORDS, *_TABLES, *sorted(options)], what="setting")
    words = {name: _word(given, name) for name in _WORDS}
    if words["kind"] and words["kind"] != kind:
        raise _refusal(f"The mapping is for {words['kind']}, not for {kind}.")
    columns = {".".join(path): text for path, text in _leaves(given, "columns")}
    defaults = {".".join(path): text for path, text in _leaves(given, "defaults")}
    values: dict[str, dict[str, str]] = {}
    for path, text in _leaves(given, "values"):
        values.setdefault(".".join(path[:-1]), {})[path[-1]] = text
    known = [column.name for column in fields]
    for table, names in (("columns", columns), ("values", values), ("defaults", defaults)):
        _refuse_unknown(names, known, what=f"field of {kind} in [{table}]")
    return FileMapping(
        external_system=words["external_system"].strip()[:50],
        when=When(_zone(words["timezone"]), _date_format(words["date_format"])),
        delimiter=_delimiter(words["delimiter"]),
        encoding=_encoding(words["encoding"]),
        options=frozenset(name for name in options if _switch(given, name)),
        columns=columns or None,
        values=values,
        defaults=defaults,
    )


def _toml(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_MAPPING:
        raise _refusal(f"The mapping is longer than {LONGEST_MAPPING} characters.")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refusal(f"The mapping is not valid TOML: {str(error)[:200]}.") from None


def _leaves(given: Mapping[str, Any], table: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a table with its path, so that lead.email and "lead.email" are the same."""
    if not isinstance(given.get(table, {}), dict):
        raise _refusal(f"{table} must be a table: [{table}].")
    waiting: list[tuple[tuple[str, ...], Any]] = [((name,), value) for name, value in given.get(table, {}).items()]
    while waiting:
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting += [((*path, name), inner) for name, inner in value.items()]
        elif isinstance(value, str):
            yield path, value
        elif isinstance(value, bool | int):
            yield path, str(value).lower()
        else:
            raise _refusal(f"{'.'.join(path)[:80]} in [{table}] must be text.")


def _word(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise _refusal(f"{name} must be text in quotes.")
    return value


def _switch(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise _refusal(f"{name} must be true or false.")
    return value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refusal(f"There is no time zone “{name[:80]}”; use a name like America/Sao_Paulo.") from None


def _date_format(text: str) -> str:
    """The format, once it is known to hold a whole day and no zone of its own."""
    if not text:
        return ""
    try:
        read = dt.datetime.strptime(_PROBE.strftime(text), text)  # noqa: DTZ007
    except ValueError:
        read = None
    if read is None or read.tzinfo or read.date() != _PROBE.date():
        raise _refusal(
            f"date_format “{text[:80]}” does not write a whole day; use one like %d/%m/%Y or %d.%m.%Y %H:%M."
        )
    return text


def _delimiter(text: str) -> str:
    if text and (len(text) != 1 or text not in ",;\t|:"):
        raise _refusal('delimiter must be one of , ; | : or a tab (written "\\t").')
    return text or ","


def _encoding(text: str) -> str:
    name = text.lower() or "utf-8"
    if name not in ENCODINGS:
        raise _refusal(f"encoding must be one of: {', '.join(ENCODINGS)}.")
    return name


def _refuse_unknown(given: Mapping[str, Any], known: Sequence[str], *, what: str) -> None:
    for name in given:
        if name not in known:
            raise _refusal(f"“{name[:80]}” is no {what}. There are: {', '.join(known)}.")


def _refusal(message: str) -> InvalidInput:
    return InvalidInput(message, field="mapping")

"""A table of TOML or JSON that is read key by key, and names the place in every refusal:
policies[2].targets.decide.within.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from leads.logic.errors import InvalidInput
from leads.logic.text import storable

_MISSING = object()


class Table:
    """Keys are taken by the kind they should have; `done` refuses those that nobody took."""

    def __init__(self, raw: object, place: str = "") -> None:
        self.place = place
        if not isinstance(raw, dict):
            raise InvalidInput(f"{place} must be a table.", field=place)
        self._raw: dict[str, Any] = raw
        self._taken: set[str] = set()

    def at(self, key: str) -> str:
        """The place of a key."""
        return f"{self.place}.{key}" if self.place else key

    def refuse(self, key: str, message: str) -> InvalidInput:
        """The refusal of a key, to be raised."""
        return InvalidInput(f"{self.at(key)}: {message}", field=self.at(key))

    def text(self, key: str, *, longest: int, default: str | None = None, lines: bool = False) -> str:
        """Text of at most `longest` characters; required without a default, on one line unless `lines`."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self.refuse(key, "must be text.")
        try:
            storable(value, field=self.at(key))
        except InvalidInput as error:
            raise self.refuse(key, error.message) from error
        if len(value) > longest:
            raise self.refuse(key, f"has {len(value)} characters; at most {longest} are kept.")
        if not lines and any(char in value for char in "\r\n"):
            raise self.refuse(key, "must stand on one line.")
        if default is None and not value.strip():
            raise self.refuse(key, "is empty; fill it in.")
        return value

    def number(self, key: str, *, most: int, least: int = 0, default: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.refuse(key, f"must be a whole number from {least} to {most}.")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key, "must be true or false.")
        return value

    def choice(self, key: str, choices: Sequence[str], *, default: str | None = None) -> str:
        """One of these words."""
        value = self._take(key, default)
        if value not in choices:
            raise self.refuse(key, f"must be one of {', '.join(choices)}.")
        return str(value)

    def instant(self, key: str) -> str:
        """An instant with its offset, as ISO 8601 in UTC."""
        value = self._take(key, None)
        if not isinstance(value, dt.datetime) or value.tzinfo is None:
            raise self.refuse(key, "must be an instant with its offset from UTC, like 2026-01-31T09:00:00+01:00.")
        if not 1970 <= value.year <= 2200:
            raise self.refuse(key, "must lie in the years 1970 to 2200.")
        return value.astimezone(dt.UTC).isoformat()

    def day(self, key: str) -> dt.date:
        """A date without a time."""
        value = self._take(key, None)
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise self.refuse(key, "must be a date, like 2026-12-25.")
        return value

    def texts(self, key: str, *, longest: int, most: int) -> list[str]:
        """A list of texts, each on one line; none when it is absent."""
        named = {f"{key}[{number}]": one for number, one in enumerate(self._list(key, most))}
        elements = Table(named, self.place)
        return [elements.text(name, longest=longest) for name in named]

    def table(self, key: str, *, required: bool = True) -> "Table":
        """A table inside."""
        return Table(self._take(key, None if required else {}), self.at(key))

    def tables(self, key: str, *, most: int) -> list["Table"]:
        """A list of tables; none when it is absent."""
        return [Table(one, f"{self.at(key)}[{n}]") for n, one in enumerate(self._list(key, most))]

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._raw

    def done(self) -> None:
        """Nothing, or InvalidInput naming a key that means nothing here."""
        for key in self._raw:
            if key not in self._taken:
                raise self.refuse(f"{key:.60}", "means nothing here.")

    def _list(self, key: str, most: int) -> list[Any]:
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self.refuse(key, "must be a list.")
        if len(value) > most:
            raise self.refuse(key, f"has {len(value)} entries; at most {most} are taken.")
        return value

    def _take(self, key: str, default: object) -> Any:
        self._taken.add(key)
        value = self._raw.get(key, _MISSING)
        if value is not _MISSING:
            return value
        if default is None:
            raise self.refuse(key, "is missing.")
        return default

"""Rules that people write: closed fields, closed operators, typed values. Nothing is looked up by name elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leads.logic.errors import InvalidInput

TEXT, NUMBER = "text", "number"
MOST_CONDITIONS = 20
_MOST_VALUES = 50
_LONGEST_VALUE = 100


@dataclass(frozen=True)
class FieldKind:
    """What a field is called in words, and whether it holds text or a whole number; a code is written in capitals."""

    words: str
    kind: str
    is_code: bool = False


OPERATORS: Mapping[str, str] = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "prefix": "begins with",
    "contains": "contains",
    "lt": "is below",
    "le": "is at most",
    "gt": "is above",
    "ge": "is at least",
    "is_null": "is empty",
    "is_set": "is known",
}
_TEXT_ONLY = frozenset({"prefix", "contains"})
_NUMBER_ONLY = frozenset({"lt", "le", "gt", "ge"})
_LISTS = frozenset({"in", "not_in"})
_BARE = frozenset({"is_null", "is_set"})

Facts = Mapping[str, str | int | None]


@dataclass(frozen=True)
class Condition:
    """`value` is text, a number, a tuple of either, or None where the operator needs none. Text is case-folded."""

    field: str
    operator: str
    value: Any = None

    def written(self) -> str:
        """The value as `read` reads it back."""
        if self.value is None:
            return ""
        return ", ".join(map(str, self.value)) if isinstance(self.value, tuple) else str(self.value)

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of these facts. What is not known is empty: it is never equal to, below or among."""
        found = facts.get(self.field)
        known = found is not None and found != ""
        if self.operator in _BARE:
            return known == (self.operator == "is_set")
        if not known or found is None:
            return self.operator in {"ne", "not_in"}
        return _COMPARE[self.operator](found.casefold() if isinstance(found, str) else found, self.value)


@dataclass(frozen=True)
class Vocabulary:
    """The fields that one kind of rule may look at."""

    fields: Mapping[str, FieldKind]

    def read(self, field: str, operator: str, value: str, *, place: str = "conditions") -> Condition:
        """The condition of what was typed; lists are separated by commas. InvalidInput names `place`."""
        if field not in self.fields:
            raise InvalidInput(f"There is no field {field!r:.40}; there are {', '.join(self.fields)}.", field=place)
        if operator not in OPERATORS:
            raise InvalidInput(f"There is no operator {operator!r:.40}; there are {', '.join(OPERATORS)}.", field=place)
        kind = self.fields[field]
        if operator in (_NUMBER_ONLY if kind.kind == TEXT else _TEXT_ONLY):
            raise InvalidInput(f"{kind.words} cannot be compared with “{OPERATORS[operator]}”.", field=place)
        if operator in _BARE:
            if value.strip():
                raise InvalidInput(f"“{OPERATORS[operator]}” takes no value.", field=place)
            return Condition(field, operator)
        if operator not in _LISTS:
            return Condition(field, operator, _value(value, kind, place=place))
        values = tuple(_value(one, kind, place=place) for one in value.split(",") if one.strip())
        if not 1 <= len(values) <= _MOST_VALUES:
            raise InvalidInput(f"Give 1 to {_MOST_VALUES} values, separated by commas.", field=place)
        return Condition(field, operator, values)

    def words(self, one: Condition) -> str:
        """The condition as a person would say it: account's country is one of DE, AT."""
        field = self.fields[one.field]
        said = f"{field.words} {OPERATORS[one.operator]}"
        if one.operator in _BARE:
            return said
        value = one.written().upper() if field.is_code else one.written()
        return f"{said} “{value}”" if one.operator in _TEXT_ONLY else f"{said} {value}"


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, value: found == value,
    "ne": lambda found, value: found != value,
    "in": lambda found, value: found in value,
    "not_in": lambda found, value: found not in value,
    "prefix": lambda found, value: found.startswith(value),
    "contains": lambda found, value: value in found,
    "lt": lambda found, value: found < value,
    "le": lambda found, value: found <= value,
    "gt": lambda found, value: found > value,
    "ge": lambda found, value: found >= value,
}


def _value(typed: str, kind: FieldKind, *, place: str) -> str | int:
    text = typed.strip()
    if not text or len(text) > _LONGEST_VALUE:
        raise InvalidInput(f"Give a value of at most {_LONGEST_VALUE} characters for {kind.words}.", field=place)
    if kind.kind == TEXT:
        return text.casefold()
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InvalidInput(f"{text!r:.40} is not a whole number; {kind.words} is compared with one.", field=place)
    return int(text)

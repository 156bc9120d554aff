"""Fields and objects as they arrive: the type must be the one asked for, and nothing surplus is dropped."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_YEARS = range(1970, 2201)


def instant(value: object) -> dt.datetime:
    """The aware instant in UTC that a text with an offset spells. ValueError(a predicate)."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("must be an instant with an offset from UTC, like 2026-11-30T09:00:00+01:00.")
    try:
        at = dt.datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("is no day and time that exists.") from None
    if at.year not in _YEARS:
        raise ValueError(f"lies in the year {at.year}, which cannot be meant.")
    return at.astimezone(dt.UTC)


def _described(kwargs: dict[str, Any]) -> dict[str, Any]:
    """With it said in the API's description that null stands for what is not given."""
    return kwargs if kwargs.get("required", True) else {"allow_null": True, **kwargs}


class Given(serializers.Field[Any, Any, Any, Any]):
    """A field of an input. Its messages are predicates: the path is put in front."""

    default_error_messages: ClassVar[dict[str, Any]] = {"required": "is missing.", "null": "is null; give a value."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs))

    def run_validation(self, data: Any = None) -> Any:
        """The value. A Shape hands over what was given; the framework's other questions have no answer here."""
        if data is None:
            self.fail("null")
        return self.to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class Text(Given):
    """Text; how long it may be and what it must not hold is the action's to say."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise ValidationError("must be text.")
        return data


@extend_schema_field(OpenApiTypes.INT)
class Whole(Given):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise ValidationError("must be a whole number.")
        return data


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(Given):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise ValidationError("must be true or false.")
        return data


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "example": "1200.50"})
class Amount(Given):
    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, bool) or not isinstance(data, str | int | float):
            raise ValidationError("must be a number, or a number as text.")
        return str(data)


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(Given):
    def to_internal_value(self, data: Any) -> dt.datetime:
        try:
            return instant(data)
        except ValueError as error:
            raise ValidationError(str(error)) from None


@extend_schema_field(OpenApiTypes.UUID)
class Uid(Given):
    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _UID.fullmatch(data):
            raise ValidationError("must be a uid, like 3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11.")
        return UUID(data)


@extend_schema_field({"type": "object", "additionalProperties": {"type": ["string", "integer"]}})
class Answers(Given):
    """Names and answers; which are asked for and what answers them is the action's to say."""

    def to_internal_value(self, data: Any) -> dict[str, object]:
        if not isinstance(data, Mapping):
            raise ValidationError("must be an object.")
        for key, value in data.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
                raise ValidationError({key: "must be text or a whole number."})
        return dict(data)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}})
class Points(Given):
    """Names and the points each gave."""

    most = 50

    def to_internal_value(self, data: Any) -> dict[str, int | float]:
        if not isinstance(data, Mapping) or len(data) > self.most:
            raise ValidationError(f"must be an object of at most {self.most} names.")
        for key, value in data.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValidationError({key: "must be a number."})
        return dict(data)


class Shape(serializers.Serializer[Any]):
    """An object as it arrives. A name it does not know is refused; null for an optional field means not given.

    `makes` is the dataclass it becomes; without one it becomes a dict. `examples` are bodies that can be sent.
    """

    makes: ClassVar[type | None] = None
    examples: ClassVar[Mapping[str, object]] = {}
    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": "is missing.",
        "null": "is null; give a value.",
        "invalid": "must be an object.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **_described(kwargs))

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": ["must be an object."]})
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            raise ValidationError(dict.fromkeys(unknown[:20], "is no field of this object."))
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, field in self.fields.items():
            value = data.get(name)
            if value is None and not field.required:
                continue
            try:
                if name not in data:
                    field.fail("required")
                values[name] = field.run_validation(value)
            except ValidationError as error:
                errors[name] = error.detail
        if errors:
            raise ValidationError(errors)
        return self.made(values)

    def made(self, values: dict[str, Any]) -> Any:
        """What the object becomes, of the values that were given."""
        return self.makes(**values) if self.makes else values

    def run_validation(self, data: Any = None) -> Any:
        """The object. Many are read with one Shape, so nothing is kept in it."""
        if data is None:
            self.fail("null")
        return self.to_internal_value(data)


@cache
def _made_once(shape: type[Shape]) -> Shape:
    """A Shape with its fields, which take longer to make than a body to read."""
    made = shape()
    made.fields  # noqa: B018 - made here, so that copies share them
    return made


def _reader(shape: type[Shape], context: dict[str, object]) -> Shape:
    """A Shape for one request: the fields are everybody's."""
    reader = copy(_made_once(shape))
    reader._context = context
    return reader


def parsed(shape: type[Shape], data: object, **context: object) -> Any:
    """What the shape makes of a body. ValidationError by path."""
    return _reader(shape, context).run_validation(data)


def parsed_each(shape: type[Shape], rows: Sequence[object], **context: object) -> list[Any]:
    """What the shape makes of each row of a body: a value, or the ValidationError of that row."""
    reader = _reader(shape, context)

    def read(row: object) -> Any:
        try:
            return reader.run_validation(row)
        except ValidationError as error:
            return error

    return [read(row) for row in rows]

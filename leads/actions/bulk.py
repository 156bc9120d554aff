"""Many rows in one statement."""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

# The length belongs to the column, which refuses what is too long; a cast to it would cut without a word.
_LENGTH = re.compile(r"\([0-9, ]+\)")
# Their values are what the database driver takes; asking each field to prepare each value costs more than the insert.
_READY = (
    models.BooleanField,
    models.DateTimeField,
    models.ForeignKey,
    models.IntegerField,
    models.UUIDField,
)
AnyField: TypeAlias = "models.Field[Any, Any]"


def insert_rows(model: type[models.Model], rows: Sequence[models.Model], *, skip_conflicts: bool = False) -> int:
    """How many of the rows were written; one statement whatever their number, in a fraction of bulk_create's time.

    Rows with a `uid` get their primary key, unless they met a conflict and were skipped. Columns that the database
    fills (db_default) are left to it by all rows or by none. Sends no signals; raises IntegrityError and DataError.
    """
    if not rows:
        return 0
    fields = [field for field in model._meta.concrete_fields if not _is_left_to_database(field, rows[0])]
    names = ", ".join(_quoted(field) for field in fields)
    statement = f"INSERT INTO {_table(model)} ({names}) SELECT * FROM {_unnested(fields)}"
    if skip_conflicts:
        statement += " ON CONFLICT DO NOTHING"
    has_uid = any(field.name == "uid" for field in fields)
    if has_uid:
        statement += f" RETURNING uid, {_quoted(model._meta.pk)}"
    with connection.cursor() as cursor:
        cursor.execute(statement, [_array(field, rows) for field in fields])
        if not has_uid:
            return int(cursor.rowcount)
        written = dict(cursor.fetchall())
    for row in rows:
        row.pk = written.get(getattr(row, "uid"))  # noqa: B009 - Model has none, these models have
        row._state.adding, row._state.db = row.pk is None, connection.alias
    return len(written)


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of rows that are in the database; one statement, two to three times as fast as
    bulk_update.
    """
    if not rows:
        return
    fields = [cast("AnyField", model._meta.get_field(name)) for name in names]
    key = model._meta.pk
    values = ", ".join(f"{_quoted(field)} = new.{_quoted(field)}" for field in fields)
    new = f"{_unnested([key, *fields])} AS new ({', '.join(_quoted(field) for field in [key, *fields])})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_table(model)} AS old SET {values} FROM {new} WHERE old.{_quoted(key)} = new.{_quoted(key)}",
            [_array(field, rows) for field in [key, *fields]],
        )


def _is_left_to_database(field: AnyField, row: models.Model) -> bool:
    value = getattr(row, field.attname)
    return isinstance(value, DatabaseDefault) or (field.primary_key and value is None)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(field: AnyField) -> str:
    return connection.ops.quote_name(str(field.column))


def _unnested(fields: Sequence[AnyField]) -> str:
    return f"unnest({', '.join(f'%s::{_element(field)}[]' for field in fields)})"


def _element(field: AnyField) -> str:
    # An identity column's own type says how it is filled; here it is given.
    kind = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
    return _LENGTH.sub("", str(kind))


def _array(field: AnyField, rows: Sequence[models.Model]) -> list[Any]:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return [field.pre_save(row, add=True) for row in rows]
    name = field.attname
    values = [getattr(row, name) for row in rows]
    if isinstance(field, models.JSONField):
        return [None if value is None else json.dumps(value, cls=field.encoder) for value in values]
    if isinstance(field, models.CharField | models.TextField):
        # A member of TextChoices is text, but the driver takes no list in which it stands beside plain text.
        return [value if value is None or type(value) is str else str(value) for value in values]
    if isinstance(field, _READY):
        return values
    return [field.get_db_prep_save(value, connection) for value in values]

"""Many rows in one statement."""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault
from psycopg.types.datetime import TimestamptzLoader

from leads.actions.prepared import prepared_cursor

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
# From here on COPY is quicker, although the primary keys have to be drawn first.
_WORTH_A_COPY = 200
AnyField: TypeAlias = "models.Field[Any, Any]"
Row = TypeVar("Row", bound=models.Model)


def row_of(model: type[Row], values: Mapping[str, Any], *, is_new: bool) -> Row:
    """A row with every concrete attribute given: what Model.__init__ does field by field, in a tenth of its time."""
    row = model.__new__(model)
    state = row._state = ModelState()
    if not is_new:
        state.adding, state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(values)
    return row


def read_rows(model: type[Row], where: str, params: Sequence[Any], *, locked: bool = False) -> list[Row]:
    """The rows for which the SQL of `where` holds, in the order of primary keys, as fast as the driver hands them over;
    one statement. `locked` takes them FOR NO KEY UPDATE. Not for models whose fields convert what the database says.
    """
    start, end, names = _reading(model)
    with connection.cursor() as cursor:
        # The driver's own, in C; what Django puts in its place is slow, and says the same in a session that is in UTC.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(f"{start} WHERE {where} {end}{' FOR NO KEY UPDATE' if locked else ''}", params)
        return [row_of(model, dict(zip(names, values, strict=True)), is_new=False) for values in cursor.fetchall()]


@cache
def _reading(model: type[models.Model]) -> tuple[str, str, tuple[str, ...]]:
    fields = model._meta.concrete_fields
    assert not any(hasattr(field, "from_db_value") for field in fields)
    table = table_of(model)
    columns = ", ".join(f"{table}.{_quoted(field)}" for field in fields)
    names = tuple(field.attname for field in fields)
    return f"SELECT {columns} FROM {table}", f"ORDER BY {table}.{_quoted(model._meta.pk)}", names


# One constant text for any number of values, which stay few to the planner: it goes by the index. The driver writes
# JSON faster than arrays.
ANY_OF = "ANY(ARRAY(SELECT json_array_elements_text(%s::json)))"


def insert_rows(model: type[models.Model], rows: Sequence[models.Model], *, skip_conflicts: bool = False) -> int:
    """How many of the rows were written; at most two statements whatever their number, in a fraction of bulk_create's
    time.

    Rows with a `uid` get their primary key, unless they met a conflict and were skipped. Columns that the database
    fills (db_default) are left to it by all rows or by none. Sends no signals; raises IntegrityError and DataError.
    """
    if not rows:
        return 0
    if len(rows) >= _WORTH_A_COPY and not skip_conflicts:
        return _copied(model, rows)
    fields = _given(model, rows)
    names = ", ".join(_quoted(field) for field in fields)
    # JSON: the driver is slow at writing arrays.
    given = f"json_to_recordset(%s::json) AS given ({_typed(fields)})"
    statement = f"INSERT INTO {table_of(model)} ({names}) SELECT * FROM {given}"
    if skip_conflicts:
        statement += " ON CONFLICT DO NOTHING"
    has_uid = any(field.name == "uid" for field in fields)
    if has_uid:
        statement += f" RETURNING uid, {_quoted(model._meta.pk)}"
    with prepared_cursor() as cursor:
        cursor.execute(statement, [_json(fields, rows)])
        if not has_uid:
            return int(cursor.rowcount)
        written = dict(cursor.fetchall())
    for row in rows:
        row.pk = written.get(getattr(row, "uid"))  # noqa: B009 - Model has none, these models have
        row._state.adding, row._state.db = row.pk is None, DEFAULT_DB_ALIAS
    return len(written)


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of rows that are in the database; one statement, two to three times as fast as
    bulk_update.
    """
    if not rows:
        return
    key = model._meta.pk
    fields = [key, *(cast("AnyField", model._meta.get_field(name)) for name in names)]
    values = ", ".join(f"{_quoted(field)} = new.{_quoted(field)}" for field in fields[1:])
    new = f"json_to_recordset(%s::json) AS new ({_typed(fields)})"
    with prepared_cursor() as cursor:
        cursor.execute(
            f"UPDATE {table_of(model)} AS old SET {values} FROM {new} WHERE old.{_quoted(key)} = new.{_quoted(key)}",
            [_json(fields, rows)],
        )


def _copied(model: type[models.Model], rows: Sequence[models.Model]) -> int:
    if any(field.name == "uid" for field in model._meta.concrete_fields):
        _draw_keys(model, rows)
    fields = _given(model, rows)
    names = ", ".join(_quoted(field) for field in fields)
    columns = [_values(field, rows) for field in fields]
    statement = f"COPY {table_of(model)} ({names}) FROM STDIN"
    # Django does not translate what COPY raises by itself.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for values in zip(*columns, strict=True):
            copy.write_row(values)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return len(rows)


def _draw_keys(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Give the rows without a primary key the next ones, in order."""
    fresh = [row for row in rows if row.pk is None]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)",
            [table_of(model), model._meta.pk.column, len(fresh)],
        )
        for row, (key,) in zip(fresh, cursor.fetchall(), strict=True):
            row.pk = key


def _given(model: type[models.Model], rows: Sequence[models.Model]) -> list[AnyField]:
    """The fields whose columns the database does not fill by itself."""
    return [
        field
        for field in model._meta.concrete_fields
        if not isinstance(value := getattr(rows[0], field.attname), DatabaseDefault)
        and not (field.primary_key and value is None)
    ]


@cache
def table_of(model: type[models.Model]) -> str:
    """The name of its table as SQL writes it."""
    return connection.ops.quote_name(model._meta.db_table)


@cache
def _quoted(field: AnyField) -> str:
    return connection.ops.quote_name(str(field.column))


def _typed(fields: Sequence[AnyField]) -> str:
    return ", ".join(f"{_quoted(field)} {_element(field)}" for field in fields)


@cache
def _element(field: AnyField) -> str:
    # An identity column's own type says how it is filled; here it is given.
    kind = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
    return _LENGTH.sub("", str(kind))


def _values(field: AnyField, rows: Sequence[models.Model]) -> list[Any]:
    """What the driver is given for the field of each row."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return [field.pre_save(row, add=True) for row in rows]
    name = field.attname
    # Not getattr: foreign keys answer by Python code.
    values = [row.__dict__[name] if name in row.__dict__ else getattr(row, name) for row in rows]
    if isinstance(field, models.JSONField):
        return [None if value is None else json.dumps(value, cls=field.encoder) for value in values]
    if isinstance(field, models.CharField | models.TextField):
        # A member of TextChoices is text, but the driver takes no list in which it stands beside plain text.
        return [value if value is None or type(value) is str else str(value) for value in values]
    if isinstance(field, _READY):
        return values
    return [field.get_db_prep_save(value, connection) for value in values]


def _json(fields: Sequence[AnyField], rows: Sequence[models.Model]) -> str:
    names = [str(field.column) for field in fields]
    columns = [
        # JSON stands in JSON as it is.
        [getattr(row, field.attname) for row in rows] if isinstance(field, models.JSONField) else _values(field, rows)
        for field in fields
    ]
    return json.dumps([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)], default=_written)


def _written(value: object) -> str:
    """An instant, a day, a number or a uid as PostgreSQL reads it from text."""
    return value.isoformat() if isinstance(value, dt.date) else str(value)

"""Taking in many rows at once, each known by the CRM's key or by a natural one."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import uuid4

from django.db import OperationalError, connection, models, transaction
from psycopg.errors import DeadlockDetected

from leads.actions.bulk import ANY_OF, insert_rows, read_rows, row_of, table_of, update_rows
from leads.logic.errors import StateConflict
from leads.models import RowResult
from leads.models.identity import FromCrm

Row = TypeVar("Row", bound=FromCrm)
Given = ParamSpec("Given")
Result = TypeVar("Result")

_TRIES = 5
_settling: ContextVar[bool] = ContextVar("settling", default=False)

# A column and its value, or ("external", system, id).
Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One row as it should be: its `keys` in order of trust, and `values` by column; empty values never overwrite.

    `if_new` are values only for a row that has to be made, like a name where none was given; `if_lacking` for one that
    has none there so far.
    """

    keys: tuple[Key, ...]
    values: Mapping[str, Any]
    if_new: Mapping[str, Any] = field(default_factory=dict)
    if_lacking: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept(Generic[Row]):
    """A row and what the upsert did to it: created, updated or unchanged."""

    row: Row
    result: RowResult


@dataclass
class _Known(Generic[Row]):
    """The rows that exist, by every key they answer to.

    Who names a row that was merged into another means that one: the keys of the one are `aliases` of the other.
    """

    model: type[Row]
    columns: frozenset[str]
    by_key: dict[Key, Row] = field(default_factory=dict)
    aliases: set[Key] = field(default_factory=set)

    def read(self, keys: Iterable[Key]) -> None:
        """Lock and remember whatever answers to the keys; one statement, in the order of primary keys."""
        meant, params = self._naming(keys, "unnest(ARRAY[id, merged_into_id])" if self._can_be_merged else "id")
        if not meant:
            return
        # As an array it is looked up first, and the whole stays a matter of indexes.
        where = f"{table_of(self.model)}.id = ANY(ARRAY({meant}))"
        found = {row.pk: row for row in read_rows(self.model, where, params, locked=True)}
        merged = {pk: kept for pk, row in found.items() if (kept := kept_id(row))} if self._can_be_merged else {}
        if set(merged.values()) - found.keys():
            raise ChangedMeanwhile
        for pk, row in found.items():
            if pk in merged:
                self._remember_as(found[merged[pk]], row)
            else:
                self.remember(row)

    def exist(self, keys: Iterable[Key]) -> bool:
        """Whether there is a row that answers to one of the keys; one statement, no locks."""
        meant, params = self._naming(keys, "id")
        if not meant:
            return False
        with connection.cursor() as cursor:
            # Not EXISTS: where one hit is enough, PostgreSQL hopes for an early one and reads the whole table in vain.
            cursor.execute(meant, params)
            return bool(cursor.fetchall())

    def _naming(self, keys: Iterable[Key], what: str) -> tuple[str, list[Any]]:
        """SQL that selects `what` of the rows that answer to the keys, and its parameters; none without keys."""
        groups: dict[Key, list[str]] = {}
        for key in set(keys):
            groups.setdefault(key[:-1], []).append(key[-1])
        found, params = [], []
        for (kind, *system), values in groups.items():
            column = connection.ops.quote_name("external_id" if system else kind)
            # Not '': the words of the partial indexes, without which PostgreSQL does not use them.
            # Where the index has a column before it, the planner must see that the values are many.
            ours, among = ("external_system = %s AND ", "ANY(%s)") if system else ("", ANY_OF)
            found.append(
                f"SELECT {what} FROM {table_of(self.model)} WHERE {ours}{column} = {among} AND NOT {column} = ''"
            )
            params += [*system, values if system else json.dumps(values)]
        # Not OR: of a table of some ten thousand rows the planner would read all, and hold each against every value.
        return " UNION ALL ".join(found), params

    @property
    def _can_be_merged(self) -> bool:
        return hasattr(self.model, "merged_into")

    def remember(self, row: Row) -> None:
        """Have the row found by its keys; a row that was there before keeps them."""
        for key in self._keys(row):
            self.by_key.setdefault(key, row)

    def _remember_as(self, kept: Row, row: Row) -> None:
        for key in self._keys(row):
            if self.by_key.setdefault(key, kept) is kept:
                self.aliases.add(key)

    def _keys(self, row: Row) -> list[Key]:
        keys: list[Key] = [(column, value) for column in self.columns if (value := getattr(row, column))]
        return [("external", row.external_system, row.external_id), *keys] if row.external_id else keys

    def get(self, one: Wanted) -> Row | None:
        for key in one.keys:
            if key in self.by_key:
                return self.by_key[key]
        return None

    def free(self, row: Row, new: dict[str, Any]) -> dict[str, Any]:
        """The new values without keys that another row answers to: those stay where they are."""
        keys = self.columns & _unique(self.model) & set(new)
        taken = {name for name in keys if self._is_another(row, (name, new[name]))}
        if "external_id" in new:
            key = ("external", new.get("external_system", row.external_system), new["external_id"])
            taken |= {"external_system", "external_id"} if self._is_another(row, key) else set()
        return {name: value for name, value in new.items() if name not in taken}

    def _is_another(self, row: Row, key: Key) -> bool:
        return key in self.aliases or self.by_key.get(key, row) is not row

    def missing(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        return [one for one in wanted if self.get(one) is None]


class ChangedMeanwhile(Exception):
    """A row was made, or merged into another, while this transaction waited: it would be locked out of order."""


def settled(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """`work` in a transaction (or savepoint) of its own, begun anew, locks let go, when a row was made or merged
    meanwhile, or when PostgreSQL had to break a circle of waits. Within another settled work it is a part of that one.

    A savepoint within the one that is given up would be the way into a deadlock: who waits for a row that was locked in
    it waits, in PostgreSQL, for the end of the whole transaction, although the row is free again.
    """

    @wraps(work)
    def inner(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        if _settling.get():
            return work(*args, **kwargs)
        for _ in range(_TRIES):
            token = _settling.set(True)
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except ChangedMeanwhile:
                continue
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
            finally:
                _settling.reset(token)
        raise StateConflict("Somebody is changing these; try again in a moment.")

    return inner


def kept_id(row: Any) -> int | None:
    """The primary key of the row that this one was merged into."""
    found: int | None = row.merged_into_id
    return found


def upsert(model: type[Row], wanted: Sequence[Wanted]) -> list[Kept[Row]]:
    """The rows of `model`, one per input and in its order, made or brought up to date; two inputs may name one row.

    Who names a row that was merged into another means that one. Locks what it finds FOR NO KEY UPDATE in key order, and
    keeps others from making the same rows until the transaction ends. At most six statements, whatever the number of
    inputs. ChangedMeanwhile, see settled.
    """
    return upsert_and_find(model, wanted, keys=())[0]


def upsert_and_find(
    model: type[Row], wanted: Sequence[Wanted], *, keys: Collection[Key]
) -> tuple[list[Kept[Row]], dict[Key, Row]]:
    """As upsert; and the rows that answer to `keys`, none of which is made. Locked with the others, in one order."""
    columns = frozenset(key[0] for key in [*keys, *(key for one in wanted for key in one.keys)]) - {"external"}
    known = _Known(model, columns)
    known.read([*keys, *(key for one in wanted for key in one.keys)])
    made: set[int] = set()
    if missing := known.missing(wanted):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [model._meta.db_table])
        # Whoever has one of them locked may wait for the right to make another: nobody with that right waits for rows.
        if known.exist(key for one in missing for key in one.keys):
            raise ChangedMeanwhile
        made = _make(model, known, missing)
    kept = _brought_up_to_date(model, wanted, known, made=made)
    return kept, {key: known.by_key[key] for key in keys if key in known.by_key}


def _make(model: type[Row], known: _Known[Row], missing: Sequence[Wanted]) -> set[int]:
    """Write the first of the missing inputs that name one row each; the primary keys of what was written."""
    blank = {name: value for name, value in vars(model()).items() if name != "_state"}
    fresh: list[Row] = []
    seen: set[Key] = set()
    for one in missing:
        if not seen.intersection(one.keys):
            values = {**blank, "uid": uuid4(), **one.values, **one.if_lacking, **one.if_new}
            fresh.append(row_of(model, values, is_new=True))
            seen.update(one.keys)
    if insert_rows(model, fresh, skip_conflicts=True) < len(fresh):
        # Made by somebody who does not come through here, like the admin.
        known.read(key for one in missing for key in one.keys)
    for row in fresh:
        if row.pk is not None:
            known.remember(row)
    return {row.pk for row in fresh if row.pk is not None}


def _brought_up_to_date(
    model: type[Row], wanted: Sequence[Wanted], known: _Known[Row], *, made: set[int]
) -> list[Kept[Row]]:
    kept: list[Kept[Row]] = []
    changed: dict[int, Row] = {}
    columns: set[str] = set()
    for one in wanted:
        row = known.get(one)
        if row is None:
            raise RuntimeError(f"{model.__name__} was neither found nor made: {one.keys}")
        is_new = row.pk in made
        new = {} if is_new else _changes(row, one)
        if new:
            new = known.free(row, new)
        for name, value in new.items():
            setattr(row, name, value)
        if new:
            known.remember(row)
            changed[row.pk] = row
            columns.update(new)
        result = RowResult.CREATED if is_new else RowResult.UPDATED if new else RowResult.UNCHANGED
        made.discard(row.pk)
        kept.append(Kept(row, result))
    if changed:
        update_rows(model, list(changed.values()), sorted(columns))
    return kept


def _unique(model: type[models.Model]) -> set[str]:
    """The columns of which no two rows may hold the same."""
    unique = [one.fields for one in model._meta.constraints if isinstance(one, models.UniqueConstraint)]
    return {fields[0] for fields in unique if len(fields) == 1}


def _changes(row: FromCrm, one: Wanted) -> dict[str, Any]:
    """What the input says otherwise than the row. A CRM's key, once known, stays."""
    return {
        name: value
        for name, value in one.values.items()
        if value not in ("", None)
        and getattr(row, name) != value
        and not (name.startswith("external_") and row.external_id)
    } | {name: value for name, value in one.if_lacking.items() if getattr(row, name) in ("", None)}

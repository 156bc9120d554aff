"""Taking in many rows at once, each known by the CRM's key or by a natural one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import connection, models

from leads.models.identity import FromCrm

Row = TypeVar("Row", bound=FromCrm)

# A column and its value, or ("external", system, id).
Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One row as it should be: its `keys` in order of trust, and `values` by column; empty values never overwrite."""

    keys: tuple[Key, ...]
    values: Mapping[str, Any]


@dataclass
class _Known(Generic[Row]):
    """The rows that exist, by every key they answer to."""

    model: type[Row]
    columns: frozenset[str]
    by_key: dict[Key, Row] = field(default_factory=dict)

    def read(self, wanted: Sequence[Wanted]) -> None:
        """Lock and remember whatever answers to the keys; one statement."""
        match = models.Q(pk__in=[])
        keys = {key for one in wanted for key in one.keys}
        for column in self.columns:
            match |= models.Q(**{f"{column}__in": [key[1] for key in keys if key[0] == column]})
        for system in {key[1] for key in keys if key[0] == "external"}:
            ids = [key[2] for key in keys if key[:2] == ("external", system)]
            match |= models.Q(external_system=system, external_id__in=ids)
        for row in self.model._default_manager.select_for_update(no_key=True).filter(match).order_by("pk"):
            for key in [
                ("external", row.external_system, row.external_id),
                *((c, getattr(row, c)) for c in self.columns),
            ]:
                if key[-1]:
                    self.by_key.setdefault(key, row)

    def get(self, one: Wanted) -> Row | None:
        return next((self.by_key[key] for key in one.keys if key in self.by_key), None)


def upsert(model: type[Row], wanted: Sequence[Wanted]) -> list[Row]:
    """The rows of `model`, one per input and in its order, made or brought up to date; two inputs may name one row.

    Locks what it finds FOR NO KEY UPDATE in key order, and keeps others from making the same rows until the transaction ends.
    At most six statements, whatever the number of inputs.
    """
    columns = frozenset(key[0] for one in wanted for key in one.keys if key[0] != "external")
    known = _Known(model, columns)
    known.read(wanted)
    if any(known.get(one) is None for one in wanted):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [model._meta.db_table])
        known.read(wanted)
        model._default_manager.bulk_create(_missing(model, wanted, known.get), ignore_conflicts=True)
        known.read(wanted)
    return _updated(model, wanted, known.get)


def _missing(model: type[Row], wanted: Sequence[Wanted], get: Callable[[Wanted], Row | None]) -> list[Row]:
    fresh: list[Row] = []
    seen: set[Key] = set()
    for one in wanted:
        if get(one) is None and not seen.intersection(one.keys):
            fresh.append(model(**one.values))
        seen.update(one.keys)
    return fresh


def _updated(model: type[Row], wanted: Sequence[Wanted], get: Callable[[Wanted], Row | None]) -> list[Row]:
    rows: list[Row] = []
    changed: dict[int, Row] = {}
    columns: set[str] = set()
    for one in wanted:
        row = get(one)
        if row is None:
            raise RuntimeError(f"{model.__name__} was neither found nor made: {one.keys}")
        rows.append(row)
        for name, new in one.values.items():
            if new in ("", None) or getattr(row, name) == new or (name.startswith("external_") and row.external_id):
                continue
            setattr(row, name, new)
            columns.add(name)
            changed[row.pk] = row
    if changed:
        model._default_manager.bulk_update(changed.values(), sorted(columns))
    return rows

"""Which kinds of file can be taken in. Each app registers its own when it starts, so that leads knows none of those
above.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from leads.logic.actors import Actor
from leads.logic.errors import LeadLoopError, NotFound
from leads.logic.import_mapping import FileMapping
from leads.logic.import_values import Column
from leads.models import RowResult

ALL_OR_NOTHING = "all_or_nothing"
NOT_ALONE = "Another row that belongs to this one was refused, and it does not go in without it."


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows to be applied in one transaction: the filled fields of each, and what the mapping and the importer add."""

    rows: Sequence[dict[str, Any]]
    mapping: FileMapping
    by: Actor


RowDone = RowResult | LeadLoopError
Apply = Callable[[Batch], list[RowDone]]


@dataclass(frozen=True, kw_only=True)
class ImportKind:
    """What a row of this kind may say, and how a batch of rows is applied: one result per row, in order.

    A refused row leaves nothing of itself behind. `roles` are the groups that may import it by page; `options` the
    switches its mapping may set; the fields of `once` may not name the same thing twice in one file. Rows that follow
    each other and say the same in the field `together` are one thing: one batch, taken in whole or not at all.
    """

    name: str
    label: str
    says: str
    columns: tuple[Column, ...]
    apply: Apply
    roles: frozenset[str]
    options: frozenset[str] = frozenset()
    once: tuple[str, ...] = ()
    together: str = ""


_kinds: dict[str, ImportKind] = {}


def register(*kinds: ImportKind) -> None:
    """Have these kinds taken in; called once by each app, when it starts."""
    for kind in kinds:
        _kinds[kind.name] = kind


def kind_named(name: str) -> ImportKind:
    """The kind. NotFound when no app registered it."""
    if name not in _kinds:
        raise NotFound(f"There is no import of “{name[:40]}”. There are: {', '.join(_kinds)}.")
    return _kinds[name]


def all_kinds() -> list[ImportKind]:
    """Every kind, in the order of registration: what others build on comes first."""
    return list(_kinds.values())

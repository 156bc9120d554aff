"""Which agreement is in force."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from leads.logic import agreement as text
from leads.models import Agreement, AgreementState, EngagementKind


@dataclass(frozen=True, kw_only=True)
class InForce:
    """A published agreement, read: `pk` is its primary key, `number` the version."""

    pk: int
    number: int
    published_at: dt.datetime
    agreement: text.Agreement


def in_force() -> InForce | None:
    """The agreement in force, None before the first was published; one statement."""
    row = Agreement.objects.filter(state=AgreementState.IN_FORCE).first()
    return published(row) if row else None


def published(row: Agreement) -> InForce:
    """A published version, read; its text cannot change, so that it is read once."""
    assert row.number is not None
    assert row.published_at is not None
    return InForce(pk=row.pk, number=row.number, published_at=row.published_at, agreement=_read(_Text(row)))


@dataclass(frozen=True)
class _Text:
    """Compared by version and instant: tests give out primary keys again."""

    row: Agreement

    def __hash__(self) -> int:
        return hash((self.row.pk, self.row.published_at))

    def __eq__(self, other: object) -> bool:
        mine = (self.row.pk, self.row.published_at)
        return isinstance(other, _Text) and mine == (other.row.pk, other.row.published_at)


@lru_cache(maxsize=64)
def _read(one: _Text) -> text.Agreement:
    return text.read(one.row.document, kinds=EngagementKind.values)

"""Which agreement is in force, and every version there was."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from leads.actions import contributions
from leads.logic import agreement as text
from leads.logic.contributed import Contribution, thawed
from leads.logic.signatures import text_digest
from leads.models import Agreement, AgreementState, EngagementKind, PageGroup, SignOff


@dataclass(frozen=True, kw_only=True)
class InForce:
    """A published agreement, read: `pk` is its primary key, `number` the version."""

    pk: int
    number: int
    published_at: dt.datetime
    agreement: text.Agreement


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who signed for which side, and when. `is_present` while the text is still the one that was signed."""

    side: str
    label: str
    user_id: int | None
    signed_at: dt.datetime
    is_present: bool


@dataclass(frozen=True, kw_only=True)
class Version:
    """One agreement with all that is said of it; of a draft `number` and both instants are None, and `contributed` is
    what the apps above say today. `digest` is that of the present text.
    """

    uid: UUID
    number: int | None
    state: str
    note: str
    edited_at: dt.datetime
    published_at: dt.datetime | None
    ended_at: dt.datetime | None
    document: Mapping[str, Any]
    agreement: text.Agreement
    contributed: Mapping[str, Any]
    digest: str
    signatures: tuple[Signature, ...]

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """What the apps above add, read."""
        return thawed(self.contributed)


def in_force() -> InForce | None:
    """The agreement in force, None before the first was published; one statement."""
    row = Agreement.objects.filter(state=AgreementState.IN_FORCE).first()
    return published(row) if row else None


def published(row: Agreement) -> InForce:
    """A published version, read; its text cannot change, so that it is read once."""
    assert row.number is not None
    assert row.published_at is not None
    return InForce(pk=row.pk, number=row.number, published_at=row.published_at, agreement=_read(_Text(row)))


def versions() -> list[Version]:
    """Every published version in the order of their numbers; two statements."""
    rows = Agreement.objects.exclude(state=AgreementState.DRAFT).order_by("number").prefetch_related("signatures")
    return [_version(row, _read(_Text(row)), row.contributed) for row in rows]


def the_draft() -> Version | None:
    """The draft with what the apps above say today, None while nobody writes one; two statements and theirs."""
    row = Agreement.objects.filter(state=AgreementState.DRAFT).prefetch_related("signatures").first()
    if row is None:
        return None
    return _version(row, text.read(row.document, kinds=EngagementKind.values), contributions.collected())


def page_group_labels() -> dict[str, str]:
    """What the page groups are called, by key, in their order; one statement."""
    return dict(PageGroup.objects.values_list("key", "label"))


def changes(start_at: dt.datetime | None, end_at: dt.datetime | None) -> list[tuple[dt.datetime, str]]:
    """When an agreement came into force in the interval (half-open, None for no bound) and what it is called:
    (instant, "Agreement 3"), earliest first; one statement. What charts over time mark.
    """
    rows = Agreement.objects.exclude(state=AgreementState.DRAFT).order_by("published_at", "number")
    if start_at is not None:
        rows = rows.filter(published_at__gte=start_at)
    if end_at is not None:
        rows = rows.filter(published_at__lt=end_at)
    return [(at, f"Agreement {number}") for at, number in rows.values_list("published_at", "number") if at is not None]


def _version(row: Agreement, agreement: text.Agreement, contributed: Mapping[str, Any]) -> Version:
    digest = text_digest(row.document, contributed, row.note)
    return Version(
        uid=row.uid,
        number=row.number,
        state=row.state,
        note=row.note,
        edited_at=row.edited_at,
        published_at=row.published_at,
        ended_at=row.ended_at,
        document=row.document,
        agreement=agreement,
        contributed=contributed,
        digest=digest,
        signatures=_signatures(list(row.signatures.all()), digest),
    )


def _signatures(rows: Sequence[SignOff], digest: str) -> tuple[Signature, ...]:
    return tuple(
        Signature(
            side=one.side,
            label=one.label,
            user_id=one.user_id,
            signed_at=one.signed_at,
            is_present=one.digest == digest,
        )
        for one in sorted(rows, key=lambda one: one.side)
    )


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

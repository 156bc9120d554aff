"""Two versions of the agreement side by side, in words, what differs first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.pages.agreements import name_of, sections_of, url_of
from leads.logic.agreement_diff import Compared, compared, differs
from leads.reports.agreements import Version

DRAFT = "draft"


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_before: bool
    is_after: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """See templates/feedback/_agreement_compared.html. `before` is None when there is nothing to compare with."""

    before_name: str
    before_url: str
    after_name: str
    after_url: str
    differing: tuple[Compared, ...]
    same: tuple[Compared, ...]
    note: str
    is_alike: bool


def comparison(before: Version | None, after: Version, groups: Mapping[str, str]) -> Comparison:
    """What differs from `before` to `after`; with nothing before, all of it is added."""
    pairs = compared(sections_of(before, groups) if before else (), sections_of(after, groups))
    return Comparison(
        before_name=name_of(before) if before else "Nothing before",
        before_url=url_of(before) if before else "",
        after_name=name_of(after),
        after_url=url_of(after),
        differing=tuple(one for one in pairs if one.differing or one.is_reordered),
        same=tuple(one for one in pairs if one.same),
        note=after.note,
        is_alike=not differs(pairs),
    )


def options(every: Sequence[Version], before: Version, after: Version) -> list[Option]:
    """What can be compared, the latest first."""
    return [Option(key_of(one), name_of(one), one.uid == before.uid, one.uid == after.uid) for one in reversed(every)]


def key_of(version: Version) -> str:
    """How an address names a version: its number, or "draft"."""
    return str(version.number) if version.number else DRAFT

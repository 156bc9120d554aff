"""What the pages of the agreement show: the text in plain words, who signed it, and since when each figure holds."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from feedback.logic.rights import Person, may_agree, may_sign
from leads.logic.agreement_diff import Since, histories
from leads.logic.agreement_phrases import Figure
from leads.logic.agreement_words import Line, Section, sections, warnings
from leads.logic.contributed import change_words
from leads.models import AgreementState, Side
from leads.reports.agreements import Signature, Version

_POINTS = ".,;:)%"


@dataclass(frozen=True)
class PartWords:
    """A part of a sentence. A figure has its history, its values, the latest first, and as `tail` the point or comma
    behind it, which no line may begin with.
    """

    words: str
    history: tuple[Since, ...] = ()
    is_figure: bool = False
    tail: str = ""


@dataclass(frozen=True)
class LineWords:
    name: str
    parts: tuple[PartWords, ...]


@dataclass(frozen=True)
class SectionWords:
    key: str
    title: str
    lead: str
    lines: tuple[LineWords, ...]
    is_ordered: bool


@dataclass(frozen=True, kw_only=True)
class SideWords:
    """One side of the signatures. `can_sign` and `can_unsign` for the reader."""

    side: str
    signature: Signature | None
    can_sign: bool
    can_unsign: bool


@dataclass(frozen=True)
class VersionWords:
    """A line of the list of versions; `is_shown` for the one on the page."""

    name: str
    url: str
    version: Version
    is_shown: bool


@dataclass(frozen=True, kw_only=True)
class AgreementPage:
    """See templates/feedback/agreement.html."""

    title: str
    version: Version
    sections: tuple[SectionWords, ...]
    sides: tuple[SideWords, ...]
    versions: tuple[VersionWords, ...]
    since_signed: tuple[str, ...]
    warnings: tuple[str, ...]
    draft: Version | None
    before: Version | None
    may_agree: bool
    is_draft: bool
    is_signed: bool


def page_of(
    version: Version,
    every: Sequence[Version],
    *,
    draft: Version | None,
    groups: Mapping[str, str],
    person: Person,
    today: Mapping[str, object] | None = None,
) -> AgreementPage:
    """One version among `every` published one. `today` is what the apps above say now, for the one in force."""
    found = histories([(*_published(one), sections_of(one, groups)) for one in every])
    is_draft = version.state == AgreementState.DRAFT
    before = next((one for one in reversed(every) if is_draft or (one.number or 0) < (version.number or 0)), None)
    return AgreementPage(
        title=name_of(version),
        version=version,
        sections=tuple(_section(one, found) for one in sections_of(version, groups)),
        sides=tuple(_side(side, version, person) for side in Side.values),
        versions=tuple(
            VersionWords(name_of(one), url_of(one), one, one.uid == version.uid)
            for one in (*([draft] if draft else []), *reversed(every))
        ),
        since_signed=tuple(change_words(version.contributed, today)) if today is not None else (),
        warnings=tuple(warnings(version.agreement)),
        draft=draft,
        before=before,
        may_agree=may_agree(person),
        is_draft=is_draft,
        is_signed=len([one for one in version.signatures if one.is_present]) == len(Side.values),
    )


def sections_of(version: Version, groups: Mapping[str, str]) -> tuple[Section, ...]:
    """A version in plain words."""
    return sections(version.agreement, version.contributions, groups)


def name_of(version: Version) -> str:
    """What a version is called: "Agreement 3", "Draft"."""
    return f"Agreement {version.number}" if version.number else "Draft"


def url_of(version: Version) -> str:
    """The page of a version."""
    if version.number is None:
        return reverse("feedback:agreement-draft")
    return reverse("feedback:agreement-version", args=[version.number])


def _published(version: Version) -> tuple[int, dt.datetime]:
    assert version.number is not None
    assert version.published_at is not None
    return version.number, version.published_at


def _section(section: Section, found: Mapping[str, list[Since]]) -> SectionWords:
    lines = tuple(_line(line, found) for line in section.lines)
    return SectionWords(section.key, section.title, section.lead, lines, section.is_ordered)


def _line(line: Line, found: Mapping[str, list[Since]]) -> LineWords:
    parts: list[PartWords] = []
    for part in line.parts:
        if isinstance(part, Figure):
            parts.append(PartWords(part.words, tuple(found.get(part.key, ())), True))
            continue
        rest = part.lstrip(_POINTS) if parts and parts[-1].is_figure else part
        if rest != part:
            parts[-1] = replace(parts[-1], tail=part.removesuffix(rest))
        parts.append(PartWords(rest))
    return LineWords(line.name, tuple(parts))


def _side(side: str, version: Version, person: Person) -> SideWords:
    signature = next((one for one in version.signatures if one.side == side), None)
    signed_other = any(one.user_id == person.user_id for one in version.signatures if one.side != side)
    is_open = version.state == AgreementState.DRAFT and may_sign(person, side)
    return SideWords(
        side=side,
        signature=signature,
        can_sign=is_open and not signed_other and not (signature and signature.is_present),
        can_unsign=is_open and signature is not None and signature.user_id == person.user_id,
    )

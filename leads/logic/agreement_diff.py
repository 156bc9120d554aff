"""What differs between two agreements, line by line and side by side; and since when each figure is what it is."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leads.logic.agreement_phrases import Figure
from leads.logic.agreement_words import Line, Section, figures

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"


@dataclass(frozen=True)
class Piece:
    """A part of a line; `differs` when the other side says something else here."""

    words: str
    differs: bool


@dataclass(frozen=True)
class Pair:
    """One line on both sides; the side that lacks it is empty."""

    name: str
    how: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Compared:
    """One section: the pairs that differ, whether its order does, and those that are the same."""

    title: str
    differing: tuple[Pair, ...]
    is_reordered: bool
    same: tuple[Pair, ...]


@dataclass(frozen=True)
class Since:
    """A figure had this value from version `number` on, published at `at`."""

    words: str
    number: int
    at: dt.datetime


def compared(before: Sequence[Section], after: Sequence[Section]) -> list[Compared]:
    """Both agreements, section by section, in the order of the later one; what only the earlier one has comes last."""
    old, new = {one.key: one for one in before}, {one.key: one for one in after}
    keys = [*new, *(key for key in old if key not in new)]
    return [_section(old.get(key), new.get(key)) for key in keys]


def differs(every: Sequence[Compared]) -> bool:
    """Whether anything does."""
    return any(one.differing or one.is_reordered for one in every)


def histories(versions: Sequence[tuple[int, dt.datetime, Sequence[Section]]]) -> dict[str, list[Since]]:
    """What every figure was, by its key: a Since for each change, the latest first. `versions` (number, published at,
    text) come in the order of their numbers. A figure that was gone for a while begins anew.
    """
    found: dict[str, list[Since]] = {}
    last: Mapping[str, Figure] = {}
    for number, at, parts in versions:
        now = figures(parts)
        for key, figure in now.items():
            if key not in last or last[key].words != figure.words:
                found.setdefault(key, []).insert(0, Since(figure.words, number, at))
        last = now
    return found


def _section(before: Section | None, after: Section | None) -> Compared:
    section = after or before
    assert section is not None
    old = {line.key: line for line in before.lines} if before else {}
    new = {line.key: line for line in after.lines} if after else {}
    keys = [*new, *(key for key in old if key not in new)]
    pairs = [_pair(old.get(key), new.get(key)) for key in keys]
    both = old.keys() & new.keys()
    is_reordered = section.is_ordered and [key for key in old if key in both] != [key for key in new if key in both]
    return Compared(
        title=section.title,
        differing=tuple(pair for pair in pairs if pair.how != SAME),
        is_reordered=is_reordered,
        same=tuple(pair for pair in pairs if pair.how == SAME),
    )


def _pair(before: Line | None, after: Line | None) -> Pair:
    if before is None or after is None:
        there = after or before
        assert there is not None
        pieces = _pieces(there, None)
        return Pair(there.name, ADDED, (), pieces) if after else Pair(there.name, REMOVED, pieces, ())
    if (before.name, before.words) == (after.name, after.words):
        pieces = _pieces(after, after)
        return Pair(after.name, SAME, pieces, pieces)
    name = after.name if before.name == after.name else f"{before.name} → {after.name}"
    return Pair(name, CHANGED, _pieces(before, after), _pieces(after, before))


def _pieces(line: Line, other: Line | None) -> tuple[Piece, ...]:
    """The parts of a line, each with whether the other line says it as well."""
    if other is None:
        return tuple(Piece(_words(part), False) for part in line.parts) or (Piece(line.name, False),)
    theirs = {part.key: part.words for part in other.parts if isinstance(part, Figure)}
    texts = {part for part in other.parts if isinstance(part, str)}
    return tuple(
        Piece(_words(part), theirs.get(part.key) != part.words if isinstance(part, Figure) else part not in texts)
        for part in line.parts
    ) or (Piece(line.name, False),)


def _words(part: str | Figure) -> str:
    return part if isinstance(part, str) else part.words

"""Addresses of web pages, and which pages mean the same. The first group whose pattern holds takes the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

from leads.logic.errors import InvalidInput
from leads.logic.text import one_line, storable

LONGEST = 500


class Match(StrEnum):
    """How a pattern's value is held against a path."""

    EQUALS = "equals"
    PREFIX = "prefix"
    CONTAINS = "contains"


@dataclass(frozen=True)
class Pattern:
    """One way in which a path belongs to a group; `value` in the form of `path_of`."""

    match: Match
    value: str

    def holds(self, path: str) -> bool:
        """Whether the path, in the form of `path_of`, is meant."""
        if self.match is Match.EQUALS:
            return path == self.value
        return path.startswith(self.value) if self.match is Match.PREFIX else self.value in path


@dataclass(frozen=True)
class Group:
    """Pages that mean the same, by the key of their PageGroup."""

    key: str
    patterns: tuple[Pattern, ...]


def clean_url(value: object, *, field: str = "url") -> str:
    """The address without query, fragment, user and password, or the bare path; "" stays "". InvalidInput(field).

    At most 500 characters are kept of it; more are refused, not cut. Queries carry mail addresses and tokens, which
    nobody here has asked for.
    """
    text = storable(value, field=field)
    for end in "?#":
        text = text.partition(end)[0]
    return _address(text, field)


# A site has few pages, and they are looked at often. What is kept here is what is kept anyway.
@lru_cache(maxsize=2_000)
def _address(given: str, field: str) -> str:
    text = one_line(given, field=field, longest=LONGEST)
    if not text or (text.startswith("/") and not text.startswith("//")):
        return text
    scheme, separator, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if scheme.lower() not in {"http", "https"} or not separator or not host or " " in host:
        raise InvalidInput(f"{field} must begin with http:// or https://, or be a path like /pricing.", field=field)
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def path_of(url: str) -> str:
    """The path that patterns are held against: without host, percent signs and a last slash, in one case.

    "/" for the front page; "" for no address at all.
    """
    if not url:
        return ""
    path = url if url.startswith("/") else "/" + url.partition("://")[2].partition("/")[2]
    return unquote(path).casefold().rstrip("/") or "/"


def group_of(url: str, groups: Sequence[Group]) -> str:
    """The key of the first group in which a pattern holds for this (clean) address, or ""."""
    path = path_of(url)
    if not path:
        return ""
    return next((one.key for one in groups if any(pattern.holds(path) for pattern in one.patterns)), "")


def read_patterns(given: object, *, field: str = "patterns") -> tuple[Pattern, ...]:
    """The patterns of [{"operator": "prefix", "value": "/pricing"}, ...]. InvalidInput(field) says what is wrong in
    which.
    """
    if not isinstance(given, list):
        raise InvalidInput("The patterns are a list.", field=field)
    return tuple(_pattern(one, number, field=field) for number, one in enumerate(given, 1))


def _pattern(given: object, number: int, *, field: str) -> Pattern:
    if not isinstance(given, dict) or set(given) != {"operator", "value"}:
        raise InvalidInput(f"Pattern {number} needs an operator and a value, and nothing else.", field=field)
    known = [str(one) for one in Match]
    if given["operator"] not in known:
        raise InvalidInput(f"Pattern {number}: the operator is one of {', '.join(known)}.", field=field)
    match = Match(given["operator"])
    value = one_line(given["value"], field=field, longest=LONGEST)
    if not value:
        raise InvalidInput(f"Pattern {number}: the value is empty.", field=field)
    if match is not Match.CONTAINS and not value.startswith("/"):
        raise InvalidInput(f"Pattern {number}: the value begins with /, like every path.", field=field)
    if "?" in value or "#" in value:
        raise InvalidInput(f"Pattern {number}: addresses are kept without what follows ? and #.", field=field)
    folded = unquote(value).casefold()
    return Pattern(match, (folded.rstrip("/") or "/") if match is Match.EQUALS else folded)

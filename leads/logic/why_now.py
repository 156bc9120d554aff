"""Why a lead is worth a call today, in one plain sentence made of facts."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

_WINDOW = dt.timedelta(days=30)
_MOST_CLAUSES = 3
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_QUOTED = frozenset({"form", "webinar", "download", "email_click", "trial"})
_ACRONYMS = frozenset({"api", "crm", "erp", "faq", "roi", "sla", "sso"})
# What says more about buying comes first; opened mails are said only when there is nothing else.
_WEIGHT = {
    "meeting": 9, "form": 8, "trial": 7, "webinar": 5, "page_view": 4, "download": 4, "email_click": 3, "other": 2,
    "email_open": 0,
}  # fmt: skip
_VERBS = {
    "page_view": "looked at", "form": "filled in", "email_click": "clicked", "email_open": "opened",
    "webinar": "attended", "download": "downloaded", "trial": "tried", "meeting": "met us at", "other": "did",
}  # fmt: skip


class Who(StrEnum):
    LEAD = "lead"
    COLLEAGUE = "colleague"
    SOMEBODY = "somebody"
    VISITOR = "visitor"


_DOERS = {
    Who.LEAD: "",
    Who.COLLEAGUE: "a colleague ",
    Who.SOMEBODY: "somebody known there ",
    Who.VISITOR: "an unknown visitor ",
}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One engagement: `kind` is an EngagementKind, `at` aware, `who` relative to the lead; without a lead the people
    known at the account are SOMEBODY.
    """

    kind: str
    subject: str
    at: dt.datetime
    who: Who = Who.LEAD
    duration_seconds: int | None = None


@dataclass(frozen=True)
class Part:
    """A piece of the sentence; `strong` for the one fact to read first."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Why:
    """The sentence in pieces (empty when nothing happened lately) and its few words for a row."""

    parts: tuple[Part, ...] = ()
    short: str = ""

    @property
    def text(self) -> str:
        """The whole sentence."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class _Clause:
    opening: str
    fact: str
    short: str
    weight: float


def why_now(sights: Iterable[Sight], *, now: dt.datetime) -> Why:
    """What was done in the last 30 days, the most telling first, at most three facts.

    "Came back to pricing three times in five days, and a colleague looked at API docs." Days are counted as elapsed
    time, rounded up. Nothing is inferred: what is not in `sights` is not said.
    """
    recent = [sight for sight in sights if now - _WINDOW <= sight.at <= now]
    clauses = sorted((_clause(group) for group in _groups(recent)), key=lambda clause: -clause.weight)
    telling = [clause for clause in clauses if clause.weight > 0][:_MOST_CLAUSES] or clauses[:1]
    if not telling:
        return Why()
    first, *others = telling
    opening = first.opening[:1].upper() + first.opening[1:]
    parts = [Part(f"{opening} "), Part(first.fact, strong=True)]
    for index, clause in enumerate(others):
        joint = ", and " if index == len(others) - 1 else ", "
        parts.append(Part(f"{joint}{clause.opening} {clause.fact}"))
    return Why((*parts, Part(".")), first.short)


def described(sight: Sight) -> str:
    """One engagement for a timeline: "Pricing, 4 min", "Attended “Routing 101”, 38 min"."""
    subject = _subject(sight.kind, sight.subject, inside=False)
    text = subject if sight.kind == "page_view" and subject else f"{_VERBS.get(sight.kind, 'did')} {subject}".strip()
    text = text[:1].upper() + text[1:]
    minutes = round((sight.duration_seconds or 0) / 60)
    return f"{text}, {minutes} min" if minutes else text


def is_strong(sight: Sight) -> bool:
    """Whether it is a buyer's step rather than noise: anything but a mail opened or clicked."""
    return sight.kind not in {"email_open", "email_click", "other"}


def _groups(sights: Sequence[Sight]) -> Iterable[list[Sight]]:
    """Sights of the same kind, subject and who; all opened mails are one group."""

    def key(sight: Sight) -> tuple[str, str, str]:
        return sight.who, sight.kind, "" if sight.kind == "email_open" else sight.subject.casefold()

    for _, group in groupby(sorted(sights, key=key), key=key):
        yield list(group)


def _clause(group: list[Sight]) -> _Clause:
    sight, count = group[0], len(group)
    span = max(one.at for one in group) - min(one.at for one in group)
    days = max(1, -(-span // dt.timedelta(days=1)))
    within = "in a day" if days == 1 else f"in {_number(days)} days"
    subject = "mails" if sight.kind == "email_open" else _subject(sight.kind, sight.subject, inside=True)
    returns = sight.kind == "page_view" and count > 1
    verb = "came back to" if returns else _VERBS.get(sight.kind, "did")
    often = {1: "", 2: " twice"}.get(count, f" {_number(count)} times")
    fact = f"{subject}{often} {within}" if count > 1 else subject
    weight = _WEIGHT.get(sight.kind, 1) * (1 + min(count - 1, 5) * 0.4) * (1 if sight.who is Who.LEAD else 0.5)
    doer = _DOERS[sight.who]
    if not subject:
        fact = "something" if count == 1 else f"something{often} {within}"
    plain = fact.removeprefix("the ")
    short = plain if sight.kind == "page_view" and not doer else f"{doer}{verb} {plain}"
    return _Clause(f"{doer}{verb}", fact, short, weight)


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _subject(kind: str, subject: str, *, inside: bool) -> str:
    """A path becomes the page it names, a title gets its quotes, a plain word goes lower case inside a sentence."""
    if subject.startswith("/"):
        words = subject.split("?", 1)[0].strip("/").rsplit("/", 1)[-1].replace("-", " ").replace("_", " ")
        named = " ".join(word.upper() if word in _ACRONYMS else word for word in words.split()) or "home"
        return f"the {named} page" if inside else f"{named[:1].upper()}{named[1:]} page"
    if kind in _QUOTED and subject:
        return f"“{subject}”"
    rest = subject[1:]
    return subject[:1].lower() + rest if inside and rest == rest.lower() else subject

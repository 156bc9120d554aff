"""The phrases of an agreement: conditions, counts and figures as people say them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leads.logic.agreement import Count
from leads.logic.conditions import NUMBER, OPERATORS, Condition, Vocabulary

KINDS: Mapping[str, tuple[str, str]] = {
    "page_view": ("page view", "page views"),
    "form": ("form filled in", "forms filled in"),
    "email_click": ("click in a mail", "clicks in mails"),
    "email_open": ("mail opened", "mails opened"),
    "webinar": ("webinar attended", "webinars attended"),
    "download": ("download", "downloads"),
    "trial": ("trial", "trials"),
    "meeting": ("meeting", "meetings"),
    "other": ("other engagement", "other engagements"),
}
_YES_OR_NO: Mapping[str, tuple[str, str]] = {
    "account_is_target": ("it is not a target account", "it is a target account"),
    "lead_mail_is_free": ("the mail address is of their work", "the mail address is a free one"),
}
_HAS: Mapping[str, str] = {
    "eq": "exactly",
    "ne": "not",
    "lt": "fewer than",
    "le": "at most",
    "gt": "more than",
    "ge": "at least",
}


@dataclass(frozen=True)
class Figure:
    """A number in a line. `key` names it in every version; `words` is how it is said: "+10", "7 days"."""

    key: str
    words: str


Parts = tuple[str | Figure, ...]
"""What is said, its figures marked."""


def condition_parts(key: str, one: Condition, vocabulary: Vocabulary) -> Parts:
    """ "the account has at least 100 employees": a condition, its number a figure under `key`."""
    if one.operator in ("eq", "ne") and one.field in _YES_OR_NO and one.value in ("yes", "no"):
        return (_YES_OR_NO[one.field][(one.value == "yes") == (one.operator == "eq")],)
    field = vocabulary.fields[one.field]
    if field.kind == NUMBER and isinstance(one.value, int):
        figure = Figure(f"{key}.{one.field}.{one.operator}", f"{one.value:,}")
        if one.field == "account_employees":
            return (f"the account has {_HAS.get(one.operator, OPERATORS[one.operator])} ", figure, " employees")
        return (f"the {field.words} {OPERATORS[one.operator]} ", figure)
    return (f"the {vocabulary.words(one)}",)


def count_parts(key: str, count: Count, page_groups: Mapping[str, str]) -> Parts:
    """ "at least 3 page views of pricing in 7 days": a count, its numbers figures under `key`."""
    return (
        "at least ",
        Figure(f"{key}.at_least", str(count.at_least)),
        f" {what_words(count.kind, count.page_group, count.at_least, page_groups)} in ",
        days_figure(f"{key}.within_days", count.within_days),
    )


def numbered(counts: Sequence[Count]) -> list[tuple[str, Count]]:
    """Each count with a name that lasts: its kind and page group, and which of several of that kind it is."""
    seen: Counter[str] = Counter()
    found = []
    for one in counts:
        name = f"{one.kind}.{one.page_group}"
        seen[name] += 1
        found.append((f"{name}.{seen[name]}", one))
    return found


def joined(every: Sequence[Parts], between: str) -> Parts:
    """One after the other with `between` between them."""
    said: list[str | Figure] = []
    for number, parts in enumerate(every):
        said += [between, *parts] if number else parts
    return tuple(said)


def what_words(kind: str, page_group: str, count: int, page_groups: Mapping[str, str]) -> str:
    """What was done, `count` times: "page views of pricing"; `page_groups` are their names by key."""
    words = KINDS.get(kind, (kind, kind))[0 if count == 1 else 1]
    return f"{words} of {page_groups.get(page_group, page_group)}" if page_group else words


def days_figure(key: str, days: int) -> Figure:
    """A number of days: "1 day", "7 days"."""
    return Figure(key, "1 day" if days == 1 else f"{days} days")


def signed_words(points: int) -> str:
    """Points with their sign: "+10", "−60"."""
    return f"+{points}" if points > 0 else f"−{-points}"

"""What the apps above add to an agreement, as values: reasons, targets. Frozen as JSON when it is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fact:
    """One thing that an item says: `name` ("back after"), `words` ("90 days"). A `value` makes it a figure."""

    name: str
    words: str
    value: int | None = None


@dataclass(frozen=True)
class Item:
    """One reason or policy. `key` stays the same from one version to the next, `label` is what people call it."""

    key: str
    label: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Contribution:
    """All items of one kind, in their order."""

    key: str
    label: str
    items: tuple[Item, ...]


def frozen(contributions: Sequence[Contribution]) -> dict[str, Any]:
    """The JSON that `thawed` reads back."""
    return {
        one.key: {
            "label": one.label,
            "items": [
                {"key": item.key, "label": item.label, "facts": [dict(vars(fact)) for fact in item.facts]}
                for item in one.items
            ],
        }
        for one in contributions
    }


def thawed(contributed: Mapping[str, Any]) -> tuple[Contribution, ...]:
    """What `frozen` wrote down, by key."""
    return tuple(
        Contribution(
            key,
            one["label"],
            tuple(
                Item(item["key"], item["label"], tuple(Fact(**fact) for fact in item["facts"])) for item in one["items"]
            ),
        )
        for key, one in sorted(contributed.items())
    )


def change_words(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two frozen contributions, a sentence part for each kind: "Reasons: 1 added, 2 changed"."""
    before, after = {one.key: one for one in thawed(old)}, {one.key: one for one in thawed(new)}
    said = []
    for key in sorted({*before, *after}):
        was = {item.key: item for item in before[key].items} if key in before else {}
        now = {item.key: item for item in after[key].items} if key in after else {}
        counts = {
            "added": len(now.keys() - was.keys()),
            "removed": len(was.keys() - now.keys()),
            "changed": sum(was[one] != now[one] for one in was.keys() & now.keys()),
        }
        parts = [f"{count} {word}" for word, count in counts.items() if count]
        if not parts and list(was) != list(now):
            parts = ["another order"]
        if parts:
            label = (after.get(key) or before[key]).label
            said.append(f"{label}: {', '.join(parts)}")
    return said

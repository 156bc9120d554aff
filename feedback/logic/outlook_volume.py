"""The would-be offers of a quarter, counted."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from feedback.logic.outlook import WEEKS, Met, Quarter


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A would-be offer, or one that was held back; `was_seen` when sales had a handoff of the same lead or account in
    the quarter.

    Of a lead `account` is its account; of an account alone `lead` is None.
    """

    lead: int | None
    account: int | None
    met: Met
    was_seen: bool


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Would-be offers: in all, of these never seen by sales, of these (`late`) only after a real handoff that would not
    have been, by key of rule, and by week. `held` met a rule and were held back all the quarter; they are no offers.
    """

    total: int = 0
    unseen: int = 0
    late: int = 0
    held: int = 0
    by_rule: Mapping[str, int]
    by_week: tuple[int, ...]

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(
            total=self.total + other.total,
            unseen=self.unseen + other.unseen,
            late=self.late + other.late,
            held=self.held + other.held,
            by_rule=dict(Counter(self.by_rule) + Counter(other.by_rule)),
            by_week=tuple(mine + new for mine, new in zip(self.by_week, other.by_week, strict=True)),
        )


NONE = Volume(by_rule={}, by_week=(0,) * WEEKS)


@dataclass
class Theirs:
    """The accounts whose own people would have been offered, and those whose people were held back."""

    offered: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)

    def note(self, offers: Iterable[Offered]) -> None:
        for one in offers:
            if one.lead is not None and one.account is not None:
                (self.held if one.met.is_held else self.offered).add(one.account)

    def has(self, one: Offered) -> bool:
        """Whether it is a whole account of which people count already."""
        return one.lead is None and (one.account in self.offered or (one.met.is_held and one.account in self.held))


def volume(offers: Collection[Offered], quarter: Quarter, theirs: Theirs) -> Volume:
    """The offers counted. A whole account counts only where none of its own people does: of these, or of those counted
    before, which are in `theirs`, and these are now.
    """
    theirs.note(offers)
    every = [one for one in offers if not theirs.has(one)]
    kept = [one for one in every if not one.met.is_held]
    weeks = Counter(quarter.week_of(one.met.on) for one in kept)
    return Volume(
        total=len(kept),
        unseen=sum(not one.was_seen for one in kept),
        late=sum(one.met.is_late for one in kept),
        held=len(every) - len(kept),
        by_rule=dict(Counter(one.met.rule for one in kept)),
        by_week=tuple(weeks[number] for number in range(WEEKS)),
    )

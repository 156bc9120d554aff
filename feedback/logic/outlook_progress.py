"""How far the replay of a quarter is, and what it counted so far; plain values in between two pieces."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from feedback.logic import outlook_volume as thinking
from feedback.logic.figures import COUNT_OF_STATE, Figures
from feedback.logic.outlook import Quarter
from feedback.logic.outlook_volume import Offered, Theirs, Volume
from feedback.logic.states import State
from leads.logic.agreement import ACCOUNT, LEAD, Agreement

HANDOFFS, END = "handoffs", "end"
# Leads before accounts: a whole account counts only where none of its own people does.
STAGES = (HANDOFFS, LEAD, ACCOUNT, END)


@dataclass
class Tally:
    """Counts of Figures, by what they are of and by the number of the agreement."""

    counts: defaultdict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, row: Mapping[str, Any], name: str, number: int = 0) -> None:
        counts = self.counts[name, number]
        counts["void" if row["is_void"] else COUNT_OF_STATE[State(row["state"])]] += 1
        counts["mature"] += row["is_mature"]
        counts["sql"] += row["is_sql"]

    def figures(self, name: str, number: int = 0) -> Figures:
        return Figures(**self.counts[name, number])


@dataclass
class Progress:
    """How far a replay is, behind which handoff, lead or account it goes on, and what was counted so far.

    `theirs` are by agreement the accounts of which people count already: they do not count as a whole.
    """

    stage: str = HANDOFFS
    after: tuple[dt.datetime, int] | int | None = None
    tally: Tally = field(default_factory=Tally)
    volumes: list[Volume] = field(default_factory=list)
    theirs: list[Theirs] = field(default_factory=list)

    @classmethod
    def begun(cls, agreements: Sequence[Agreement]) -> "Progress":
        """The one that a replay begins with."""
        return cls(volumes=[thinking.NONE for _ in agreements], theirs=[Theirs() for _ in agreements])

    def turn(self) -> None:
        """Go to the next stage."""
        self.stage, self.after = STAGES[STAGES.index(self.stage) + 1], None

    def add(self, number: int, offers: Sequence[Offered], quarter: Quarter) -> None:
        """Count would-be offers under the agreement `number`; leads come before accounts."""
        self.volumes[number] += thinking.volume(offers, quarter, self.theirs[number])

    def to_dict(self) -> dict[str, Any]:
        """JSON of it."""
        after = [self.after[0].isoformat(), self.after[1]] if isinstance(self.after, tuple) else self.after
        return {
            "stage": self.stage,
            "after": after,
            "tally": [[name, number, counts] for (name, number), counts in self.tally.counts.items()],
            "volumes": [asdict(one) for one in self.volumes],
            "theirs": [[sorted(one.offered), sorted(one.held)] for one in self.theirs],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Progress":
        """What to_dict wrote."""
        after, tally = raw["after"], Tally()
        for name, number, counts in raw["tally"]:
            tally.counts[name, number].update(counts)
        return cls(
            stage=raw["stage"],
            after=(dt.datetime.fromisoformat(after[0]), after[1]) if isinstance(after, list) else after,
            tally=tally,
            volumes=[volume_of(one) for one in raw["volumes"]],
            theirs=[Theirs(set(offered), set(held)) for offered, held in raw["theirs"]],
        )


def volume_of(raw: Mapping[str, Any]) -> Volume:
    """A volume that was written as JSON."""
    return Volume(**{**raw, "by_week": tuple(raw["by_week"])})

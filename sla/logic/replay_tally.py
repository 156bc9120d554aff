"""Counting judged clocks: by team and target, steps by kind, tellings of managers by the hour."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sla.logic.ladder import ENDING, NOTIFY_MANAGER, REASSIGN, RULE_ACTIONS
from sla.logic.replay import How
from sla.logic.replay_facts import Past
from sla.logic.replay_many import Clocks
from sla.logic.rules_document import KEYS

if TYPE_CHECKING:
    from sla.logic.replay_facts import Ints

_HOUR = 3_600_000_000
MET, BREACHED, RUNNING, CANCELLED = range(4)
"""Places in the counts of a target."""


@dataclass
class TeamTally:
    """What one team's handoffs come to. `clocks` by target: met, breached, still running, cancelled in time."""

    handoffs: int = 0
    promised: int = 0
    reassigned: int = 0
    ended: int = 0
    clocks: dict[str, list[int]] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)

    def add(self, other: "TeamTally") -> None:
        """Add the other's counts to these."""
        for name in ("handoffs", "promised", "reassigned", "ended"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for target, counts in other.clocks.items():
            known = self.clocks.setdefault(target, [0, 0, 0, 0])
            self.clocks[target] = [a + b for a, b in zip(known, counts, strict=True)]
        for action, count in other.steps.items():
            self.steps[action] = self.steps.get(action, 0) + count


@dataclass
class Tally:
    """Counts by team (primary key); `told`, how often a manager was told, by whom it concerns and hour since 1970.

    Whom it concerns is a team in what is judged, a user in what happened.
    """

    teams: dict[int, TeamTally] = field(default_factory=dict)
    told: dict[int, dict[int, int]] = field(default_factory=dict)

    def team(self, key: int) -> TeamTally:
        """The counts of one team, made when first asked for."""
        return self.teams.setdefault(key, TeamTally())

    def tell(self, key: int, hour: int, count: int) -> None:
        """Count `count` tellings in an hour."""
        hours = self.told.setdefault(key, {})
        hours[hour] = hours.get(hour, 0) + count

    def add(self, other: "Tally") -> None:
        """Add the other's counts to these."""
        for key, counts in other.teams.items():
            self.team(key).add(counts)
        for key, hours in other.told.items():
            for hour, count in hours.items():
                self.tell(key, hour, count)

    def total(self, teams: Collection[int] | None = None) -> TeamTally:
        """The sum over these teams, over all with None."""
        found = TeamTally()
        for key, counts in self.teams.items():
            if teams is None or key in teams:
                found.add(counts)
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON of it."""
        return {
            "teams": {str(key): vars(counts) for key, counts in sorted(self.teams.items())},
            "told": {
                str(key): {str(hour): count for hour, count in sorted(hours.items())}
                for key, hours in sorted(self.told.items())
            },
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Tally":
        """What to_dict wrote."""
        return cls(
            teams={int(key): TeamTally(**counts) for key, counts in raw["teams"].items()},
            told={int(key): {int(hour): count for hour, count in hours.items()} for key, hours in raw["told"].items()},
        )


@dataclass(frozen=True)
class Load:
    """How often one manager was told: hours with any telling, quartiles and maximum of those, the busiest first.

    `busiest` are (hour since 1970, count).
    """

    total: int
    hours: int
    quartiles: tuple[float, float, float]
    most: int
    busiest: tuple[tuple[int, int], ...]


BUSIEST = 5


def load_of(hours: Mapping[int, int]) -> Load:
    """The load of these hours; zeros of none."""
    counts = list(hours.values())
    if not counts:
        return Load(0, 0, (0.0, 0.0, 0.0), 0, ())
    low, middle, high = (float(value) for value in np.percentile(counts, [25, 50, 75]))
    busiest = sorted(hours.items(), key=lambda item: (-item[1], item[0]))[:BUSIEST]
    return Load(sum(counts), len(counts), (low, middle, high), max(counts), tuple(busiest))


def by_manager(
    told: Mapping[int, Mapping[int, int]], managers: Mapping[int, Iterable[int]]
) -> dict[int, dict[int, int]]:
    """The hours of each manager, who is told of what concerns each of their teams. `managers` by team."""
    found: dict[int, dict[int, int]] = {}
    for team, hours in told.items():
        for manager in managers.get(team, ()):
            mine = found.setdefault(manager, {})
            for hour, count in hours.items():
                mine[hour] = mine.get(hour, 0) + count
    return found


def outcomes(clocks: Clocks) -> "Ints":
    """MET, BREACHED, RUNNING or CANCELLED for each clock: late is who ended, or goes on, after the deadline."""
    by_how = np.empty(3, np.int64)
    by_how[[How.STOPPED, How.CANCELLED, How.OPEN]] = MET, CANCELLED, RUNNING
    return np.where(clocks.due < clocks.ended, BREACHED, by_how[clocks.how])


def tally_of(past: Past, clocks: Clocks) -> Tally:
    """What the judged clocks of this past come to."""
    found = Tally()
    teams, team = np.unique(past.team, return_inverse=True)
    size = len(teams)
    whole = np.bincount(team, minlength=size)
    promised = np.bincount(team[past.rule >= 0], minlength=size)
    for place, key in enumerate(teams.tolist()):
        found.teams[key] = TeamTally(handoffs=int(whole[place]), promised=int(promised[place]))
    by_clock = _counts(team[clocks.who], clocks.target, outcomes(clocks), shape=(size, len(KEYS), 4))
    for place, target in zip(*np.nonzero(by_clock.any(axis=2)), strict=True):
        found.team(int(teams[place])).clocks[KEYS[target]] = by_clock[place, target].tolist()
    by_step = _counts(team[clocks.step_who], clocks.step_action, shape=(size, len(RULE_ACTIONS)))
    for place, action in zip(*np.nonzero(by_step), strict=True):
        found.team(int(teams[place])).steps[RULE_ACTIONS[action]] = int(by_step[place, action])
    for name, actions in (("reassigned", {REASSIGN}), ("ended", ENDING)):
        counts = np.bincount(team[concerned(clocks, actions)], minlength=size)
        for place, key in enumerate(teams.tolist()):
            setattr(found.team(key), name, int(counts[place]))
    _count_told(found, teams, team, clocks)
    return found


def concerned(clocks: Clocks, actions: Collection[str]) -> "Ints":
    """The places of handoffs that one of these steps would have hit, each once, ascending."""
    places: Ints = np.unique(
        clocks.step_who[np.isin(clocks.step_action, [RULE_ACTIONS.index(action) for action in actions])]
    )
    return places


def _count_told(found: Tally, teams: "Ints", team: "Ints", clocks: Clocks) -> None:
    is_telling = clocks.step_action == RULE_ACTIONS.index(NOTIFY_MANAGER)
    key = team[clocks.step_who[is_telling]] + len(teams) * (clocks.step_at[is_telling] // _HOUR)
    for one, count in zip(*(part.tolist() for part in np.unique(key, return_counts=True)), strict=True):
        hour, place = divmod(one, len(teams))
        found.tell(int(teams[place]), hour, count)


def _counts(*columns: "Ints", shape: tuple[int, ...]) -> "Ints":
    flat = np.ravel_multi_index(columns, shape) if len(columns[0]) else np.empty(0, np.int64)
    counts: Ints = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    return counts

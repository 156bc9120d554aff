"""What a replay says, in words and figures: the same for the page, the files and the command."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from feedback.logic.charts import BarChart, BarRow, stacked_bars
from feedback.logic.rates import Rate, wilson
from feedback.models import Handoff
from leads.logic.words import interval_words, points_words, rate_words
from sla.logic.ladder import RULE_ACTIONS
from sla.logic.replay_tally import BREACHED, CANCELLED, MET, RUNNING, Tally, TeamTally
from sla.logic.rules_document import KEYS
from sla.models import StepAction, TargetKey

CANNOT_KNOW = (
    "The policy is judged as if it had been valid all along, and beside it stands what happened to the same handoffs.",
    "What people did stands as it was: who would have answered sooner, or given up, under other rules cannot be known.",
    "A handoff that would have been given away or ended is counted, and then followed as it really went on.",
    "Whether another rep would have been free is not asked, nor are acknowledgements, digests and quiet hours.",
    "Excused time is not taken out, and hours count as they are published today.",
)


@dataclass(frozen=True)
class Side:
    """One target as judged, or as it happened: `due` is met and breached."""

    met: int
    breached: int
    running: int
    cancelled: int

    @property
    def due(self) -> int:
        """How many promises fell due."""
        return self.met + self.breached

    @property
    def rate(self) -> Rate:
        """The share that was met."""
        return wilson(self.met, self.due)

    @property
    def words(self) -> str:
        """ "82 %", or a dash of nothing."""
        return rate_words(self.rate.share)

    @property
    def likely(self) -> str:
        """ "78 to 85 %"."""
        return interval_words(self.rate.low, self.rate.high)


@dataclass(frozen=True)
class TargetLine:
    """One target, judged and real side by side; `says` is the difference in words."""

    key: str
    label: str
    judged: Side
    real: Side
    change: str
    says: str


@dataclass(frozen=True)
class StepLine:
    """One kind of step: how often it would have come, how often it came."""

    key: str
    label: str
    judged: int
    real: int


@dataclass(frozen=True)
class LoadLine:
    """How often one manager is told, by the hour; `busiest` are (begin of the hour, count), the busiest first."""

    user: str
    side: str
    total: int
    hours: int
    quartiles: tuple[float, float, float]
    most: int
    busiest: tuple[tuple[dt.datetime, int], ...]


@dataclass(frozen=True)
class TeamLine:
    """One team: its targets, and what would have been taken away."""

    name: str
    handoffs: int
    targets: tuple[TargetLine, ...]
    reassigned: int
    ended: int


@dataclass(frozen=True)
class Figures:
    """Everything a replay says to one reader."""

    handoffs: int
    promised: int
    really_promised: int
    until: dt.datetime
    targets: tuple[TargetLine, ...]
    steps: tuple[StepLine, ...]
    moved: tuple[StepLine, ...]
    teams: tuple[TeamLine, ...]
    loads: tuple[LoadLine, ...]
    listed: tuple[tuple[str, str], ...]

    @property
    def says(self) -> tuple[str, ...]:
        """The differences in sentences."""
        return tuple(line.says for line in self.targets)


def figures_of(
    result: Mapping[str, Any],
    *,
    teams: Mapping[int, str],
    users: Mapping[int, str],
    only: Collection[int] | None = None,
    zone: dt.tzinfo = dt.UTC,
) -> Figures:
    """The figures of a replay that is done, for these teams (None: all) and the users named; hours in `zone`."""
    judged, real = (Tally.from_dict({"teams": result[side], "told": {}}) for side in ("judged", "real"))
    total, happened = judged.total(only), real.total(only)
    seen = [key for key in judged.teams if only is None or key in only]
    lines = [
        TeamLine(
            teams.get(key, f"Team {key}"),
            judged.teams[key].handoffs,
            _targets(judged.teams[key], real.teams.get(key, TeamTally())),
            judged.teams[key].reassigned,
            judged.teams[key].ended,
        )
        for key in seen
    ]
    return Figures(
        handoffs=total.handoffs,
        promised=total.promised,
        really_promised=happened.promised,
        until=dt.datetime.fromisoformat(result["until"]).astimezone(zone),
        targets=_targets(total, happened),
        steps=_steps(total, happened),
        moved=(
            StepLine("reassigned", "Handoffs given to the next rep", total.reassigned, happened.reassigned),
            StepLine("ended", "Handoffs ended unanswered", total.ended, happened.ended),
        ),
        teams=tuple(sorted(lines, key=lambda line: line.name)),
        loads=tuple(_loads(result["loads"], users, zone)),
        listed=tuple((uid, what) for uid, team, what in result["listed"] if only is None or team in only),
    )


def _targets(judged: TeamTally, real: TeamTally) -> tuple[TargetLine, ...]:
    lines = []
    for key in KEYS:
        if key not in judged.clocks and key not in real.clocks:
            continue
        ours, theirs = _side(judged.clocks.get(key)), _side(real.clocks.get(key))
        label = str(TargetKey(key).label).capitalize()
        change = None
        if ours.rate.share is not None and theirs.rate.share is not None:
            change = ours.rate.share - theirs.rate.share
        says = _says(label, ours, theirs)
        lines.append(TargetLine(key, label, ours, theirs, points_words(change), says))
    return tuple(lines)


def _says(label: str, judged: Side, real: Side) -> str:
    """The difference of one target as a sentence."""
    if not judged.due and not real.due:
        return f"{label}: nothing fell due."
    if not real.due:
        return f"{label}: {judged.words} in time; it was not promised before."
    if not judged.due:
        return f"{label}: nothing would have fallen due; {real.words} were in time."
    more, promises = judged.breached - real.breached, judged.due - real.due
    compared = f"{_counted(more, 'breach', 'breaches')} than happened" if more else "as many breaches as happened"
    if promises:
        compared += f", of {_counted(promises, 'promise', 'promises')} that fell due"
    ours, theirs = f"{judged.words} of {judged.due:,}", f"{real.words} of {real.due:,}"
    return f"{label}: {ours} would have been in time, {theirs} were; {compared}."


def _counted(change: int, one: str, many: str) -> str:
    """ "2 fewer breaches"."""
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} {one if abs(change) == 1 else many}"


def _side(counts: Sequence[int] | None) -> Side:
    counts = counts or (0, 0, 0, 0)
    return Side(counts[MET], counts[BREACHED], counts[RUNNING], counts[CANCELLED])


def _steps(judged: TeamTally, real: TeamTally) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(
            action,
            str(StepAction(action).label).capitalize(),
            judged.steps.get(action, 0),
            real.steps.get(action, 0),
        )
        for action in RULE_ACTIONS
        if action in judged.steps or action in real.steps
    )


def _loads(raw: Mapping[str, Any], users: Mapping[int, str], zone: dt.tzinfo) -> list[LoadLine]:
    lines = []
    for side in ("judged", "real"):
        for key, load in raw[side].items():
            if int(key) not in users:
                continue
            busiest = tuple(
                (dt.datetime.fromtimestamp(hour * 3600, dt.UTC).astimezone(zone), count)
                for hour, count in load["busiest"]
            )
            low, middle, high = load["quartiles"]
            lines.append(
                LoadLine(
                    users[int(key)], side, load["total"], load["hours"], (low, middle, high), load["most"], busiest
                )
            )
    return sorted(lines, key=lambda line: (line.user, line.side))


@dataclass(frozen=True)
class ListedHandoff:
    """A handoff that would have been taken away, as far as the reader may see it."""

    url: str
    name: str
    account: str
    what: str


def listed_of(figures: Figures, handoffs: Mapping[str, Handoff]) -> list[ListedHandoff]:
    """The handoffs listed that are among those given, with an address each."""
    words = {"reassign": "given to the next rep", "end": "ended"}
    found = []
    for uid, what in figures.listed:
        if handoff := handoffs.get(uid):
            account = handoff.account.name if handoff.account and handoff.lead else ""
            name = str(handoff.lead or handoff.account)
            found.append(ListedHandoff(reverse("feedback:handoff", args=[uid]), name, account, words[what]))
    return found


def chart_of(figures: Figures) -> BarChart:
    """Every target twice, as judged and as it happened: met, breached, still running, cancelled in time."""
    rows = []
    for line in figures.targets:
        for name, side in (("as judged", line.judged), ("as it was", line.real)):
            amounts = [side.met, side.breached, side.running, side.cancelled]
            if sum(amounts):
                note = f"{side.words} · {side.likely} · {side.due:,}"
                rows.append(
                    BarRow(label=f"{line.label}, {name}", amounts=amounts, note=note, is_young=side.rate.is_few)
                )
    return stacked_bars(rows, series=("In time", "Breached", "Still running", "Cancelled in time"))

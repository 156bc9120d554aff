"""A published policy as the clocks read it: pure, frozen, built once per version."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leads.logic.errors import InvalidInput
from sla.logic import ladder
from sla.logic.business_time import Calendar


@dataclass(frozen=True)
class TargetRule:
    """`amount` of business time, and the ladder around its end."""

    amount: dt.timedelta
    steps: tuple[ladder.StepRule, ...]


@dataclass(frozen=True)
class Rules:
    """What one policy version promises, to whom, counted in which calendar. `team` is a uid or "" for every team."""

    calendar: Calendar
    targets: Mapping[str, TargetRule]
    team: str
    channel: str
    valid_from: dt.datetime
    valid_until: dt.datetime | None

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Rules":
        """The rules that `raw` describes. InvalidInput(<field>) for a calendar, amount or ladder that cannot be run."""
        targets: dict[str, TargetRule] = {}
        for key, target in raw["targets"].items():
            steps = tuple(ladder.StepRule(**step) for step in target["steps"])
            ladder.check(steps)
            if key != "decide" and any(step.action == ladder.EXPIRE for step in steps):
                raise InvalidInput("Only an undecided handoff can expire.", field=f"{key}.steps")
            targets[key] = TargetRule(dt.timedelta(minutes=target["minutes"]), steps)
        until = raw["valid_until"]
        return cls(
            calendar=Calendar.from_dict(raw["calendar"]),
            targets=targets,
            team=raw["team"],
            channel=raw["channel"],
            valid_from=dt.datetime.fromisoformat(raw["valid_from"]),
            valid_until=dt.datetime.fromisoformat(until) if until else None,
        )

    def apply_to(self, *, channel: str, at: dt.datetime) -> bool:
        """Whether a handoff of `channel`, offered at `at`, comes under these rules, its team apart."""
        return (
            self.channel in ("", channel)
            and self.valid_from <= at
            and (self.valid_until is None or at < self.valid_until)
        )

    def plan(self, target: str, *, started_at: dt.datetime) -> ladder.Plan | None:
        """The deadline and steps of `target` for a clock started at `started_at`; None when nothing is promised."""
        rule = self.targets.get(target)
        return ladder.plan(started_at, rule.amount, rule.steps, self.calendar) if rule else None

"""The last quarter under a draft and under the agreement in force: both by the same replay of what was done."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from feedback.logic import outlook as thinking
from feedback.logic.figures import Figures
from feedback.logic.outlook import Quarter
from feedback.logic.outlook_progress import Progress, volume_of
from feedback.logic.outlook_volume import Volume
from feedback.reports.outlook_pieces import go_on, real, within
from feedback.reports.snapshot import snapshot
from leads.logic.agreement import Agreement
from leads.models import EngagementDay

MOST_DAYS = 20_000
MOST_HANDOFFS = 5_000


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one agreement makes of the quarter: its would-be offers, and of the real handoffs those it would have
    offered too and those it would have left out.
    """

    volume: Volume
    kept: Figures
    left_out: Figures


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The draft, and the agreement in force (None before the first). `real` are all handoffs of the quarter; of
    `unknown` of them nothing is known to have been done, so that no rule can be asked. `lost` are those that the one in
    force would have offered and the draft not.
    """

    quarter: Quarter
    now: dt.datetime
    draft: Side
    before: Side | None
    real: Figures
    unknown: int
    lost: Figures

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell: no handoff, and nobody who met a rule."""
        volumes = [one.volume for one in (self.draft, self.before) if one]
        return not (self.real.offered or any(one.total or one.held for one in volumes))


def last_quarter(draft: Agreement, before: Agreement | None, *, zone: dt.tzinfo, now: dt.datetime) -> Outlook | Quarter:
    """The outlook on the last thirteen full weeks of `zone`; the bare quarter where it is too much to wait for."""
    quarter = thinking.quarter(now.astimezone(zone).date(), zone=zone)
    with snapshot():
        if is_too_much(quarter, *sides_of(draft, before)):
            return quarter
        return outlook(draft, before, quarter=quarter, now=now)


def whole_quarter(draft: Agreement, before: Agreement | None, *, zone: dt.tzinfo, now: dt.datetime) -> Outlook:
    """The outlook on the last thirteen full weeks of `zone`, however much they hold."""
    with snapshot():
        return outlook(draft, before, quarter=thinking.quarter(now.astimezone(zone).date(), zone=zone), now=now)


def is_too_much(quarter: Quarter, *agreements: Agreement) -> bool:
    """Whether the quarter holds more than can be replayed while somebody waits; two statements, both bounded."""
    since = quarter.end_on - dt.timedelta(days=within(agreements))
    days = EngagementDay.objects.filter(happened_on__range=(since, quarter.end_on)).values("pk")
    return days[: MOST_DAYS + 1].count() > MOST_DAYS or real(quarter)[: MOST_HANDOFFS + 1].count() > MOST_HANDOFFS


def outlook(draft: Agreement, before: Agreement | None, *, quarter: Quarter, now: dt.datetime) -> Outlook:
    """The quarter under `draft` and under `before`, the one in force. `now` decides what is mature for the SQL rate.

    Everybody's handoffs, whoever asks: what is signed is signed for all. At most seven statements for each 500 leads,
    accounts or handoffs. Call it inside a snapshot.
    """
    agreements = sides_of(draft, before)
    progress = Progress.begun(agreements)
    while go_on(progress, agreements, quarter, now=now):
        pass
    return outlook_of(progress, quarter=quarter, now=now)


def sides_of(draft: Agreement, before: Agreement | None) -> list[Agreement]:
    """The agreements that a replay goes through: the draft, then the one in force if there is one."""
    return [draft, *([before] if before else [])]


def outlook_of(progress: Progress, *, quarter: Quarter, now: dt.datetime) -> Outlook:
    """What a replay that has come to its end found."""
    tally = progress.tally
    sides = [
        Side(volume=volume, kept=tally.figures("kept", n), left_out=tally.figures("out", n))
        for n, volume in enumerate(progress.volumes)
    ]
    return Outlook(
        quarter=quarter,
        now=now,
        draft=sides[0],
        before=sides[1] if len(sides) > 1 else None,
        real=tally.figures("real"),
        unknown=tally.figures("unknown").offered,
        lost=tally.figures("lost"),
    )


def to_dict(found: Outlook) -> dict[str, Any]:
    """JSON of the figures; the quarter and the instant are not among them."""
    return {name: value for name, value in asdict(found).items() if name not in {"quarter", "now"}}


def from_dict(raw: Mapping[str, Any], *, quarter: Quarter, now: dt.datetime) -> Outlook:
    """What to_dict wrote."""
    return Outlook(
        quarter=quarter,
        now=now,
        draft=_side(raw["draft"]),
        before=_side(raw["before"]) if raw["before"] else None,
        real=Figures(**raw["real"]),
        unknown=raw["unknown"],
        lost=Figures(**raw["lost"]),
    )


def _side(raw: Mapping[str, Any]) -> Side:
    return Side(volume=volume_of(raw["volume"]), kept=Figures(**raw["kept"]), left_out=Figures(**raw["left_out"]))

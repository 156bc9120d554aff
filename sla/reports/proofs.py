"""The proof of every clock of a handoff: what it promised, what counted, and whether the journal agrees."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from feedback.logic.rights import MANAGER, Person
from feedback.models import Handoff, Rep
from feedback.reports.detail import visible
from sla.logic.differences import differences
from sla.logic.events import USUAL, Pause
from sla.logic.proof import Excused, Held, Owned, Proof, Story, prove
from sla.logic.retold import Retelling
from sla.logic.told import ClockTold
from sla.logic.tracks import Track
from sla.models import CalendarVersion, Clock, Excuse, PolicyVersion
from sla.reports.retellings import Library, retellings
from sla.reports.rules import calendar_of, rules_of
from sla.reports.verification import COLUMNS, kept_of


@dataclass(frozen=True, kw_only=True)
class TermNamed:
    """From `since` on the clock ran under this policy version and in this calendar version, by name and number."""

    since: dt.datetime
    policy: str
    calendar: str
    timezone: str
    because: str


@dataclass(frozen=True, kw_only=True)
class ClockProof:
    """One clock with its proof. `ended_at` is when it ended, or now; `judged_at` the same, on hold when that began.

    `left` is the business time from then to the deadline, not above zero when late; `left_adjusted` the same with
    approved excused time taken out. `is_older`: it began before the journal told of clocks; its row alone is believed.
    `disagreements` are the fields on which row and journal differ; there should be none.
    """

    clock: Clock
    proof: Proof
    terms: Sequence[TermNamed]
    days: int | None
    ended_at: dt.datetime
    judged_at: dt.datetime
    left: dt.timedelta
    left_adjusted: dt.timedelta
    is_older: bool
    disagreements: Sequence[str]

    @property
    def adjusted_due_at(self) -> dt.datetime:
        """The deadline with approved excused time taken out."""
        return self.clock.adjusted_due_at or self.clock.due_at

    @property
    def is_late(self) -> bool:
        """Whether the promise was broken."""
        return self.judged_at > self.clock.due_at

    @property
    def is_late_adjusted(self) -> bool:
        """Whether it was broken with approved excused time taken out."""
        return self.judged_at > self.adjusted_due_at


@dataclass(frozen=True, kw_only=True)
class HandoffProof:
    """The clocks of a handoff in the order of their start; `reps` names those who had it, by uid."""

    handoff: Handoff
    clocks: Sequence[ClockProof]
    excuses: Sequence[Excuse]
    reps: Mapping[str, str]
    may_request: bool
    now: dt.datetime


def proof_of(uid: UUID, *, person: Person, now: dt.datetime) -> HandoffProof:
    """The proof of a handoff that the person may see; a fixed number of statements. NotFound."""
    handoff = visible(uid, person=person)
    told = retellings([uid], Library())[uid]
    owners = told.owners or [Owned(handoff.offered_at, str(handoff.owner.uid) if handoff.owner else "")]
    rows = Clock.objects.filter(handoff=handoff).order_by("started_at", "pk")
    clocks = list(rows.select_related("version__policy", "calendar_version__calendar"))
    kept = {(row["target"], row["cycle"]): kept_of(row) for row in rows.values(*COLUMNS)}
    names = _names(told)
    found = []
    for clock in clocks:
        known = told.clocks.get((clock.target, clock.cycle))
        one = _proved(clock, known, told, owners=owners, now=now)
        if known:
            row = kept[clock.target, clock.cycle]
            compared = differences(known, row, books=told.books, excuses=told.excused_spans, now=now)
            one = replace(one, terms=names.of(known), disagreements=[each.field for each in compared])
        found.append(one)
    reps = Rep.objects.filter(uid__in={one.rep for one in owners if one.rep}).select_related("user")
    return HandoffProof(
        handoff=handoff,
        clocks=found,
        excuses=list(Excuse.objects.filter(handoff=handoff).select_related("requested_by", "settled_by")),
        reps={str(rep.uid): str(rep) for rep in reps},
        may_request=bool(found) and _may_request(person, handoff),
        now=now,
    )


def _may_request(person: Person, handoff: Handoff) -> bool:
    is_owner = person.rep_id is not None and person.rep_id == handoff.owner_id
    return is_owner or (MANAGER in person.roles and handoff.team_id in person.managed_team_ids)


def _proved(
    clock: Clock,
    known: ClockTold | None,
    told: Retelling,
    *,
    owners: Sequence[Owned],
    now: dt.datetime,
) -> ClockProof:
    """The proof under the terms of the clock's row, not yet compared with its journal."""
    rule = rules_of(clock.version_id).targets.get(clock.target)
    pauses = (rule.bounds if rule else USUAL[clock.target]).pauses
    holds = [replace(one, pauses=Pause(one.owed_by) in pauses) for one in told.holds]
    track = known.track if known else Track.of(calendar_of(clock.calendar_version_id), since=clock.started_at)
    ended_at = max(clock.stopped_at or now, clock.started_at)
    story = Story(
        track=replace(track, pauses=()),
        begins_at=clock.started_at,
        ends_at=ended_at,
        holds=[one for one in holds if _meets(one, clock.started_at, ended_at)],
        excuses=[one for one in told.excuses if one.begins_at < ended_at and one.ends_at > clock.started_at],
        owners=owners,
    )
    # On hold the deadline stands as it did when the hold began; what was left then is what is left.
    since = known.held_since if known and known.held_since else ended_at
    excused = track.without([(one.begins_at, one.ends_at) for one in told.excuses])
    return ClockProof(
        clock=clock,
        proof=prove(story),
        terms=[_of_row(clock)],
        days=rule.days if rule else None,
        ended_at=ended_at,
        judged_at=since,
        left=track.signed_between(since, clock.due_at),
        left_adjusted=excused.signed_between(since, clock.adjusted_due_at or clock.due_at),
        is_older=known is None,
        disagreements=(),
    )


def _meets(hold: Held | Excused, begins_at: dt.datetime, ends_at: dt.datetime) -> bool:
    return hold.begins_at < ends_at and (hold.ends_at is None or hold.ends_at > begins_at)


@dataclass(frozen=True)
class _Names:
    """Versions by uid, in words; and the zone of each calendar version."""

    policies: Mapping[str, str]
    calendars: Mapping[str, tuple[str, str]]

    def of(self, known: ClockTold) -> list[TermNamed]:
        """What the clock ran under, one after the other."""
        return [
            TermNamed(
                since=term.since,
                policy=self.policies.get(term.version, ""),
                calendar=self.calendars.get(term.calendar, ("", ""))[0],
                timezone=self.calendars.get(term.calendar, ("", ""))[1],
                because=term.because,
            )
            for term in known.terms
        ]


def _of_row(clock: Clock) -> TermNamed:
    """What the clock's own row says that it runs under."""
    return TermNamed(
        since=clock.started_at,
        policy=str(clock.version),
        calendar=str(clock.calendar_version),
        timezone=calendar_of(clock.calendar_version_id).timezone,
        because="started",
    )


def _names(told: Retelling) -> _Names:
    terms = [term for clock in told.clocks.values() for term in clock.terms]
    policies = PolicyVersion.objects.filter(uid__in={term.version for term in terms}).select_related("policy")
    calendars = CalendarVersion.objects.filter(uid__in={term.calendar for term in terms}).select_related("calendar")
    return _Names(
        policies={str(one.uid): str(one) for one in policies.defer("rules")},
        calendars={str(one.uid): (str(one), str(one.hours["timezone"])) for one in calendars},
    )

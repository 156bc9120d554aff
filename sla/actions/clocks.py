"""Starting and ending clocks, always inside the operation on the handoff that causes it.

What starts and ends a clock is an Event, and which events do is in the rules that the clock runs under. Handoffs are
locked by the caller, or new; keep_due is the caller's. Every start and end is written to the journal.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Case, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest

from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Hold
from leads.actions import journal
from leads.actions.bulk import insert_rows
from sla.actions.excuses import readjust
from sla.actions.feasibility import flag_new
from sla.logic import ladder
from sla.logic.events import FIRST_ATTEMPT, USUAL, Bounds, Event
from sla.logic.rules import Rules, first_matching
from sla.logic.shifts import Shift
from sla.models import Clock, ClockState
from sla.reports.rules import Ruling, calendar_of, calendar_uid_of, countries_of, facts_of, needs_of, rules_of, ruling

OPEN = (ClockState.RUNNING, ClockState.HELD)


def start(handoffs: Sequence[Handoff], event: Event, *, at: dt.datetime | None) -> list[Clock]:
    """The clocks that `event` starts, from `at` (None: each handoff's own offer), where a policy promises them.

    A target that is open already goes on; one that ran before starts a new cycle. A fixed number of statements,
    whatever the number of handoffs.
    """
    rules_now = ruling() if handoffs else None
    if not rules_now or not any(
        event in target.bounds.starts for _, rules in rules_now.policies for target in rules.targets.values()
    ):
        return []
    facts = facts_of(handoffs, needs_of(rules_now.policies))
    countries = countries_of(handoffs, (rules for _, rules in rules_now.policies))
    clocks: list[Clock] = []
    for handoff in handoffs:
        found = first_matching(rules_now.policies, facts[handoff.pk], at=handoff.offered_at)
        if found:
            clocks += _started(handoff, found, event, ruling=rules_now, country=countries.get(handoff.pk, ""), at=at)
    return write(clocks, {one.pk: one for one in handoffs}, rules_now, are_first=event is Event.OFFERED)


def write(clocks: list[Clock], handoffs: dict[int, Handoff], ruling: Ruling, *, are_first: bool = False) -> list[Clock]:
    """The new clocks as written, each in its cycle, with their journal entries; targets still open are left out.

    `are_first` saves asking for earlier cycles.
    """
    if clocks and not are_first:
        last = _last_cycles(clocks)
        clocks = [clock for clock in clocks if not last.get((clock.handoff_id, clock.target), (0, False))[1]]
        for clock in clocks:
            clock.cycle = last.get((clock.handoff_id, clock.target), (-1, False))[0] + 1
    if not clocks:
        return []
    flag_new(clocks, handoffs)
    insert_rows(Clock, clocks)
    journal.record_many(
        entry("clock.started", clock, handoffs[clock.handoff_id], at=clock.started_at, data=terms(clock, ruling))
        for clock in clocks
    )
    return clocks


def end(handoffs: Sequence[Handoff], events: Collection[Event], *, at: dt.datetime) -> None:
    """Stop or cancel the open clocks of the handoffs that one of `events` ends: one SELECT, and an UPDATE a kind.

    Stopped means answered at `at`, in time or not as due_at tells; cancelled, that the question no longer stands.
    """
    ends: dict[ClockState, list[Clock]] = {ClockState.STOPPED: [], ClockState.CANCELLED: []}
    for clock in open_clocks(handoffs):
        bounds = bounds_of(clock)
        if not bounds.stops.isdisjoint(events):
            ends[ClockState.STOPPED].append(clock)
        elif not bounds.cancels.isdisjoint(events):
            ends[ClockState.CANCELLED].append(clock)
    for state, clocks in ends.items():
        finish(clocks, handoffs, state=state, at=at)


def finish(clocks: Sequence[Clock], handoffs: Sequence[Handoff], *, state: ClockState, at: dt.datetime) -> None:
    """End these open clocks at `at`, never before they started.

    A late end is a breach even when no sweep ran in between: `breached_at` follows from the two instants alone.
    """
    if not clocks:
        return
    held = [clock for clock in clocks if clock.state == ClockState.HELD]
    if held:
        _let_go(held, at=at)
    Clock.objects.filter(pk__in=[clock.pk for clock in clocks]).update(
        state=state,
        stopped_at=Greatest(Value(at), F("started_at")),
        next_action_at=None,
        check_owner=False,
        breached_at=Case(When(due_at__lt=at, then=F("due_at")), default=F("breached_at")),
    )
    by_id = {one.pk: one for one in handoffs}
    journal.record_many(
        entry(
            f"clock.{state.value}",
            clock,
            by_id[clock.handoff_id],
            at=max(at, clock.started_at),
            data={
                "in_time": at <= clock.due_at,
                "due_at": clock.due_at.isoformat(),
                "calendar": str(calendar_uid_of(clock.calendar_version_id)),
            },
        )
        for clock in clocks
    )
    if held:
        readjust([one.handoff_id for one in held])


def _let_go(held: Sequence[Clock], *, at: dt.datetime) -> None:
    """Take the hold that still runs out of the deadlines of clocks that end while they wait."""
    waiting = Hold.objects.filter(handoff__in=[one.handoff_id for one in held], ended_at=None)
    began = dict(waiting.values_list("handoff", "began_at"))
    for clock in held:
        calendar = calendar_of(clock.calendar_version_id)
        pivot = max(began.get(clock.handoff_id, at), clock.started_at)
        clock.due_at = Shift(pivot, max(at, pivot), calendar, calendar)(clock.due_at)
        clock.save(update_fields=["due_at"])


def restart_breached(handoffs: Sequence[Handoff], *, at: dt.datetime) -> None:
    """Give a new owner a clock of their own where the old one had already breached; a clock still in time runs on.

    The promise to the lead is not made again by passing it around.
    """
    # On hold nothing becomes late; what was late before goes on with the new owner as it is.
    late = [clock for clock in open_clocks(handoffs).filter(state=ClockState.RUNNING) if clock.due_at < at]
    if not late:
        return
    finish(late, handoffs, state=ClockState.CANCELLED, at=at)
    rules_now, by_id = ruling(), {one.pk: one for one in handoffs}
    facts = facts_of(handoffs, needs_of(rules_now.policies))
    countries = countries_of(handoffs, (rules for _, rules in rules_now.policies))
    clocks: list[Clock] = []
    for clock in late:
        handoff = by_id[clock.handoff_id]
        found = first_matching(rules_now.policies, facts[handoff.pk], at=handoff.offered_at)
        if found and clock.target in found[1].targets:
            country = countries.get(handoff.pk, "")
            clocks.append(_clock(handoff, found, clock.target, ruling=rules_now, country=country, started_at=at))
    write(clocks, by_id, rules_now)


def reopen(handoff: Handoff, event: Event, *, decided_at: dt.datetime, at: dt.datetime) -> None:
    """Let clocks run on as if the decision that `event` told of had not been taken, now that it was undone.

    What it ended runs on with its deadline and steps as they were; what it started is cancelled.
    """
    begun = [
        clock for clock in open_clocks([handoff]) if clock.started_at == decided_at and event in bounds_of(clock).starts
    ]
    finish(begun, [handoff], state=ClockState.CANCELLED, at=at)
    last = Clock.objects.filter(handoff=OuterRef("handoff"), target=OuterRef("target")).order_by("-cycle").values("pk")
    # A decision dated before a clock began ended it as it began.
    then = Greatest(Value(decided_at), F("started_at"))
    ended = Clock.objects.filter(handoff=handoff, pk=Subquery(last[:1]), stopped_at=then).exclude(state__in=OPEN)
    for clock in ended.exclude(pk__in=[one.pk for one in begun]).select_for_update(no_key=True):
        clock.state, clock.stopped_at = ClockState.RUNNING, None
        clock.next_action_at = next_instant(clock)
        if clock.breach_seen_at is None:
            clock.breached_at = None
        clock.save(update_fields=["state", "stopped_at", "next_action_at", "breached_at"])
        journal.record(entry("clock.reopened", clock, handoff, at=at))


def keep_due(handoff_ids: Sequence[int]) -> None:
    """Bring Handoff.due_at in line with the earliest running clock; one statement. On hold nothing is due."""
    if not handoff_ids:
        return
    earliest = (
        Clock.objects.filter(handoff=OuterRef("pk"), state=ClockState.RUNNING)
        .order_by()
        .values("handoff")
        .annotate(due=Min("due_at"))
        .values("due")
    )
    Handoff.objects.filter(pk__in=handoff_ids).update(due_at=Subquery(earliest))


def open_clocks(handoffs: Sequence[Handoff]) -> QuerySet[Clock]:
    """The running and held clocks of the handoffs."""
    return Clock.objects.filter(handoff__in=[one.pk for one in handoffs], state__in=OPEN)


def bounds_of(clock: Clock) -> Bounds:
    """What ends and pauses the clock, as its version says."""
    rule = rules_of(clock.version_id).targets.get(clock.target)
    return rule.bounds if rule else USUAL[clock.target]


def next_instant(clock: Clock) -> dt.datetime | None:
    """When its next step is due; None when none is left."""
    return clock.step_ats[clock.next_step] if clock.next_step < len(clock.step_ats) else None


def terms(clock: Clock, ruling: Ruling) -> dict[str, Any]:
    """What the clock counts under, for the journal: version and calendar version by uid, the amount in microseconds."""
    return {
        # A clock may run under a version that is no longer in force.
        "version": str(ruling.uids.get(("policy", clock.version_id)) or clock.version.uid),
        "calendar": str(ruling.uids["calendar", clock.calendar_version_id]),
        "amount_us": clock.amount // dt.timedelta(microseconds=1),
        "due_at": clock.due_at.isoformat(),
    }


def entry(
    kind: str, clock: Clock, handoff: Handoff, *, at: dt.datetime, data: dict[str, Any] | None = None
) -> journal.Entry:
    """The journal entry of something that LeadLoop did to a clock."""
    return journal.Entry(
        kind=kind,
        by=LEADLOOP,
        at=at,
        handoff_uid=handoff.uid,
        lead_uid=handoff.lead.uid if handoff.lead else None,
        data={"target": clock.target, "cycle": clock.cycle, **(data or {})},
    )


def _started(
    handoff: Handoff,
    found: tuple[int, Rules],
    event: Event,
    *,
    ruling: Ruling,
    country: str,
    at: dt.datetime | None,
) -> list[Clock]:
    return [
        _clock(handoff, found, key, ruling=ruling, country=country, started_at=at or handoff.offered_at)
        for key, target in found[1].targets.items()
        if event in target.bounds.starts and not (key == FIRST_ATTEMPT and handoff.first_attempt_at)
    ]


def _clock(
    handoff: Handoff,
    found: tuple[int, Rules],
    target: str,
    *,
    ruling: Ruling,
    country: str,
    started_at: dt.datetime,
) -> Clock:
    version_id, rules = found
    rule = rules.targets[target]
    calendar_version_id = ruling.calendar_for(rules, rule, handoff, country)
    calendar = calendar_of(calendar_version_id)
    amount = rule.amount_for(started_at, calendar)
    plan = ladder.plan(started_at, amount, rule.steps, calendar)
    return Clock(
        handoff=handoff,
        version_id=version_id,
        calendar_version_id=calendar_version_id,
        target=target,
        amount=amount,
        started_at=started_at,
        due_at=plan.due_at,
        step_actions=[step.action for step in plan.steps],
        step_ats=[step.at for step in plan.steps],
        step_refs=[step.ref for step in plan.steps],
        next_action_at=plan.steps[0].at,
    )


def _last_cycles(clocks: Sequence[Clock]) -> dict[tuple[int, str], tuple[int, bool]]:
    """The last cycle of each handoff and target, and whether one is still open; one statement."""
    ids = [clock.handoff_id for clock in clocks]
    rows = (
        Clock.objects.filter(handoff__in=ids)
        .order_by()
        .values("handoff_id", "target")
        .annotate(last=Max("cycle"), open=Max(Case(When(Q(state__in=OPEN), then=1), default=0)))
    )
    return {(row["handoff_id"], row["target"]): (row["last"], bool(row["open"])) for row in rows}

"""Moving the deadlines of clocks that run: holds, a new owner's hours, new rules.

Every move follows sla.logic.shifts: what was still to count is counted again from where the clock goes on. Nothing that
has passed is moved, so a move never makes or unmakes a breach.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When

from feedback.models import Handoff, Hold
from leads.actions import journal
from leads.actions.bulk import update_rows
from leads.actions.clock import database_now
from sla.actions.clocks import OPEN, bounds_of, entry, finish, keep_due, next_instant, open_clocks, terms
from sla.actions.feasibility import flag_new
from sla.logic import ladder
from sla.logic.events import Pause
from sla.logic.ladder import Plan, PlannedStep
from sla.logic.rules import OF_OWNER, Rules
from sla.logic.shifts import Shift
from sla.models import AppliesTo, Clock, ClockState, PolicyVersion
from sla.reports.rules import Ruling, calendar_of, countries_of, rules_of, ruling

_CHUNK = 500
_IN_FLIGHT = dt.timedelta(minutes=10)
_MOVED = ("due_at", "adjusted_due_at", "step_actions", "step_ats", "step_refs", "next_action_at")


def hold(handoffs: Sequence[Handoff], owed_by: str, *, at: dt.datetime) -> None:
    """Pause the running clocks of the handoffs that wait, from `at` on, for who owes the answer.

    Their deadlines stand meanwhile; one that had passed is a breach, also where no sweep has seen it yet.
    """
    waiting = [clock.pk for clock in _running(handoffs) if Pause(owed_by) in bounds_of(clock).pauses]
    if waiting:
        Clock.objects.filter(pk__in=waiting).update(
            state=ClockState.HELD,
            next_action_at=None,
            check_owner=False,
            breached_at=Case(When(due_at__lt=at, then=F("due_at")), default=F("breached_at")),
        )


def resume(handoffs: Sequence[Handoff], *, began_at: dt.datetime, at: dt.datetime) -> None:
    """Let held clocks run on from `at`: open time since `began_at` does not count. Locks the clocks.

    Whoever became absent meanwhile is asked anew whether they can answer in time.
    """
    by_id = {one.pk: one for one in handoffs}
    held = list(Clock.objects.filter(handoff__in=by_id, state=ClockState.HELD).select_for_update(no_key=True))
    flag_new(held, by_id)
    for clock in held:
        calendar = calendar_of(clock.calendar_version_id)
        _shift(clock, Shift(max(began_at, clock.started_at), max(at, clock.started_at), calendar, calendar))
        clock.state = ClockState.RUNNING
        clock.next_action_at = next_instant(clock)
        clock.save(update_fields=["state", "check_owner", *_MOVED])


def hold_again(handoffs: Sequence[Handoff]) -> None:
    """Pause clocks that were started while their handoff waits; one statement when nothing waits."""
    for waiting in Hold.objects.filter(handoff__in=[one.pk for one in handoffs], ended_at=None):
        hold([one for one in handoffs if one.pk == waiting.handoff_id], waiting.owed_by, at=waiting.began_at)


def follow_owner(handoffs: Sequence[Handoff], *, at: dt.datetime) -> None:
    """Count the open clocks that go by the owner's hours in those of the new owner from `at` on. Locks the clocks.

    A clock past its deadline stays as it is. Journals clock.recounted for each that moved.
    """
    going = [
        clock
        for clock in open_clocks(handoffs).filter(_in_time(at)).select_for_update(no_key=True)
        if (rule := rules_of(clock.version_id).targets.get(clock.target)) and rule.counts_in == OF_OWNER
    ]
    if not going:
        return
    rules_now, by_id = ruling(), {one.pk: one for one in handoffs}
    pivots, moved = _pivots(going, at=at), []
    for clock in going:
        rules = rules_of(clock.version_id)
        version_id = rules_now.calendar_for(rules, rules.targets[clock.target], by_id[clock.handoff_id], "")
        if version_id == clock.calendar_version_id:
            continue
        old, new = calendar_of(clock.calendar_version_id), calendar_of(version_id)
        _shift(clock, Shift(pivots[clock.pk], pivots[clock.pk], old, new))
        clock.calendar_version_id = version_id
        moved.append(clock)
    _keep_recounted(moved, by_id, rules_now, at=at, because="owner")


@dataclass(frozen=True)
class Change:
    """What publishing would do to one clock; `becomes_at` None: it is cancelled, the new rules do not promise it."""

    handoff: Handoff
    target: str
    due_at: dt.datetime
    becomes_at: dt.datetime | None


def migration_preview(policy_id: int, rules: Rules, *, at: dt.datetime, limit: int = 50) -> tuple[int, list[Change]]:
    """How many running clocks `rules` would touch if they were published at `at`, and the first of them, due first."""
    clocks = _of_policy(policy_id, at=at)
    rules_now = ruling()
    shown = list(clocks.select_related("handoff__lead", "handoff__account").order_by("due_at")[:limit])
    pivots = _pivots(shown, at=at)
    countries = countries_of([clock.handoff for clock in shown], [rules])
    changes = []
    for clock in shown:
        move = _replanned(clock, rules, rules_now, pivot=pivots[clock.pk], country=countries.get(clock.handoff_id, ""))
        changes.append(Change(clock.handoff, clock.target, clock.due_at, move[0].due_at if move else None))
    return clocks.count(), changes


def migrate(policy_id: int, *, to: PolicyVersion, at: dt.datetime) -> int:
    """How many open clocks of the policy's earlier versions count under `to` from `at` on.

    Time counted so far counts against the new amount; a deadline that is used up by it is due at `at`, steps whose
    moment would have passed are left out, a target that is no longer promised is cancelled. A clock past its deadline
    stays. Locks handoffs, then clocks, 500 at a time in order. Journals clock.recounted or clock.cancelled for each.
    """
    rules_now, rules = ruling(), rules_of(to.pk)
    ids = list(
        _of_policy(policy_id, at=at).exclude(version=to).order_by("handoff_id").values_list("handoff", flat=True)
    )
    count = 0
    for chunk in _chunks(list(dict.fromkeys(ids))):
        locked = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related("lead").order_by("pk")
        handoffs = {one.pk: one for one in locked.filter(pk__in=chunk)}
        clocks = list(
            _of_policy(policy_id, at=at).filter(handoff__in=chunk).exclude(version=to).select_for_update(no_key=True)
        )
        _migrate(clocks, handoffs, to=to, rules=rules, ruling=rules_now, at=at)
        keep_due(chunk)
        count += len(clocks)
    return count


def catch_up() -> int:
    """How many clocks count under the rules in force now, having begun in a transaction that did not see these yet.

    Looks at what was published for running clocks within the last ten minutes. Each policy in its own transaction;
    locks and journals as migrate.
    """
    now = database_now()
    in_force = PolicyVersion.objects.exclude(applies_to=AppliesTo.REPORT).order_by("policy_id", "-number")
    count = 0
    for version in in_force.filter(published_at__gt=now - _IN_FLIGHT).distinct("policy_id"):
        if version.applies_to == AppliesTo.RUNNING:
            with transaction.atomic():
                count += migrate(version.policy_id, to=version, at=database_now())
    return count


def _migrate(
    clocks: Sequence[Clock],
    handoffs: Mapping[int, Handoff],
    *,
    to: PolicyVersion,
    rules: Rules,
    ruling: Ruling,
    at: dt.datetime,
) -> None:
    pivots = _pivots(clocks, at=at)
    countries = countries_of(list(handoffs.values()), [rules])
    kept: list[Clock] = []
    for clock in clocks:
        clock.handoff = handoffs[clock.handoff_id]
        country = countries.get(clock.handoff_id, "")
        moved = _replanned(clock, rules, ruling, pivot=pivots[clock.pk], country=country)
        if moved is None:
            continue
        plan, amount, calendar_version_id = moved
        clock.due_at = plan.due_at
        _put(clock, plan.steps)
        clock.version, clock.calendar_version_id, clock.amount = to, calendar_version_id, amount
        clock.adjusted_due_at = None
        kept.append(clock)
    gone = [clock for clock in clocks if clock.target not in rules.targets]
    finish(gone, list(handoffs.values()), state=ClockState.CANCELLED, at=at)
    _keep_recounted(kept, handoffs, ruling, at=at, because="policy")


def _replanned(
    clock: Clock, rules: Rules, ruling: Ruling, *, pivot: dt.datetime, country: str
) -> tuple[Plan, dt.timedelta, int] | None:
    """The plan from `pivot` on, the amount, and the calendar version; None when the target is promised no more."""
    target = rules.targets.get(clock.target)
    if target is None:
        return None
    version_id = ruling.calendar_for(rules, target, clock.handoff, country)
    old, new = calendar_of(clock.calendar_version_id), calendar_of(version_id)
    amount = target.amount_for(clock.started_at, new)
    used = clock.amount - old.between(pivot, clock.due_at)
    steps = () if clock.acknowledged_at else target.steps
    return ladder.going_on(pivot, used, amount, steps, new), amount, version_id


def _put(clock: Clock, ahead: Sequence[PlannedStep]) -> None:
    """Keep the steps that were taken, and let these follow."""
    taken = clock.next_step
    clock.step_actions = [*clock.step_actions[:taken], *(step.action for step in ahead)]
    clock.step_ats = [*clock.step_ats[:taken], *(step.at for step in ahead)]
    clock.step_refs = [*clock.step_refs[:taken], *(step.ref for step in ahead)]


def _shift(clock: Clock, shift: Shift) -> None:
    clock.due_at = shift(clock.due_at)
    clock.step_ats = [*clock.step_ats[: clock.next_step], *shift.all(clock.step_ats[clock.next_step :])]
    if clock.adjusted_due_at is not None:
        clock.adjusted_due_at = shift(clock.adjusted_due_at)


def _keep_recounted(
    clocks: Sequence[Clock], handoffs: Mapping[int, Handoff], ruling: Ruling, *, at: dt.datetime, because: str
) -> None:
    for clock in clocks:
        clock.next_action_at = next_instant(clock) if clock.state == ClockState.RUNNING else None
    update_rows(Clock, clocks, ["version", "calendar_version", "amount", *_MOVED])
    journal.record_many(
        entry(
            "clock.recounted",
            clock,
            handoffs[clock.handoff_id],
            at=at,
            data={**terms(clock, ruling), "because": because},
        )
        for clock in clocks
    )


def _pivots(clocks: Sequence[Clock], *, at: dt.datetime) -> dict[int, dt.datetime]:
    """From when on each clock counts anew: `at`, or for a held one the moment its hold began."""
    held = [clock.handoff_id for clock in clocks if clock.state == ClockState.HELD]
    began = dict(Hold.objects.filter(handoff__in=held, ended_at=None).values_list("handoff", "began_at"))
    return {
        clock.pk: max(clock.started_at, began.get(clock.handoff_id, at) if clock.state == ClockState.HELD else at)
        for clock in clocks
    }


def _of_policy(policy_id: int, *, at: dt.datetime) -> QuerySet[Clock]:
    return Clock.objects.filter(_in_time(at), version__policy=policy_id, state__in=OPEN)


def _in_time(at: dt.datetime) -> Q:
    """Not past the deadline at `at`; a clock on hold, not when the hold began: it has not counted since."""
    began_at = Hold.objects.filter(handoff=OuterRef("handoff"), ended_at=None).values("began_at")
    return Q(state=ClockState.RUNNING, due_at__gt=at) | Q(state=ClockState.HELD, due_at__gt=Subquery(began_at))


def _running(handoffs: Sequence[Handoff]) -> QuerySet[Clock]:
    return open_clocks(handoffs).filter(state=ClockState.RUNNING)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]

"""Starting and ending clocks, always inside the operation on the handoff that causes it."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Case, F, Max, Min, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest

from feedback.models import Handoff
from sla.logic.ladder import Plan
from sla.models import Clock, ClockState, TargetKey
from sla.reports.rules import in_force, matching


def start(handoffs: Sequence[Handoff], targets: Sequence[TargetKey], *, at: dt.datetime | None) -> list[Clock]:
    """The clocks now running for `targets`, from `at` (None: each handoff's own offer), where a policy promises them.

    The handoffs are locked or new, with their team loaded; keep_due is the caller's. A target that ran before starts a
    new cycle. At most three statements, whatever the number of handoffs.
    """
    versions = in_force() if handoffs else []
    clocks: list[Clock] = []
    for handoff in handoffs:
        version_id, rules = matching(handoff, versions) or (None, None)
        for target in targets if rules else ():
            started_at = at or handoff.offered_at
            plan = rules.plan(target, started_at=started_at) if rules else None
            if version_id and plan:
                clocks.append(_clock(handoff, version_id, target, plan=plan, started_at=started_at))
    if clocks and at:
        last = _last_cycles(clocks)
        for clock in clocks:
            clock.cycle = last.get((clock.handoff_id, clock.target), -1) + 1
    return Clock.objects.bulk_create(clocks)


def stop(handoff_ids: Sequence[int], targets: Sequence[TargetKey], *, at: dt.datetime) -> None:
    """End the running clocks of `targets`: answered at `at`, in time or not as due_at tells. One statement."""
    _end(_running(handoff_ids, targets), state=ClockState.STOPPED, at=at)


def cancel(handoff_ids: Sequence[int], targets: Sequence[TargetKey], *, at: dt.datetime) -> None:
    """End the running clocks of `targets`: the question no longer stands. A deadline passed before stays passed."""
    _end(_running(handoff_ids, targets), state=ClockState.CANCELLED, at=at)


def restart_breached(handoffs: Sequence[Handoff], *, at: dt.datetime) -> None:
    """Give a new owner a clock of their own where the old one had already breached; a clock still in time runs on.

    The promise to the lead is not made again by passing it around.
    """
    for handoff in handoffs:
        late = list(_running([handoff.pk], list(TargetKey)).filter(due_at__lt=at).values_list("target", flat=True))
        if late:
            targets = [TargetKey(target) for target in late]
            cancel([handoff.pk], targets, at=at)
            start([handoff], targets, at=at)


def resume(handoff_ids: Sequence[int], target: TargetKey) -> None:
    """Let the last cycle of `target` run on as if it had never been stopped, for a decision that was undone."""
    last = Clock.objects.filter(handoff=OuterRef("handoff"), target=target).order_by("-cycle").values("pk")[:1]
    ended = Clock.objects.filter(handoff__in=handoff_ids, target=target, pk=Subquery(last)).exclude(
        state=ClockState.RUNNING
    )
    for clock in ended.select_for_update(no_key=True):
        clock.state, clock.stopped_at = ClockState.RUNNING, None
        clock.next_action_at = clock.step_ats[clock.next_step] if clock.next_step < len(clock.step_ats) else None
        if clock.breach_seen_at is None:
            clock.breached_at = None
        clock.save(update_fields=["state", "stopped_at", "next_action_at", "breached_at"])


def keep_due(handoff_ids: Sequence[int]) -> None:
    """Bring Handoff.due_at in line with the earliest running clock; one statement."""
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


def _clock(handoff: Handoff, version_id: int, target: TargetKey, *, plan: Plan, started_at: dt.datetime) -> Clock:
    return Clock(
        handoff=handoff,
        version_id=version_id,
        target=target,
        started_at=started_at,
        due_at=plan.due_at,
        step_actions=[step.action for step in plan.steps],
        step_ats=[step.at for step in plan.steps],
        next_action_at=plan.steps[0].at,
    )


def _last_cycles(clocks: Sequence[Clock]) -> dict[tuple[int, str], int]:
    ids = [clock.handoff_id for clock in clocks]
    rows = Clock.objects.filter(handoff__in=ids).order_by().values("handoff_id", "target")
    return {(row["handoff_id"], row["target"]): row["last"] for row in rows.annotate(last=Max("cycle"))}


def _running(handoff_ids: Sequence[int], targets: Sequence[TargetKey]) -> QuerySet[Clock]:
    return Clock.objects.filter(handoff__in=handoff_ids, target__in=targets, state=ClockState.RUNNING)


def _end(clocks: QuerySet[Clock], *, state: ClockState, at: dt.datetime) -> None:
    """A late end is a breach even when no sweep ran in between: `breached_at` follows from the two instants alone."""
    clocks.update(
        state=state,
        stopped_at=Greatest(Value(at), F("started_at")),
        next_action_at=None,
        breached_at=Case(When(due_at__lt=at, then=F("due_at")), default=F("breached_at")),
    )

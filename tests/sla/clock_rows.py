"""Calendars, handoffs and clocks as rows, for tests of what happens to clocks of any shape."""

import datetime as dt

from feedback.models import Handoff, Hold
from leads.models import Account, Lead
from sla.models import CalendarVersion, Clock, Policy, PolicyVersion, WorkCalendar
from tests.factories import TeamFactory

_numbers = iter(range(1, 10**9))
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
HOUR = dt.timedelta(hours=1)


def calendar_row(*, weekly=None, timezone="UTC"):
    return WorkCalendar.objects.create(name=f"Hours {next(_numbers)}", timezone=timezone, weekly=weekly or OFFICE)


def version_row(calendar, *, number=1, hours=None, published_at=None):
    return CalendarVersion.objects.create(
        calendar=calendar,
        number=number,
        hours=hours or calendar.as_dict(),
        published_at=published_at or dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    )


def policy_version_row(calendar):
    at = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    policy = Policy.objects.create(name=f"Rule {next(_numbers)}", calendar=calendar, valid_from=at)
    return PolicyVersion.objects.create(policy=policy, number=1, rules={}, published_at=at)


def handoff_row(*, team=None, at=None, **more):
    number = next(_numbers)
    lead = Lead.objects.create(name=f"Row {number}", account=Account.objects.create(name=f"Row {number}"))
    at = at or dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    return Handoff.objects.create(lead=lead, team=team or TeamFactory(), offered_at=at, **more)


def clock_row(version, policy_version, *, due_at, handoff=None, steps=None, next_step=0, state="running", **more):
    """A clock with the breach at `due_at` among its steps, or with `steps` as they are."""
    steps = [due_at - HOUR, due_at, due_at + HOUR] if steps is None else steps
    handoff = handoff or handoff_row()
    rests = state != "running" or next_step >= len(steps)
    clock = Clock.objects.create(
        handoff=handoff,
        version=policy_version,
        calendar_version=version,
        target=more.pop("target", "decide"),
        state=state,
        started_at=more.pop("started_at", handoff.offered_at),
        amount=4 * HOUR,
        due_at=due_at,
        step_actions=["warn"] * len(steps),
        step_refs=list(range(len(steps))),
        step_ats=steps,
        next_step=next_step,
        next_action_at=more.pop("next_action_at", None if rests else steps[next_step]),
        **more,
    )
    if state == "running" and (handoff.due_at is None or due_at < handoff.due_at):
        Handoff.objects.filter(pk=handoff.pk).update(due_at=due_at)
        handoff.due_at = due_at
    return clock


def hold_row(handoff, *, began_at):
    return Hold.objects.create(
        handoff=handoff,
        reason="bad_data",
        owed_by="marketing",
        began_at=began_at,
        limit_at=began_at + dt.timedelta(days=5),
    )

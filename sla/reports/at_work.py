"""Whether reps are at work, by the calendars that tell their hours."""

import datetime as dt
from collections.abc import Collection, Mapping

from feedback.availability import AtWork
from feedback.models import Rep
from sla.models import CalendarVersion
from sla.reports.rules import Uses, calendar_of


def at_work(rep_ids: Collection[int], at: dt.datetime) -> Mapping[int, AtWork]:
    """The hours at `at` of those reps for whom, or for whose team, a published calendar tells them.

    Three statements, and one for each calendar version this process has not read yet.
    """
    uses = Uses.read()
    if not (uses.by_rep or uses.by_team):
        return {}
    reps = Rep.objects.filter(pk__in=list(rep_ids)).values_list("pk", "team_id")
    calendar_uids = {pk: uid for pk, team_id in reps if (uid := uses.of_rep(pk, team_id=team_id))}
    latest = CalendarVersion.objects.filter(calendar__uid__in=set(calendar_uids.values()))
    rows = latest.order_by("calendar_id", "-number").distinct("calendar_id").values_list("calendar__uid", "pk")
    hours = {str(uid): _hours(version_id, at) for uid, version_id in rows}
    return {pk: hours[uid] for pk, uid in calendar_uids.items() if uid in hours}


def _hours(version_id: int, at: dt.datetime) -> AtWork:
    opens_at = calendar_of(version_id).next_open(at)
    return AtWork(now=opens_at == at, opens_at=opens_at)

"""When the hours of people begin again."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from feedback.models import Rep, Team
from sla.logic.business_time import Calendar
from sla.reports.rules import calendar_of, ruling


@dataclass(frozen=True)
class QuietHours:
    """The calendar of each person who has one: a rep's own or the team's, else that of the team they manage first."""

    calendars: Mapping[int, Calendar]

    @classmethod
    def read(cls, user_ids: Iterable[int]) -> "QuietHours":
        """Those of these people; at most four statements, and what is not yet compiled."""
        asked, now = list(user_ids), ruling()
        uses = now.uses
        if not (uses.by_rep or uses.by_team):
            return cls({})
        through = Team.managers.through.objects.filter(user__in=asked).order_by("-team_id")
        uids = {user_id: uses.by_team.get(team_id) for user_id, team_id in through.values_list("user_id", "team_id")}
        reps = Rep.objects.filter(user__in=asked, is_active=True).values_list("user_id", "pk", "team_id")
        uids |= {user_id: uses.of_rep(rep_id, team_id=team_id) for user_id, rep_id, team_id in reps}
        return cls(
            {user: calendar_of(now.calendars[uid]) for user, uid in uids.items() if uid and uid in now.calendars}
        )

    def ends(self, user_id: int, *, now: dt.datetime) -> dt.datetime:
        """When this person may get mail: `now` within their hours or without any, else when they next begin."""
        calendar = self.calendars.get(user_id)
        return (calendar.next_open(now) if calendar else None) or now

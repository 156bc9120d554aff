"""The demo's people, teams, calendars and policies."""

import datetime as dt

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser, Group

from feedback.logic.rights import INTEGRATOR, OPERATIONS, Person
from feedback.models import Rep, Team, person_of
from sla.actions.policies import publish
from sla.demo.campaigns import VISITS
from sla.demo.live import DECIDE_MINUTES, VISITS_DECIDE_MINUTES
from sla.demo.people import EMEA, MAIL_DOMAIN, PASSWORD, PEOPLE, TEAMS, DemoTeam
from sla.models import CalendarException, LadderStep, Policy, StepAction, Target, TargetKey, WorkCalendar

# An action, a share of the time before the deadline or business minutes after it.
_LADDER: tuple[tuple[StepAction, int | None, int | None], ...] = (
    (StepAction.WARN, 75, None),
    (StepAction.NOTIFY_OWNER, None, 0),
    (StepAction.NOTIFY_MANAGER, None, 60),
    (StepAction.REASSIGN, None, 4 * 60),
    (StepAction.EXPIRE, None, 5 * 8 * 60),
)
_WORK_LADDER: tuple[tuple[StepAction, int | None, int | None], ...] = (
    (StepAction.WARN, 80, None),
    (StepAction.NOTIFY_OWNER, None, 0),
)
_FIRST_ATTEMPT_MINUTES, _QUALIFY_MINUTES = 8 * 60, 10 * 8 * 60
_CLOSED_DAYS = (
    (1, 1, "New Year’s Day"),
    (12, 24, "Christmas Eve"),
    (12, 25, "Christmas Day"),
    (12, 26, "Day after Christmas"),
)


def make_people() -> dict[str, Person]:
    """Everybody of the demo by user name, with their groups, teams and the demo's password. Inside the loading transaction."""
    groups = {group.name: group for group in Group.objects.all()}
    teams = {team.name: Team.objects.create(name=team.name, timezone=team.timezone) for team in TEAMS}
    # One hash for all: a dozen honest ones would take longer than everything else.
    password = make_password(PASSWORD)
    people: dict[str, Person] = {}
    for one in PEOPLE:
        user: AbstractUser = get_user_model().objects.create(
            username=one.username,
            first_name=one.first_name,
            last_name=one.last_name,
            email=f"{one.username}@{MAIL_DOMAIN}",
            password=password,
            is_staff=one.role == OPERATIONS,
        )
        user.groups.add(groups[one.role])
        if one.team:
            Rep.objects.create(user=user, team=teams[one.team])
        for name in one.manages:
            teams[name].managers.add(user)
        people[one.username] = person_of(user, via="api" if one.role == INTEGRATOR else "page")
    return people


def make_rules(*, valid_from: dt.datetime, by: Person) -> None:
    """A calendar and a published policy for each team, and a slower one for visits of target accounts."""
    teams = {team.name: team for team in Team.objects.all()}
    for position, one in enumerate(TEAMS, start=1):
        calendar = _calendar(one, year=valid_from.year)
        _policy(f"{one.name}: standard", calendar, DECIDE_MINUTES, position=position * 10, valid_from=valid_from, by=by,
                team=teams[one.name])  # fmt: skip
        if one.name == EMEA:
            _policy(f"{one.name}: target accounts", calendar, VISITS_DECIDE_MINUTES, position=5, valid_from=valid_from,
                    by=by, team=teams[one.name], channel=VISITS.channel)  # fmt: skip


def _calendar(team: DemoTeam, *, year: int) -> WorkCalendar:
    calendar = WorkCalendar.objects.create(name=f"{team.name} hours", timezone=team.timezone, weekly=team.weekly)
    CalendarException.objects.bulk_create(
        CalendarException(calendar=calendar, on=dt.date(on_year, month, day), label=label)
        for on_year in (year, year + 1)
        for month, day, label in _CLOSED_DAYS
    )
    return calendar

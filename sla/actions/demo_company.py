"""The demo's people, teams, calendars and policies; called inside the transaction that loads the demo."""

import datetime as dt
from collections.abc import Mapping

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from feedback.logic.rights import INTEGRATOR, LEADLOOP, OPERATIONS, Person
from feedback.models import Rep, Team, person_of
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.demo.campaigns import VISITS
from sla.demo.live import DECIDE_MINUTES, VISITS_DECIDE_MINUTES
from sla.demo.people import EMEA, MAIL_DOMAIN, PASSWORD, PEOPLE, TEAMS
from sla.models import (
    CalendarException,
    CalendarUse,
    Condition,
    LadderStep,
    Policy,
    StepAction,
    Target,
    TargetKey,
    WorkCalendar,
)

# An action, a share of the time before the deadline or business minutes after it.
_LADDER: tuple[tuple[StepAction, int | None, int | None], ...] = (
    (StepAction.WARN, 75, None),
    (StepAction.NOTIFY_OWNER, None, 0),
    (StepAction.RAISE_PRIORITY, None, 30),
    (StepAction.NOTIFY_MANAGER, None, 60),
    (StepAction.REASSIGN, None, 4 * 60),
    (StepAction.RETURN_TO_MARKETING, None, 5 * 8 * 60),
)
_WORK_LADDER: tuple[tuple[StepAction, int | None, int | None], ...] = (
    (StepAction.WARN, 80, None),
    (StepAction.NOTIFY_OWNER, None, 0),
)
_QUEUE_LADDER: tuple[tuple[StepAction, int | None, int | None], ...] = ((StepAction.NOTIFY_MANAGER, None, 0),)
_FIRST_ATTEMPT_MINUTES, _QUALIFY_MINUTES, _QUEUE_MINUTES = 8 * 60, 10 * 8 * 60, 2 * 60
_DEPTH_DAYS, _DEPTH_ATTEMPTS, _DEPTH_CHANNELS = 7, 4, 2
_CLOSED_DAYS = (
    (1, 1, "New Year’s Day"),
    (12, 24, "Christmas Eve"),
    (12, 25, "Christmas Day"),
    (12, 26, "Day after Christmas"),
)


def make_people() -> dict[str, Person]:
    """Everybody of the demo by user name, with their groups, teams and the demo's password."""
    groups = {group.name: group for group in Group.objects.all()}
    teams = {team.name: Team.objects.create(name=team.name, timezone=team.timezone) for team in TEAMS}
    # One hash for all: a dozen honest ones would take longer than everything else.
    password = make_password(PASSWORD)
    people: dict[str, Person] = {}
    for one in PEOPLE:
        user = get_user_model().objects.create(
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


def make_calendars(*, year: int) -> dict[str, WorkCalendar]:
    """Each team's calendar by the team's name, closed on a few days of `year` and the next."""
    calendars = {}
    for team in TEAMS:
        row = WorkCalendar.objects.create(name=f"{team.name} hours", timezone=team.timezone, weekly=team.weekly)
        CalendarException.objects.bulk_create(
            CalendarException(calendar=row, on=dt.date(on_year, month, day), label=label)
            for on_year in (year, year + 1)
            for month, day, label in _CLOSED_DAYS
        )
        publish_calendar(row.pk, by=LEADLOOP)
        CalendarUse.objects.create(calendar=row, team=Team.objects.get(name=team.name))
        calendars[team.name] = row
    return calendars


def make_policies(calendars: Mapping[str, WorkCalendar], *, valid_from: dt.datetime, by: Person) -> None:
    """A published policy for each team, and before them a slower one for visits of target accounts."""
    for position, (name, calendar) in enumerate(calendars.items(), start=1):
        standard = Policy(name=f"{name}: standard", position=position * 10, calendar=calendar, valid_from=valid_from)
        _publish(standard, DECIDE_MINUTES, conditions={"team": name}, by=by)
    visits = Policy(name=f"{EMEA}: target accounts", calendar=calendars[EMEA], valid_from=valid_from)
    _publish(visits, VISITS_DECIDE_MINUTES, conditions={"team": EMEA, "channel": VISITS.channel}, by=by)


def _publish(policy: Policy, decide_minutes: int, *, conditions: Mapping[str, str], by: Person) -> None:
    policy.save()
    Condition.objects.bulk_create(
        Condition(policy=policy, field=field, operator="eq", value=value) for field, value in conditions.items()
    )
    for key, minutes, ladder in (
        (TargetKey.DECIDE, decide_minutes, _LADDER),
        (TargetKey.FIRST_ATTEMPT, _FIRST_ATTEMPT_MINUTES, _WORK_LADDER),
        (TargetKey.QUALIFY, _QUALIFY_MINUTES, _WORK_LADDER),
        (TargetKey.OWNER, _QUEUE_MINUTES, _QUEUE_LADDER),
    ):
        target = Target.objects.create(policy=policy, key=key, minutes=minutes)
        LadderStep.objects.bulk_create(
            LadderStep(target=target, action=action, percent=percent, minutes_after=minutes_after)
            for action, percent, minutes_after in ladder
        )
    Target.objects.create(
        policy=policy,
        key=TargetKey.DEPTH,
        days=_DEPTH_DAYS,
        attempts=_DEPTH_ATTEMPTS,
        channels=_DEPTH_CHANNELS,
    )
    publish(policy.pk, by=by)

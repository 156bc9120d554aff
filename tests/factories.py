"""A small company to test with.

Everything that the product writes through an action is written through it here as well.
"""

import datetime as dt

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from feedback.actions import agreements
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Rep, Team, person_of
from leads.actions.agreements import digest_of
from leads.actions.people import AccountInput, CampaignInput, LeadInput
from leads.models import Agreement
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.models import CalendarException, Condition, LadderStep, Policy, Target, WorkCalendar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {day: [["00:00", "24:00"]] for day in DAYS}
LADDER = (
    ("warn", 75, None),
    ("notify_owner", None, 0),
    ("notify_manager", None, 30),
    ("reassign", None, 60),
    ("expire", None, 600),
)


class UserFactory(DjangoModelFactory):
    """A user; `roles=("rep",)` puts them into groups."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    first_name = factory.Sequence(lambda n: f"User{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@leadloop.example")

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        for name in extracted or ():
            self.groups.add(Group.objects.get(name=name))


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class RepFactory(DjangoModelFactory):
    class Meta:
        model = Rep

    user = factory.SubFactory(UserFactory, roles=("rep",))
    team = factory.SubFactory(TeamFactory)


def manager_of(team: Team):
    """A user who manages `team`."""
    user = UserFactory(roles=("manager",))
    team.managers.add(user)
    return user


def marketer():
    """A Person of marketing."""
    return person_of(UserFactory(roles=("marketer",)))


def as_person(rep: Rep):
    """The rep as the actions know them."""
    return person_of(rep.user)


_numbers = iter(range(1, 10**9))


def offered(owner: Rep | None = None, *, team: Team | None = None, at: dt.datetime | None = None, **more) -> Handoff:
    """A pending handoff of a new lead, for `owner` or in the queue of `team`."""
    number = next(_numbers)
    given = OfferInput(
        lead=LeadInput(
            email=f"lead{number}@nortex.example", name=f"Lead {number}", account=AccountInput(name=f"Company {number}")
        ),
        team=str(team.uid) if team else "",
        owner=str(owner.uid) if owner else "",
        campaign=more.pop("campaign", CampaignInput(name="Routing 101", channel="webinar")),
        offered_at=at,
        **more,
    )
    handoff = offer(given, by=LEADLOOP).handoff
    assert handoff is not None
    return handoff


def calendar(*, weekly=None, timezone: str = "UTC", holidays=(), **more) -> WorkCalendar:
    """A published calendar, open around the clock unless `weekly` says otherwise; `holidays` are closed dates."""
    made = WorkCalendar.objects.create(
        name=f"Calendar {next(_numbers)}", timezone=timezone, weekly=weekly or ALWAYS, **more
    )
    for on in holidays:
        CalendarException.objects.create(calendar=made, on=on)
    publish_calendar(made.pk, by=LEADLOOP)
    return made


def policy(
    *,
    minutes: int = 60,
    ladder=LADDER,
    weekly=None,
    timezone: str = "UTC",
    targets=("decide",),
    conditions=(),
    hours: WorkCalendar | None = None,
    **more,
) -> Policy:
    """A published policy for everybody, open around the clock unless `weekly` says otherwise, valid since 2020.

    `ladder` holds (action, percent, minutes after) and belongs to decide; `conditions` (field, operator, value).
    """
    made = Policy.objects.create(
        name=f"Policy {next(_numbers)}",
        calendar=hours or calendar(weekly=weekly, timezone=timezone),
        valid_from=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        **more,
    )
    Condition.objects.bulk_create(Condition(policy=made, field=f, operator=o, value=v) for f, o, v in conditions)
    for key in targets:
        counts = {"attempts": 3, "channels": 2} if key == "depth" else {}
        target = Target.objects.create(policy=made, key=key, minutes=minutes, **counts)
        for action, percent, after in ladder if key == "decide" else ():
            LadderStep.objects.create(target=target, action=action, percent=percent, minutes_after=after)
    publish(made.pk, by=LEADLOOP)
    return made


def ago(**span: float) -> dt.datetime:
    """An instant in the past by the real clock, like ago(minutes=5)."""
    return dt.datetime.now(dt.UTC) - dt.timedelta(**span)


def agreement(*, at: dt.datetime | None = None, note: str = "", looks_back: bool = False, **changes) -> Agreement:
    """A published agreement, drafted, edited and signed by a marketer and a manager, and published by the marketer.

    It says what the one in force says, or the starting point, but for `changes`: whole parts of the document, like
    duties={"required": []} or mql={"rules": [...]}.
    """
    mia, nadia = marketer(), person_of(UserFactory(roles=("manager",)))
    made = agreements.draft(by=mia)
    made = agreements.edit(made.uid, by=mia, document={**made.document, **changes}, note=note)
    digest = digest_of(made)
    agreements.sign(made.uid, by=mia, side="marketing", digest=digest, at=at)
    agreements.sign(made.uid, by=nadia, side="sales", digest=digest, at=at)
    return agreements.publish(made.uid, by=mia, digest=digest, looks_back=looks_back, at=at)

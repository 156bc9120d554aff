"""Loading the demo: whatever happens to a handoff there goes through the same actions as a click."""

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from feedback.actions import decisions
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.logic.rights import Person
from feedback.models import Handoff, Team
from leads.actions.clock import database_now
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.scoring import rescore_all
from leads.logic.errors import StateConflict
from leads.models import Account, Campaign, Lead, Touched
from sla.actions.demo_agreed import make_agreements, make_routing
from sla.actions.demo_company import make_calendars, make_people, make_policies
from sla.actions.demo_fates import Teller
from sla.actions.demo_today import happen, hold_back
from sla.demo.behaviour import total
from sla.demo.history import SEED, WEEKS, Cast, Story, history, recent
from sla.demo.live import before, waiting
from sla.demo.people import EMEA, MAIN_REP, PEOPLE
from sla.demo.timing import back
from sla.logic.business_time import Calendar
from sla.models import Policy, WorkCalendar

WATCHED_MINUTES = 1_440
"""For how much business time before now handoffs already have clocks: three days of eight hours."""

UNSEEN_COUNT = 3
_BATCH = 50


@dataclass(frozen=True)
class Loaded:
    """How much was made."""

    handoff_count: int
    waiting_count: int


def in_use() -> str:
    """Why the demo cannot be loaded here, in a sentence: somebody's data, or a name that is taken; "" when it can."""
    for model in (Team, Handoff, Lead, Account, Campaign, WorkCalendar, Policy):
        if model._default_manager.exists():
            return "This database holds data already; the demo is for an empty one."
    names = [one.username for one in PEOPLE]
    taken = get_user_model()._default_manager.filter(username__in=names).values_list("username", flat=True).first()
    return f"The demo needs the user name “{taken}”, which is taken." if taken else ""


@transaction.atomic
def load() -> Loaded:
    """The demo, all of it or nothing: the same people and stories every time, placed around the database's now.

    StateConflict as `in_use` says.
    """
    if refusal := in_use():
        raise StateConflict(refusal)
    with connection.cursor() as cursor:
        # Ten thousand small look-ups by key: planning their joins would take longer than running them.
        cursor.execute("SET LOCAL join_collapse_limit = 1")
    now = database_now()
    people = make_people()
    rows = make_calendars(year=(now - WEEKS).year)
    calendars = {name: Calendar.from_dict(row.as_dict()) for name, row in rows.items()}
    valid_from = min(back(calendar, now, WATCHED_MINUTES) for calendar in calendars.values())
    make_policies(rows, valid_from=valid_from, by=people["olga"])
    make_agreements(people, now=now, first_at=now - WEEKS - dt.timedelta(weeks=1))
    make_routing(people)
    rng = random.Random(SEED)
    cast = Cast(rng)
    past = [before(now=now, calendar=calendars[EMEA]), *history(cast, rng, until=valid_from, calendars=calendars)]
    lately = recent(cast, rng, now=now, calendars=calendars)
    pending = waiting(cast, rng, now=now, calendars=calendars)
    stage = _Stage(people, Teller(people=people, calendars=calendars, now=now))
    stage.play(sorted(past, key=lambda story: story.offered_at))
    stage.play(lately)
    stage.play(pending)
    _look_at_queue(people[MAIN_REP])
    happen(people, now=now)
    # What was done is told as history: it counts in the scores, and offers nobody a second time.
    Touched.objects.all().delete()
    rescore_all(at=now)
    hold_back(now=now)
    return Loaded(Handoff.objects.count(), len(pending))


@dataclass(frozen=True)
class _Stage:
    """Offers stories, records what led to them, and lets each go its way."""

    people: Mapping[str, Person]
    teller: Teller

    def play(self, stories: Sequence[Story]) -> None:
        for batch in _batches(stories):
            # A lead who came back too soon is refused, as it would be in earnest.
            offers = offer_many([_offer(story) for story in batch], by=self.people["crm"])
            told = [(story, offer.handoff) for story, offer in zip(batch, offers, strict=True) if offer.handoff]
            record_engagements([sight for story, _ in told for sight in _engagements(story)])
            for story, handoff in told:
                self.teller.tell(story, handoff)


def _offer(story: Story) -> OfferInput:
    return OfferInput(
        lead=story.lead,
        account=story.account,
        campaign=story.source.given,
        team=story.team,
        owner=story.owner,
        fit=total(story.fit),
        intent=total(story.intent),
        score_parts={"fit": story.fit, "intent": story.intent},
        why=story.why,
        engaged_at=story.engaged_at,
        qualified_at=story.engaged_at + story.routed_in / 3,
        offered_at=story.offered_at,
    )


def _engagements(story: Story) -> Iterator[EngagementInput]:
    """What was done before the offer, by the lead, a colleague who is known, or nobody known."""
    for sight in story.sights:
        who = {"lead": story.lead, "colleague": story.colleague}.get(sight.who)
        yield EngagementInput(
            kind=sight.kind,
            subject=sight.subject,
            url=sight.address,
            duration_seconds=sight.seconds,
            occurred_at=story.engaged_at - dt.timedelta(hours=sight.hours_before),
            lead=who,
            account=None if who else story.account,
            campaign=story.source.given if sight.kind == story.source.opening[0] and who == story.lead else None,
        )


def _look_at_queue(rep: Person) -> None:
    """The main rep has opened most of the queue; the newest few are still unread."""
    own = Handoff.objects.filter(owner_id=rep.rep_id, state="pending").order_by("offered_at")
    for uid in list(own.values_list("uid", flat=True))[:-UNSEEN_COUNT]:
        decisions.see(uid, by=rep)


def _batches(stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
    for start in range(0, len(stories), _BATCH):
        yield stories[start : start + _BATCH]

"""What is going on in the demo while it is looked at: who is away, what waits for somebody else, what was asked for."""

import datetime as dt
from collections.abc import Mapping

from feedback.actions import absences, holds
from feedback.logic.rights import Person
from feedback.models import Handoff, Rep
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput, LeadInput, upsert_leads
from leads.actions.qualification import drain
from leads.models import Lead, Touched
from sla.actions import excuses
from sla.demo.people import EMEA, MAIN_REP

AWAY = "matteo"
_AWAY_DAYS = 4
_ASKING, _MANAGER, _MARKETER = "ines", "nadia", "mia"
_QUESTION = "The form says 40 vehicles, their site says 400. Which one did they tell you at the fair?"
_ANSWERED = "Who was on the call in March? The notes name nobody."
_AT_THE_DENTIST = dt.timedelta(minutes=90)
_EXCUSE = "I was at the dentist when it came in, and said so in the team’s channel."
_OUT = LeadInput(
    email="petra.holm@tarnwick.example",
    name="Petra Holm",
    title="Head of Operations",
    consent="opt_out",
    account=AccountInput(
        name="Tarnwick Lines", domain="tarnwick.example", industry="logistics", employee_count=480, country="NL"
    ),
)
_ANSWER = "Their head of procurement, with two planners. I have put the names on the account."


def hold_back(*, now: dt.datetime) -> None:
    """Somebody who meets the agreement's rule opted out, and is judged; and somebody known has come in a second time,
    under another address, for the search for duplicates to find.
    """
    views = [
        EngagementInput(
            kind="page_view", subject=page, url=page, occurred_at=now - dt.timedelta(hours=hours), lead=_OUT
        )
        for page, hours in (("/pricing", 2), ("/plans/compare", 2), ("/pricing", 27))
    ]
    record_engagements(views)
    drain()
    first = Lead.objects.filter(handoffs__owner__user__username=MAIN_REP, handoffs__state="pending").earliest("pk")
    local, _, domain = first.email.partition("@")
    again = LeadInput(email=f"{local[0]}.{local.partition('.')[2]}@{domain}", name=first.name, title=first.title)
    upsert_leads([again])
    Touched.objects.all().delete()


def happen(people: Mapping[str, Person], *, now: dt.datetime) -> None:
    """Somebody is away, two handoffs wait for marketing or the prospect, one question has been answered, and a rep asks
    not to be held to an hour and a half.
    """
    manager = people[_MANAGER]
    away = Rep.objects.get(user__username=AWAY)
    absences.add(
        away.uid, by=manager, starts_at=now - dt.timedelta(days=1), ends_at=now + dt.timedelta(days=_AWAY_DAYS)
    )
    working = Handoff.objects.filter(owner__user__username=MAIN_REP, state="accepted").order_by("-decided_at")
    talking = working.filter(attempt_count__gt=0).first() or working.first()
    if talking:
        holds.hold(talking.uid, by=people[MAIN_REP], reason="awaiting_reply")
    pending = Handoff.objects.filter(owner__user__username=_ASKING, team__name=EMEA, state="pending", due_at__gt=now)
    asked, *others = pending.order_by("-due_at")[:2]
    holds.hold(asked.uid, by=people[_ASKING], reason="bad_data", question=_QUESTION)
    for other in others:
        holds.hold(other.uid, by=people[_ASKING], reason="missing_context", question=_ANSWERED)
        holds.answer(other.uid, by=people[_MARKETER], text=_ANSWER)
    late = Handoff.objects.filter(owner__user__username=MAIN_REP, state="pending", due_at__lt=now).latest("due_at")
    excuses.request(
        late.uid, by=people[MAIN_REP], begins_at=late.offered_at, ends_at=late.offered_at + _AT_THE_DENTIST, why=_EXCUSE
    )

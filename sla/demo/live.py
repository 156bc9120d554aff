"""What waits for a decision while the demo is looked at."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from leads.actions.people import AccountInput
from sla.demo.behaviour import Sight, behaviour, fit_parts, intent_parts
from sla.demo.campaigns import EBOOK, PRICING, REFERRAL, SEARCH, SOCIAL, VISITS, WEBINAR, Source
from sla.demo.companies import person
from sla.demo.history import Cast, Story
from sla.demo.people import EMEA, MAIN_REP, PEOPLE, TEAMS
from sla.demo.story import Fate, Try
from sla.demo.timing import back
from sla.logic.business_time import Calendar

DECIDE_MINUTES = 4 * 60
VISITS_DECIDE_MINUTES = 12 * 60


@dataclass(frozen=True)
class Waiting:
    """One of the main rep with `left` business minutes to decide, negative when late. No name: an unknown visitor."""

    name: str
    title: str
    account: AccountInput
    source: Source
    left: int
    why: str
    sights: tuple[Sight, ...]
    colleague: str = ""


# Companies that marketing and sales chose together.
_TARGETS = frozenset({"Adler Verpackung", "Porta Nuova"})


def _firm(name: str, industry: str, count: int, city: str, country: str) -> AccountInput:
    domain = f"{name.split()[0].casefold()}.example"
    return AccountInput(
        name=name,
        domain=domain,
        industry=industry,
        employee_count=count,
        city=city,
        country=country,
        is_target=name in _TARGETS or None,
    )


def _pricing(*hours: float) -> tuple[Sight, ...]:
    return tuple(Sight(before, "page_view", "/pricing", 60 + 45 * round(before % 5)) for before in hours)


MAIN_QUEUE = (
    Waiting(
        "Marit Lunde",
        "COO",
        _firm("Brenn Energi", "energy", 640, "Kiel", "DE"),
        PRICING,
        -95,
        "compared plans twice",
        (
            Sight(0, "page_view", "/plans/compare", 210),
            Sight(26, "page_view", "/plans/compare", 95),
            *_pricing(27, 120),
        ),
    ),
    Waiting(
        "Ruben Aalto",
        "Fleet Manager",
        _firm("Skarv Lines", "logistics", 210, "Rostock", "DE"),
        SEARCH,
        -40,
        "asked for a demo",
        (Sight(0, "form", "Demo request"), *_pricing(3, 30), Sight(200, "email_click", "Routing checklist")),
    ),
    Waiting(
        "Ana Duarte",
        "Head of Operations",
        _firm("Nortex", "logistics", 420, "Hamburg", "DE"),
        WEBINAR,
        18,
        "pricing page 3 times this week",
        (
            *_pricing(0, 50, 110),
            Sight(0.1, "page_view", "/plans/compare", 120),
            Sight(74, "page_view", "/docs/api", 660, "colleague"),
            Sight(430, "webinar", "Routing 101", 2280),
            Sight(300, "email_open", "October news"),
        ),
        "Tom Brandt",
    ),
    Waiting(
        "Michael Okoro",
        "Supply Chain Director",
        _firm("Vialto", "food", 900, "Lyon", "FR"),
        PRICING,
        70,
        "asked for a call back",
        (Sight(0, "form", "Call me back"), *_pricing(1, 20), Sight(22, "page_view", "/customers/freight", 240)),
    ),
    Waiting(
        "Ilse van Dijk",
        "Procurement Lead",
        _firm("Haven Logistics", "logistics", 310, "Rotterdam", "NL"),
        REFERRAL,
        112,
        "back after eight weeks",
        (*_pricing(0, 4), Sight(8, "download", "Fleet cost sheet"), Sight(60, "form", "Introduced by a customer")),
    ),
    Waiting(
        "Tomás Rey",
        "Transport Planner",
        _firm("Tessera", "manufacturing", 260, "Bilbao", "ES"),
        WEBINAR,
        150,
        "webinar, then pricing",
        (*_pricing(0), Sight(47, "webinar", "Routing 101", 2600), Sight(49, "email_click", "Webinar recording")),
    ),
    Waiting(
        "Hanna Vogt",
        "IT Manager",
        _firm("Ludwig Spedition", "logistics", 140, "Leipzig", "DE"),
        EBOOK,
        190,
        "downloaded the ebook",
        (Sight(0, "download", "State of Routing"), Sight(90, "email_open", "October news")),
    ),
    Waiting(
        "Priya Nair",
        "Head of Digital",
        _firm("Lumen & Co", "retail", 1_250, "Antwerp", "BE"),
        SOCIAL,
        226,
        "trial started",
        (Sight(0, "trial", "14-day trial"), Sight(1, "form", "Demo request"), *_pricing(2)),
    ),
    Waiting(
        "",
        "",
        _firm("Kestrel Foods", "food", 780, "Ghent", "BE"),
        VISITS,
        560,
        "target account, 4 visits",
        tuple(replace(sight, who="visitor") for sight in _pricing(0, 20, 46, 70)),
    ),
    Waiting(
        "Wanda Zielińska",
        "Fleet Manager",
        _firm("Orzeł Transport", "logistics", 480, "Gdansk", "PL"),
        VISITS,
        610,
        "customer story, then pricing",
        (
            *_pricing(0, 18),
            Sight(19, "page_view", "/customers/freight", 300),
            Sight(44, "page_view", "/docs/api", 200, "visitor"),
        ),
    ),
    Waiting(
        "Jonas Weber",
        "Operations Analyst",
        _firm("Adler Verpackung", "manufacturing", 530, "Turin", "IT"),
        VISITS,
        655,
        "read the API docs",
        (Sight(0, "page_view", "/docs/api", 900), *_pricing(5)),
    ),
    Waiting(
        "Sofia Conti",
        "COO",
        _firm("Porta Nuova", "retail", 350, "Turin", "IT"),
        VISITS,
        705,
        "new target account",
        (*_pricing(0, 30), Sight(33, "page_view", "/plans/compare", 150)),
    ),
)


def waiting(cast: Cast, rng: random.Random, *, now: dt.datetime, calendars: Mapping[str, Calendar]) -> list[Story]:
    """The main rep's queue, two to five for each other rep, and each team's unassigned queue; without a fate."""
    stories = [_of_main_rep(one, now=now, calendar=calendars[EMEA]) for one in MAIN_QUEUE]
    for who in PEOPLE:
        if who.team and who.username != MAIN_REP:
            for _ in range(rng.randrange(2, 6)):
                stories.append(_other(cast, rng, who.team, who.username, now=now, calendar=calendars[who.team]))
    for team in TEAMS:
        for _ in range(4 if team.name == EMEA else 2):
            stories.append(_other(cast, rng, team.name, "", now=now, calendar=calendars[team.name]))
    return sorted(stories, key=lambda story: story.offered_at)


def before(*, now: dt.datetime, calendar: Calendar) -> Story:
    """The first handoff of who comes back: accepted eight weeks ago, returned because they were only learning."""
    again = next(one for one in MAIN_QUEUE if one.why.startswith("back"))
    opens_at = calendar.next_open(now - dt.timedelta(weeks=8)) or now
    story = _of_main_rep(again, now=now, calendar=calendar)
    talked = (Try(40, "call", False), Try(300, "call", True))
    ends = Fate("accept", 65, 0.5, "intent.research_only", talked, ending="return", ending_minutes=620)
    return replace(story, offered_at=opens_at, source=WEBINAR, why="attended the webinar", fate=ends)


def _of_main_rep(one: Waiting, *, now: dt.datetime, calendar: Calendar) -> Story:
    lead = person(one.name, one.title, one.account, consent="opt_in") if one.name else None
    promised = VISITS_DECIDE_MINUTES if one.source is VISITS else DECIDE_MINUTES
    return Story(
        lead=lead,
        account=one.account,
        colleague=person(one.colleague, "IT Manager", one.account) if one.colleague else None,
        source=one.source,
        team=EMEA,
        owner=MAIN_REP,
        offered_at=back(calendar, now, promised - one.left),
        routed_in=dt.timedelta(minutes=25),
        sights=one.sights,
        fit=fit_parts(lead, one.account),
        intent=intent_parts(list(one.sights), of_lead=lead is not None),
        fate=None,
        why=one.why,
    )


def _other(cast: Cast, rng: random.Random, team: str, owner: str, *, now: dt.datetime, calendar: Calendar) -> Story:
    company, lead = cast.of_team(team)
    source = rng.choice((PRICING, WEBINAR, SOCIAL, SEARCH, REFERRAL))
    sights = behaviour(source, rng)
    left = rng.randrange(-75, -10) if rng.random() < 0.15 else rng.randrange(8, 236)
    return Story(
        lead=lead,
        account=company.account,
        colleague=None,
        source=source,
        team=team,
        owner=owner,
        offered_at=back(calendar, now, DECIDE_MINUTES - left),
        routed_in=dt.timedelta(minutes=rng.randrange(5, 90)),
        sights=tuple(sights),
        fit=fit_parts(lead, company.account),
        intent=intent_parts(sights, of_lead=lead is not None),
        fate=None,
    )

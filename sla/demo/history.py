"""Twelve weeks of handoffs that are over, or being worked; and those of the last days, which the clocks watch."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from leads.actions.people import AccountInput, LeadInput
from sla.demo.behaviour import Parts, Sight, behaviour, fit_parts, intent_parts, total
from sla.demo.campaigns import SOURCES, VISITS, Source
from sla.demo.companies import Company, companies
from sla.demo.people import AMERICAS, EMEA, NORTH, PEOPLE
from sla.demo.story import Fate, answered, fate
from sla.demo.timing import back, on
from sla.logic.business_time import Calendar

SEED = 20_261
COMPANY_COUNT = 210
HISTORY_COUNT, RECENT_COUNT = 490, 36
WEEKS = dt.timedelta(weeks=12)
_NORTHERN = frozenset({"GB", "SE", "NO", "DK", "FI"})
_AMERICAN = frozenset({"US", "CA", "MX"})
REST_DAYS = 30


@dataclass(frozen=True)
class Story:
    """One handoff to be: who, from where, to whom, when, after what, and how it goes (`then` after a turn back)."""

    lead: LeadInput | None
    account: AccountInput
    colleague: LeadInput | None
    source: Source
    team: str
    owner: str
    offered_at: dt.datetime
    routed_in: dt.timedelta
    sights: tuple[Sight, ...]
    fit: Parts
    intent: Parts
    fate: Fate | None
    then: Fate | None = None
    why: str = ""

    @property
    def engaged_at(self) -> dt.datetime:
        """When the behaviour that led to the offer happened."""
        return self.offered_at - self.routed_in


class Cast:
    """Companies and their people, each person given out once, or again after a rejection and a rest."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._companies = companies(rng, count=COMPANY_COUNT)
        self._fresh = [(company, who) for company in self._companies for who in company.people]
        self._quiet = list(self._companies)
        self._resting: list[tuple[dt.datetime, Company, LeadInput]] = []
        rng.shuffle(self._fresh)
        rng.shuffle(self._quiet)

    def person(self, at: dt.datetime) -> tuple[Company, LeadInput]:
        """Somebody who is with nobody in sales at `at`; one in ten was rejected before."""
        wants_again = self._rng.random() < 0.1
        if self._resting and self._resting[0][0] < at and (wants_again or not self._fresh):
            _, company, who = self._resting.pop(0)
            return company, who
        return self._fresh.pop()

    def of_team(self, team: str) -> tuple[Company, LeadInput]:
        """Somebody new in a country that `team` answers for."""
        found = next(pair for pair in reversed(self._fresh) if team_of(pair[0].account) == team)
        self._fresh.remove(found)
        return found

    def visited(self) -> Company:
        """A company nobody of which is known as the visitor."""
        return self._quiet.pop()

    def rejected(self, company: Company, who: LeadInput, *, at: dt.datetime) -> None:
        """Let the person rest and then come back."""
        self._resting.append((at + dt.timedelta(days=REST_DAYS), company, who))


def history(cast: Cast, rng: random.Random, *, until: dt.datetime, calendars: Mapping[str, Calendar]) -> list[Story]:
    """The stories of the twelve weeks before `until`, in the order of their offers."""
    ats = sorted(until - WEEKS * rng.random() for _ in range(HISTORY_COUNT))
    stories = []
    for at in ats:
        story = _story(cast, rng, at=at, calendars=calendars)
        stories.append(replace(story, offered_at=min(story.offered_at, until - dt.timedelta(minutes=1))))
    return sorted(stories, key=lambda story: story.offered_at)


def recent(cast: Cast, rng: random.Random, *, now: dt.datetime, calendars: Mapping[str, Calendar]) -> list[Story]:
    """The stories of the last three business days, each decided within four business hours, in the order of offers."""
    stories = []
    for _ in range(RECENT_COUNT):
        story = _story(cast, rng, at=now, calendars=calendars)
        ends = answered(story.source, total(story.fit), rng)
        offered_at = back(calendars[story.team], now, rng.uniform(300, 1_300))
        stories.append(replace(story, offered_at=offered_at, fate=replace(ends, minutes=min(ends.minutes, 235))))
    return sorted(stories, key=lambda story: story.offered_at)


def _story(cast: Cast, rng: random.Random, *, at: dt.datetime, calendars: Mapping[str, Calendar]) -> Story:
    source = rng.choices(SOURCES, weights=[source.share for source in SOURCES])[0]
    is_visit = source is VISITS and rng.random() < 0.4
    company, lead = (cast.visited(), None) if is_visit else cast.person(at)
    team = team_of(company.account)
    colleague = next((who for who in company.people if who != lead), None)
    sights = behaviour(source, rng)
    fit, intent = fit_parts(lead, company.account), intent_parts(sights, of_lead=lead is not None)
    goes = fate(source, total(fit), rng)
    if lead and goes.verb == "reject" and goes.reason.startswith(("intent.", "data.insufficient")):
        cast.rejected(company, lead, at=at)
    return Story(
        lead=replace(lead, consent="opt_in") if lead and rng.random() < 0.6 else lead,
        account=company.account,
        colleague=colleague,
        source=source,
        team=team,
        owner=rng.choice([person.username for person in PEOPLE if person.team == team]),
        offered_at=_office_hours(calendars[team], at, rng),
        routed_in=dt.timedelta(minutes=min(rng.lognormvariate(4, 0.9), 900)),
        sights=tuple(sights),
        fit=fit,
        intent=intent,
        fate=goes,
        then=answered(source, total(fit), rng) if goes.verb == "turn_back" else None,
    )


def team_of(account: AccountInput) -> str:
    """The team that answers for the company's country."""
    if account.country in _NORTHERN:
        return NORTH
    return AMERICAS if account.country in _AMERICAN else EMEA


def _office_hours(calendar: Calendar, at: dt.datetime, rng: random.Random) -> dt.datetime:
    """Most offers are made while people work; one in seven whenever the form was sent."""
    at_night, minutes = rng.random() < 1 / 7, rng.uniform(0, 460)
    opens_at = calendar.next_open(at)
    return at if at_night or opens_at is None else on(calendar, opens_at, minutes=minutes)

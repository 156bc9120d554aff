"""What happened before a handoff and around it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone

from feedback.logic.rates import wilson
from feedback.logic.rights import Person
from feedback.logic.states import WORDS
from feedback.logic.story import is_strong as is_step
from feedback.logic.story import is_told, sentence
from feedback.reports.detail import Acceptance, Detail, Past
from leads.logic.why_now import Sight, Who, described, is_strong
from leads.logic.words import interval_words, rate_words, when_words
from leads.reports.places import local_time
from leads.reports.timeline import Company, Happening

_SHOWN = 12
_DOERS = {Who.COLLEAGUE: "Colleague: ", Who.SOMEBODY: "Somebody known: ", Who.VISITOR: "Unknown visitor: "}
_OFTEN = {0: "never", 1: "once", 2: "twice"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line of a timeline."""

    at: dt.datetime
    text: str
    note: str = ""
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Pair:
    label: str
    value: str
    note: str = ""
    url: str = ""


def history_items(happenings: Iterable[Happening], *, person: Person) -> Iterable[Item]:
    """Journal entries as lines, latest first, with who is reading called "You"."""
    # An entry may be written later than what it tells happened.
    told = (entry for entry in happenings if is_told(entry.kind))
    for entry in sorted(told, key=lambda entry: entry.at, reverse=True):
        who = "You" if entry.actor_id is not None and entry.actor_id == person.user_id else entry.who
        yield Item(
            at=entry.at,
            text=sentence(entry.kind, who=who, data=entry.data),
            note=entry.note,
            strong=is_step(entry.kind),
        )


def sight_items(sights: Iterable[Sight]) -> Iterable[Item]:
    """Engagements as lines, newest first: one per local day and person, the same thing twice counted."""
    zone = timezone.get_current_timezone()

    def key(sight: Sight) -> tuple[dt.date, str]:
        return sight.at.astimezone(zone).date(), sight.who

    ordered = sorted(sights, key=lambda sight: (*key(sight), sight.at), reverse=True)
    for (_, who), found in groupby(ordered, key=key):
        day = list(found)
        said: dict[str, int] = {}
        for sight in day:
            said[described(sight)] = said.get(described(sight), 0) + 1
        words = " · ".join(text if count == 1 else f"{text} × {count}" for text, count in said.items())
        doer = _DOERS.get(Who(who), "")
        strong = who == Who.LEAD and any(is_strong(sight) for sight in day)
        yield Item(at=day[0].at, text=f"{doer}{words}", strong=strong)


def latest_sights(sights: Iterable[Sight]) -> list[Item]:
    """The newest twelve lines of sight_items."""
    return list(sight_items(sights))[:_SHOWN]


def around(found: Detail, *, now: dt.datetime) -> Iterable[Pair]:
    """How to reach the lead, who else is there, what was before, and what time it is where they are."""
    handoff, lead, account = found.handoff, found.handoff.lead, found.handoff.account
    # What a rule says stands with the reasons already.
    if handoff.why and not handoff.mql_rule:
        yield Pair(label="Marketing says", value=handoff.why)
    if lead and lead.email:
        yield Pair(label="Mail", value=lead.email, url=f"mailto:{lead.email}")
    if lead and lead.phone:
        yield Pair(label="Phone", value=lead.phone)
    if found.company and account:
        yield Pair(label=f"{'Others' if lead else 'People'} at {account.name}", value=_others(found.company))
    yield _handed_over(found.past, now=now)
    if handoff.campaign:
        yield _campaign(handoff.campaign.name, found.acceptance)
    if lead:
        yield Pair(label="Consent", value=lead.get_consent_display())
    local = local_time(account.country, now=now) if account else None
    if local:
        yield Pair(label="Local time", value=f"{local:%H:%M} {local.tzname()}")


def _others(company: Company) -> str:
    known = f"{company.colleague_count} known" if company.colleague_count else "nobody known"
    visits = company.visit_count
    unknown = f"{visits} unknown visit{'' if visits == 1 else 's'} in 30 days" if visits else ""
    return f"{known}, {unknown}" if unknown else known


def _handed_over(past: list[Past], *, now: dt.datetime) -> Pair:
    same = [one for one in past if one.is_same_lead]
    note = ""
    if same:
        last = same[0]
        when = when_words(last.offered_at, now=now, zone=timezone.get_current_timezone())
        note = f"last {when}: {WORDS[last.state]}{f', {last.reason}' if last.reason else ''}"
    elif past:
        note = f"others of the company {_OFTEN.get(len(past), f'{len(past)} times')}"
    return Pair(label="Handed over before", value=_OFTEN.get(len(same), f"{len(same)} times"), note=note)


def _campaign(name: str, acceptance: Acceptance | None) -> Pair:
    label = f"Campaign “{name}”"
    if acceptance is None or not acceptance.decided_count:
        return Pair(label=label, value="no answers yet")
    rate = wilson(acceptance.accepted_count, acceptance.decided_count)
    note = f"{rate.count} of {rate.of}, likely between {interval_words(rate.low, rate.high).replace('to', 'and')}"
    return Pair(label=label, value=f"{rate_words(rate.share)} accepted", note=note)

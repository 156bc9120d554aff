"""What the address of a report asks for, read strictly: what is not known is refused by its name, never ignored."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import QueryDict

from feedback.logic.periods import DEFAULT, Period, read_period
from feedback.logic.rights import Person
from feedback.models import RejectionReason, Team
from feedback.reports.cohorts import NO_CAMPAIGN, Cohort, campaign_seen_by, teams_seen_by
from feedback.reports.handoff_lists import FIGURES, Place
from feedback.reports.rejections import GROUPINGS, REASON
from leads.logic.errors import InvalidInput, NotAllowed
from leads.logic.text import one_line

# A channel is any text and a blank one means all of them, so those without one need a word that no channel can be.
NONE = "(none)"
_OF_REPORT = ("period", "from", "to", "team", "channel", "campaign", "by")
_OF_LIST = ("figure", "reason", "after", "until")
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class ReportQuery:
    """A report as asked for.

    `narrowed` names team, channel and campaign as far as they were chosen; `asked` is everything again as parameters,
    for addresses of the same report.
    """

    cohort: Cohort
    period: Period
    by: str
    teams: tuple[Team, ...]
    narrowed: tuple[str, ...]
    asked: Mapping[str, str]

    @property
    def own_days(self) -> tuple[str, str]:
        """The two days as they were typed, the last one not counted; "" for both where a named period was chosen."""
        start, _, end = self.period.key.partition("..")
        return (start, end) if ".." in self.period.key else ("", "")


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """The handoffs behind one figure, and the place in their list."""

    report: ReportQuery
    figure: str
    reason: RejectionReason | None
    after: Place | None
    until: Place | None


def read_report(params: QueryDict, *, person: Person, zone: dt.tzinfo, now: dt.datetime) -> ReportQuery:
    """The report that `params` ask for, as `person` may see it. NotAllowed, InvalidInput(<parameter>). At most two
    statements.
    """
    _admit(person)
    return _report(_words(params, _OF_REPORT), person=person, zone=zone, now=now)


def read_list(params: QueryDict, *, person: Person, zone: dt.tzinfo, now: dt.datetime) -> ListQuery:
    """The list that `params` ask for. NotAllowed, InvalidInput(<parameter>). At most three statements."""
    _admit(person)
    given = _words(params, (*_OF_REPORT, *_OF_LIST))
    figure = given.get("figure", "offered")
    if figure not in FIGURES:
        raise InvalidInput(f"figure must be one of: {', '.join(FIGURES)}.", field="figure")
    reason = RejectionReason.objects.filter(key=given["reason"]).first() if "reason" in given else None
    if "reason" in given and reason is None:
        raise InvalidInput("reason: there is no such reason.", field="reason")
    if "after" in given and "until" in given:
        raise InvalidInput("until goes without after.", field="until")
    return ListQuery(
        report=_report(given, person=person, zone=zone, now=now),
        figure=figure,
        reason=reason,
        after=_place(given.get("after"), person, field="after"),
        until=_place(given.get("until"), person, field="until"),
    )


def written_place(place: Place, *, person: Person) -> str:
    """The place as a word for an address, signed for this person."""
    return signing.dumps([place.offered_at.isoformat(), str(place.uid)], salt=_salt(person))


def _admit(person: Person) -> None:
    if not person.reads_reports:
        raise NotAllowed("Reports are for people with a role in LeadLoop. Ask your administrator for one.")


def _report(given: Mapping[str, str], *, person: Person, zone: dt.tzinfo, now: dt.datetime) -> ReportQuery:
    by = given.get("by", REASON)
    if by not in GROUPINGS:
        raise InvalidInput(f"by must be one of: {', '.join(GROUPINGS)}.", field="by")
    period = read_period(
        given.get("period", ""),
        start=given.get("from", ""),
        end=given.get("to", ""),
        today=now.astimezone(zone).date(),
        zone=zone,
    )
    teams = teams_seen_by(person)
    team = _team(given.get("team"), teams)
    channel = _channel(given.get("channel"))
    campaign_id, campaign_name = _campaign(given.get("campaign"), person)
    cohort = Cohort(
        person=person,
        window=period.window,
        team_id=team.pk if team else None,
        channel=channel,
        campaign_id=campaign_id,
    )
    narrowed = (team.name if team else "", "no channel" if channel == "" else channel or "", campaign_name)
    asked = {name: given[name] for name in ("team", "channel", "campaign", "by") if name in given}
    if period.key != DEFAULT:
        asked = {"period": period.key, **asked}
    return ReportQuery(
        cohort=cohort,
        period=period,
        by=by,
        teams=tuple(teams),
        narrowed=tuple(words for words in narrowed if words),
        asked=asked,
    )


def _words(params: QueryDict, known: tuple[str, ...]) -> dict[str, str]:
    """The parameters that say something, each at most once and of a bearable length."""
    for name in params:
        if name not in known:
            shown = one_line(name.replace("\x00", "")[:50], field="address", longest=50)
            raise InvalidInput(f"“{shown}” is nothing that this report can be asked for.", field=shown)
        if len(params.getlist(name)) > 1:
            raise InvalidInput(f"{name} is given more than once.", field=name)
    return {name: word for name in known if (word := one_line(params.get(name, ""), field=name, longest=_LONGEST))}


def _team(word: str | None, teams: list[Team]) -> Team | None:
    team = next((team for team in teams if word and str(team.uid) == word.lower()), None)
    if word and team is None:
        raise InvalidInput("team: there is no such team.", field="team")
    return team


def _channel(word: str | None) -> str | None:
    if word is None:
        return None
    return "" if word == NONE else one_line(word, field="channel", longest=50)


def _campaign(word: str | None, person: Person) -> tuple[int | None, str]:
    if word is None:
        return None, ""
    if word == NONE:
        return NO_CAMPAIGN, "no campaign"
    try:
        campaign = campaign_seen_by(person, UUID(word))
    except ValueError:
        campaign = None
    if campaign is None:
        raise InvalidInput("campaign: there is no such campaign.", field="campaign")
    return campaign.pk, campaign.name


def _place(word: str | None, person: Person, *, field: str) -> Place | None:
    if word is None:
        return None
    try:
        loaded: Any = signing.loads(word, salt=_salt(person))
    except signing.BadSignature:
        raise InvalidInput(f"{field} is not a place in this list; begin at its start.", field=field) from None
    return Place(dt.datetime.fromisoformat(loaded[0]), UUID(loaded[1]))


def _salt(person: Person) -> str:
    return f"report-place-{person.user_id}"

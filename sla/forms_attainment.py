"""What the address of the attainment report asks for, read strictly."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import QueryDict

from feedback.logic.periods import Period, read_period
from feedback.logic.rights import Person
from feedback.models import Team
from feedback.reports.cohorts import teams_seen_by
from leads.logic.errors import InvalidInput, NotAllowed
from sla.models import TargetKey
from sla.reports.attainment import Scope

_KNOWN = ("period", "from", "to", "team", "target")


@dataclass(frozen=True, kw_only=True)
class Query:
    """The report as asked for; `asked` is everything again as parameters, for addresses of the same report."""

    scope: Scope
    period: Period
    teams: tuple[Team, ...]
    asked: Mapping[str, str]


def read_query(params: QueryDict, *, person: Person, zone: dt.tzinfo, now: dt.datetime) -> Query:
    """The report that `params` ask for. NotAllowed, InvalidInput(<parameter>). One statement."""
    if not person.reads_reports:
        raise NotAllowed("Reports are for people with a role in LeadLoop. Ask your administrator for one.")
    if unknown := sorted(set(params) - set(_KNOWN)):
        raise InvalidInput(f"There is no {unknown[0]!r:.40}; there are {', '.join(_KNOWN)}.", field=unknown[0][:40])
    given = {name: str(params[name]) for name in _KNOWN if params.get(name)}
    target = given.get("target", "")
    if target and target not in TargetKey.values:
        raise InvalidInput(f"target must be one of: {', '.join(TargetKey.values)}.", field="target")
    teams = tuple(teams_seen_by(person))
    period = read_period(
        given.get("period", ""),
        start=given.get("from", ""),
        end=given.get("to", ""),
        today=now.astimezone(zone).date(),
        zone=zone,
    )
    scope = Scope(person=person, team=_team(given.get("team", ""), teams), target=target)
    return Query(scope=scope, period=period, teams=teams, asked=given)


def _team(uid: str, teams: tuple[Team, ...]) -> UUID | None:
    if not uid:
        return None
    found = next((team.uid for team in teams if str(team.uid) == uid), None)
    if found is None:
        raise InvalidInput("team: there is no such team, or it is not yours to see.", field="team")
    return found

"""The rules in force, compiled once per version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model

from feedback.models import Handoff, Team
from leads.logic.conditions import Facts
from leads.models import Account, Campaign, Lead
from sla.logic.business_time import Calendar
from sla.logic.rules import OF_OWNER, OF_REGION, Rules, TargetRule, first_matching
from sla.models import CalendarUse, CalendarVersion, PolicyVersion

_RULING = """
SELECT 'policy', v.id, v.uid, '' FROM (
    SELECT DISTINCT ON (policy_id) id, uid, policy_id, rules FROM sla_policyversion
    WHERE applies_to <> 'report' ORDER BY policy_id, number DESC
) v WHERE (v.rules ->> 'is_active')::boolean
UNION ALL
SELECT 'calendar', v.id, v.uid, c.uid::text FROM (
    SELECT DISTINCT ON (calendar_id) id, uid, calendar_id FROM sla_calendarversion ORDER BY calendar_id, number DESC
) v JOIN sla_workcalendar c ON c.id = v.calendar_id
"""


@lru_cache(maxsize=512)
def rules_of(version_id: int) -> Rules:
    """The compiled rules of a version. A version never changes, so keeping them is safe."""
    return Rules.from_dict(PolicyVersion.objects.values_list("rules", flat=True).get(pk=version_id))


@lru_cache(maxsize=512)
def calendar_of(version_id: int) -> Calendar:
    """The hours of a calendar version, compiled. A version never changes, so keeping them is safe."""
    return Calendar.from_dict(CalendarVersion.objects.values_list("hours", flat=True).get(pk=version_id))


@lru_cache(maxsize=512)
def calendar_uid_of(version_id: int) -> UUID:
    """The uid of a calendar version, by which the journal names it."""
    return CalendarVersion.objects.values_list("uid", flat=True).get(pk=version_id)


def forget() -> None:
    """Drop what is kept by row number; for tests, which give those out again."""
    rules_of.cache_clear()
    calendar_of.cache_clear()
    calendar_uid_of.cache_clear()


@dataclass(frozen=True)
class Ruling:
    """What governs clocks that start now: policy versions in order, the latest version of each calendar by its uid.

    `uids` names policy and calendar versions for the journal, by ("policy" | "calendar", id).
    """

    policies: Sequence[tuple[int, Rules]]
    calendars: Mapping[str, int]
    uids: Mapping[tuple[str, int], UUID]

    @cached_property
    def uses(self) -> "Uses":
        """Whose hours the calendars tell; one statement, when first asked for."""
        return Uses.read()

    def calendar_for(self, rules: Rules, target: TargetRule, handoff: Handoff, country: str) -> int:
        """The id of the calendar version that `target` counts in for this handoff and its owner."""
        uid = None
        if target.counts_in == OF_OWNER and handoff.owner_id:
            uid = self.uses.of_rep(handoff.owner_id, team_id=handoff.team_id)
        elif target.counts_in == OF_REGION:
            uid = self.uses.by_country.get(country.upper())
        return self.calendars.get(uid or "") or self.calendars[rules.calendar]


@dataclass(frozen=True)
class Uses:
    """The uid of the calendar of each rep, team and country that has one."""

    by_rep: Mapping[int, str]
    by_team: Mapping[int, str]
    by_country: Mapping[str, str]

    @classmethod
    def read(cls) -> "Uses":
        """All of them; one statement."""
        rows = list(CalendarUse.objects.values_list("calendar__uid", "rep_id", "team_id", "country"))
        return cls(
            by_rep={rep: str(uid) for uid, rep, _, _ in rows if rep},
            by_team={team: str(uid) for uid, _, team, _ in rows if team},
            by_country={country.upper(): str(uid) for uid, _, _, country in rows if country},
        )

    def of_rep(self, rep_id: int, *, team_id: int) -> str | None:
        """The calendar of a rep, else of the team; None when neither has one."""
        return self.by_rep.get(rep_id) or self.by_team.get(team_id)


def ruling() -> Ruling:
    """What governs clocks that start now; one statement and what is not yet compiled."""
    with connection.cursor() as cursor:
        cursor.execute(_RULING)
        rows = cursor.fetchall()
    policies = [(pk, rules_of(pk)) for kind, pk, _, _ in rows if kind == "policy"]
    return Ruling(
        policies=sorted(policies, key=lambda one: (one[1].position, one[0])),
        calendars={calendar: pk for kind, pk, _, calendar in rows if kind == "calendar"},
        uids={(kind, pk): uid for kind, pk, uid, _ in rows},
    )


def in_force() -> Sequence[tuple[int, Rules]]:
    """The versions that govern new handoffs, in the order in which they are tried."""
    return ruling().policies


def matching(handoff: Handoff, versions: Sequence[tuple[int, Rules]]) -> tuple[int, Rules] | None:
    """The first version that applies to the handoff, or None: then nothing is promised."""
    facts = facts_of([handoff], needs_of(versions))
    return first_matching(versions, facts[handoff.pk], at=handoff.offered_at)


def needs_of(versions: Iterable[tuple[int, Rules]]) -> frozenset[str]:
    """The fields that the conditions of these versions ask for."""
    return frozenset().union(*(rules.needs for _, rules in versions))


def facts_of(handoffs: Sequence[Handoff], needs: frozenset[str]) -> dict[int, Facts]:
    """What the conditions ask of each handoff, by primary key; one statement for each table that is needed."""
    accounts = _rows(Account, [one.account_id for one in handoffs], needs & {*_ACCOUNT, "region"})
    leads = _rows(Lead, [one.lead_id for one in handoffs], needs & set(_LEAD))
    campaigns = _rows(Campaign, [one.campaign_id for one in handoffs], needs & {"campaign"})
    teams = _rows(Team, [one.team_id for one in handoffs], needs & {"team"})
    found: dict[int, Facts] = {}
    for one in handoffs:
        account, lead = accounts.get(one.account_id), leads.get(one.lead_id)
        campaign, team = campaigns.get(one.campaign_id), teams.get(one.team_id)
        found[one.pk] = {
            "channel": one.channel,
            "fit": one.fit,
            "intent": one.intent,
            "campaign": campaign.name if campaign else None,
            "team": team.name if team else None,
            "region": account.country if account else None,
            **{field: getattr(account, column, None) for field, column in _ACCOUNT.items()},
            **{field: getattr(lead, column, None) for field, column in _LEAD.items()},
        }
    return found


Row = TypeVar("Row", bound=Model)

_ACCOUNT = {"account_industry": "industry", "account_employees": "employee_count", "account_name": "name"}
_LEAD = {"lead_title": "title", "lead_email": "email"}


def _rows(model: type[Row], ids: Iterable[int | None], needed: frozenset[str]) -> dict[int | None, Row]:
    return dict(model._default_manager.in_bulk([pk for pk in set(ids) if pk])) if needed else {}


def countries_of(handoffs: Sequence[Handoff], rules: Iterable[Rules]) -> dict[int, str]:
    """The account's country of each handoff, "" where none is known; read only when a target counts in it."""
    if not any(target.counts_in == OF_REGION for one in rules for target in one.targets.values()):
        return {}
    accounts = Account.objects.in_bulk([one.account_id for one in handoffs if one.account_id])
    return {one.pk: accounts[one.account_id].country if one.account_id else "" for one in handoffs}

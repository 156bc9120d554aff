"""What an offer says, and whether it can be taken."""

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property

from feedback.logic.score_parts import ScoreParts
from feedback.models import Rep, Team
from feedback.reports.routing import is_routed
from leads.actions.people import AccountInput, CampaignInput, LeadInput, clean_account, clean_campaign, clean_lead
from leads.logic.errors import InvalidInput
from leads.logic.scoring import Parts
from leads.logic.text import one_line
from leads.models import Account, Lead


@dataclass(frozen=True, kw_only=True)
class OfferInput:
    """One lead, or one account with an unknown visitor, for sales.

    `team` and `owner` are names or CRM keys; with an owner the team may be left out, with a team alone the handoff
    waits in its unassigned queue, and without both it is routed. Instants are aware; `offered_at` None is now. Scores
    are 0 to 100.
    """

    lead: LeadInput | None = None
    account: AccountInput | None = None
    campaign: CampaignInput | None = None
    channel: str = ""
    team: str = ""
    owner: str = ""
    fit: int | None = None
    intent: int | None = None
    score_parts: ScoreParts = field(default_factory=dict)
    why: str = ""
    engaged_at: dt.datetime | None = None
    qualified_at: dt.datetime | None = None
    offered_at: dt.datetime | None = None
    external_system: str = ""
    external_id: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownOffer:
    """A lead, or an account of which nobody is known, that met the MQL rule `mql_rule`; the rows are locked.

    Scores are 0 to 100; instants are aware. It is routed, and offered now.
    """

    lead: Lead | None
    account: Account | None
    campaign_id: int | None = None
    channel: str = ""
    fit: int | None = None
    intent: int | None = None
    score_parts: Parts = field(default_factory=dict)
    why: str = ""
    engaged_at: dt.datetime | None = None
    qualified_at: dt.datetime | None = None
    agreement_id: int | None = None
    mql_rule: str = ""


@dataclass(frozen=True)
class CheckedOffer:
    """An offer whose every field was checked, with team and owner found; without a team it is to be routed."""

    given: OfferInput
    team: Team | None
    owner: Rep | None
    offered_at: dt.datetime


@dataclass(frozen=True)
class Places:
    """Teams and reps by what a CRM may call them: name, user name, external id, uid."""

    teams: dict[str, Team]
    reps: dict[str, Rep]

    @classmethod
    def read(cls) -> "Places":
        """Two statements."""
        teams: dict[str, Team] = {}
        for team in Team.objects.filter(is_active=True):
            teams |= {key: team for key in (team.name, team.external_id, str(team.uid)) if key}
        reps: dict[str, Rep] = {}
        for rep in Rep.objects.select_related("user", "team"):
            reps |= {key: rep for key in (rep.user.get_username(), rep.external_id, str(rep.uid)) if key}
        return cls(teams, reps)

    @cached_property
    def is_routed(self) -> bool:
        """Whether what names neither team nor owner is routed; one statement, when first asked for."""
        return is_routed()

    def find(self, one: OfferInput) -> tuple[Team | None, Rep | None]:
        """The team and the owner (None: the unassigned queue); no team when it is to be routed.

        InvalidInput(team or owner).
        """
        owner = self.reps.get(one.owner) if one.owner else None
        if one.owner and owner is None:
            raise InvalidInput(f"There is no rep “{one.owner[:80]}”.", field="owner")
        if owner and not (owner.is_active and owner.user.is_active):
            raise InvalidInput(f"The rep “{one.owner[:80]}” is not active.", field="owner")
        if not one.team:
            if owner is None and self.is_routed:
                return None, None
            if owner is None and len(set(self.teams.values())) != 1:
                raise InvalidInput("team is missing; name a team or an owner.", field="team")
            return (owner.team if owner else next(iter(self.teams.values()))), owner
        team = self.teams.get(one.team)
        if team is None:
            raise InvalidInput(f"There is no team “{one.team[:80]}”.", field="team")
        if owner and owner.team_id != team.pk:
            raise InvalidInput(f"{owner} is not in the team “{team}”.", field="owner")
        return team, owner


def checked(one: OfferInput, *, places: Places, now: dt.datetime) -> CheckedOffer:
    """The offer with every field in its normal form, and team and owner found. InvalidInput(<field>)."""
    if one.lead is None and one.account is None:
        raise InvalidInput("An offer needs a lead, or an account with an unknown visitor.", field="lead")
    team, owner = places.find(one)
    for name in ("fit", "intent"):
        score = getattr(one, name)
        if score is not None and (isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= 100):
            raise InvalidInput(f"{name} must be a whole number from 0 to 100.", field=name)
    for name in ("engaged_at", "qualified_at", "offered_at"):
        at = getattr(one, name)
        if at is not None and (at.tzinfo is None or at > now):
            raise InvalidInput(f"{name} must have an offset from UTC and not lie in the future.", field=name)
    cleaned = replace(
        one,
        lead=clean_lead(one.lead) if one.lead else None,
        account=clean_account(one.account) if one.account else None,
        campaign=clean_campaign(one.campaign) if one.campaign else None,
        channel=one_line(one.channel, field="channel", longest=50),
        why=one_line(one.why, field="why", longest=500),
        external_system=one_line(one.external_system, field="external_system", longest=50),
        external_id=one_line(one.external_id, field="external_id", longest=200),
    )
    if cleaned.lead and cleaned.account and not cleaned.lead.account:
        cleaned = replace(cleaned, lead=replace(cleaned.lead, account=cleaned.account))
    return CheckedOffer(cleaned, team, owner, one.offered_at or now)

"""Everything the other rooms may read."""

from leads.models.accounts import Account, Relation
from leads.models.agreements import Agreement, AgreementState, Side, SignOff
from leads.models.api_keys import ApiKey, Scope
from leads.models.campaigns import Campaign
from leads.models.counts import EngagementDay, Touched
from leads.models.duplicates import Changed, Duplicate, Likeness, Verdict
from leads.models.engagements import Engagement, EngagementKind
from leads.models.imports import ImportRow, ImportRun, RowResult, RunState
from leads.models.journal import JournalEntry, JournalNote
from leads.models.limits import Allowance, Answered
from leads.models.logins import LoginTries
from leads.models.notices import Notice
from leads.models.outbox import Channel, Delivery, OutboxMessage
from leads.models.people import Consent, Lead
from leads.models.scoring_passes import ScoringPass
from leads.models.sessions import Session
from leads.models.standings import Standing
from leads.models.visitors import LawfulBasis, PageGroup, Visitor
from leads.models.websites import KeptOut, WebForm, Website

__all__ = [
    "Account",
    "Agreement",
    "AgreementState",
    "Allowance",
    "Answered",
    "ApiKey",
    "Campaign",
    "Changed",
    "Channel",
    "Consent",
    "Delivery",
    "Duplicate",
    "Engagement",
    "EngagementDay",
    "EngagementKind",
    "ImportRow",
    "ImportRun",
    "JournalEntry",
    "JournalNote",
    "KeptOut",
    "LawfulBasis",
    "Lead",
    "Likeness",
    "LoginTries",
    "Notice",
    "OutboxMessage",
    "PageGroup",
    "Relation",
    "RowResult",
    "RunState",
    "Scope",
    "ScoringPass",
    "Session",
    "Side",
    "SignOff",
    "Standing",
    "Touched",
    "Verdict",
    "Visitor",
    "WebForm",
    "Website",
]

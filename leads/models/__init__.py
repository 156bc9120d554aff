"""Everything the other rooms may read."""

from leads.models.accounts import Account
from leads.models.api_keys import ApiKey, Scope
from leads.models.campaigns import Campaign
from leads.models.engagements import Engagement, EngagementKind
from leads.models.imports import ImportRow, ImportRun, RowResult, RunState
from leads.models.journal import JournalEntry, JournalNote
from leads.models.logins import LoginTries
from leads.models.notices import Notice
from leads.models.outbox import Channel, Delivery, OutboxMessage
from leads.models.people import Consent, Lead

__all__ = [
    "Account",
    "ApiKey",
    "Campaign",
    "Channel",
    "Consent",
    "Delivery",
    "Engagement",
    "EngagementKind",
    "ImportRow",
    "ImportRun",
    "JournalEntry",
    "JournalNote",
    "Lead",
    "LoginTries",
    "Notice",
    "OutboxMessage",
    "RowResult",
    "RunState",
    "Scope",
]

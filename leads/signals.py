"""News that travels upward, sent inside the transaction that makes it. tests/test_architecture.py lists every receiver.

engaged, when leads or visitors of accounts did something that was not known before:
    leads, accounts: dict[int, aware datetime], the latest instant of it by primary key; what a lead did counts for its
    account as well
lead_qualified, when leads or accounts met a rule of the agreement in force:
    qualified: list[Qualified]; a receiver that offers them sets `handoff_uid`, or `held_back` and `again_at`, of each
merged, when one lead or account turned out to be another:
    kept, dropped: two Lead or two Account, both locked; by: Actor; at: aware datetime
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal

from leads.logic.scoring import Parts
from leads.models import Account, Lead


@dataclass(kw_only=True)
class Qualified:
    """A lead, or an account of which nobody is known, that met the MQL rule `rule`. Lead and account are locked.

    `is_of_account` when the rule is about the whole account: then `lead` is the person there to talk to.

    `why` is the sentence that says so, `engaged_at` the instant of the latest engagement behind it. `held_back` is why
    it was not offered, "" when it was, and `again_at` when that will be over, as far as anybody knows.
    """

    lead: Lead | None
    account: Account | None
    fit: int
    intent: int
    parts: Parts
    rule: str
    why: str
    engaged_at: dt.datetime
    qualified_at: dt.datetime
    agreement_id: int
    campaign_id: int | None = None
    channel: str = ""
    is_of_account: bool = False
    again_after_days: int = 30
    handoff_uid: UUID | None = None
    held_back: str = ""
    again_at: dt.datetime | None = None


engaged = Signal()
lead_qualified = Signal()
merged = Signal()

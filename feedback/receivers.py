"""What a handoff makes of news from marketing; inside the transaction of the news."""

import datetime as dt
from typing import Any

from feedback.actions import holds
from feedback.actions.merged import follow_account, follow_lead
from feedback.actions.qualified import offer_qualified
from feedback.logic.rights import LEADLOOP
from leads.logic.actors import Actor
from leads.models import Account, Lead
from leads.signals import Qualified, engaged, lead_qualified, merged


def connect() -> None:
    """Listen; called once, when the app starts."""
    engaged.connect(end_holds, dispatch_uid="feedback.end_holds")
    lead_qualified.connect(offer, dispatch_uid="feedback.offer")
    merged.connect(follow, dispatch_uid="feedback.follow")


def end_holds(leads: dict[int, dt.datetime], accounts: dict[int, dt.datetime], **_: Any) -> None:
    """Whoever waited for the prospect waits no longer."""
    holds.end_for_engaged(leads, accounts, by=LEADLOOP)


def offer(qualified: list[Qualified], at: dt.datetime, **_: Any) -> None:
    """Who met the agreement's rule is offered, or it is said why not."""
    offer_qualified(qualified, at=at)


def follow(kept: Lead | Account, dropped: Lead | Account, by: Actor, at: dt.datetime, **_: Any) -> None:
    """Handoffs and ownership go to the one that was kept."""
    if isinstance(kept, Lead) and isinstance(dropped, Lead):
        follow_lead(kept, dropped, by=by, at=at)
    elif isinstance(kept, Account) and isinstance(dropped, Account):
        follow_account(kept, dropped, by=by, at=at)

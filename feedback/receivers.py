"""What a handoff makes of news from marketing; inside the transaction of the news."""

import datetime as dt
from typing import Any

from feedback.actions import holds
from feedback.logic.rights import LEADLOOP
from leads.signals import engaged


def connect() -> None:
    """Listen; called once, when the app starts."""
    engaged.connect(end_holds, dispatch_uid="feedback.end_holds")


def end_holds(leads: dict[int, dt.datetime], accounts: dict[int, dt.datetime], **_: Any) -> None:
    """Whoever waited for the prospect waits no longer."""
    holds.end_for_engaged(leads, accounts, by=LEADLOOP)

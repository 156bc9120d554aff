"""Where a person is signed in."""

import datetime as dt
from dataclasses import dataclass

from django.db.models.functions import Now

from leads.models import Session


@dataclass(frozen=True)
class SignedIn:
    """One session: when it ends by itself, and whether it is the one that asks."""

    ends_at: dt.datetime
    is_here: bool


def sessions_of(user_id: int, *, now_in: str | None) -> list[SignedIn]:
    """The live sessions of the person, newest first; `now_in` is the key of the one that asks."""
    live = Session.objects.filter(user_id=user_id, expire_date__gt=Now()).order_by("-expire_date")
    return [SignedIn(row.expire_date, row.session_key == now_in) for row in live.only("session_key", "expire_date")]

"""Ending sessions."""

from django.db.models import Q
from django.db.models.functions import Now

from leads.models import Session

MOST_SESSIONS = 20
"""How many sessions a person may have at once; one more ends the oldest."""


def make_room(user_id: int) -> int:
    """How many sessions were ended so that one more fits: those that ran out, and the oldest above MOST_SESSIONS.

    Called at every login, so that no person ever has more rows than that. What began without a login and ran out goes
    with them.
    """
    Session.objects.filter(user_id=None, expire_date__lt=Now()).delete()
    own = Session.objects.filter(user_id=user_id)
    kept = own.order_by("-expire_date").values("pk")[: MOST_SESSIONS - 1]
    return own.filter(Q(expire_date__lt=Now()) | ~Q(pk__in=kept)).delete()[0]


def end_others(user_id: int, *, keep: str | None) -> int:
    """How many sessions of the person were ended; the one with the key `keep` goes on. They are dead at once."""
    return Session.objects.filter(user_id=user_id).exclude(pk=keep or "").delete()[0]

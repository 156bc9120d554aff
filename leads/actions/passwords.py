"""Forgotten passwords, and what follows from a new one."""

from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.crypto import salted_hmac

from leads.actions import allowances, journal, outbox, sessions
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.models import Channel

RENDERER = "leads.password"
MAILS_AN_HOUR = 3


def ask_for_new(email: str) -> bool:
    """Whether a message to `email` (in normal form) waits now; not, when MAILS_AN_HOUR were asked for it this hour.

    Nobody looks here whether the address is anybody's: that is found out at delivery, where no answer waits for it.
    Call it outside a transaction: it counts (see leads.actions.allowances).
    """
    key = salted_hmac("leadloop.password", email, algorithm="sha256").hexdigest()[:32]
    if allowances.spend(f"password:{key}", limit=MAILS_AN_HOUR, seconds=3600):
        return False
    payload = {"renderer": RENDERER, "email": email, "asked_at": database_now().isoformat()}
    outbox.enqueue(Channel.MAIL, target=email, payload=payload, dedup_key=f"password:{uuid4()}")
    return True


@transaction.atomic
def after_new(user: AbstractBaseUser, *, keep: str | None, how: str) -> int:
    """How many other sessions of the user were ended, now that the password is another. The one with the key `keep`
    goes on. `how` is "changed" or "forgotten"; the journal tells it.
    """
    by = Actor(user_id=user.pk, label=user.get_username(), via="page")
    journal.record(journal.Entry(kind="password.changed", by=by, at=database_now(), data={"user": user.pk, "how": how}))
    return sessions.end_others(user.pk, keep=keep)

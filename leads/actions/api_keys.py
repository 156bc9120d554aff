"""Keys by which another system enters: made once, shown once, revoked for good."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, NotFound
from leads.logic.text import one_line
from leads.models import ApiKey, Scope

USE_IS_NOTED_EVERY = dt.timedelta(minutes=1)
_PREFIX_BYTES, _SECRET_BYTES = 5, 32
MOST_A_MINUTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many requests a minute a key may make; None for what is usual."""

    reads_a_minute: int | None = None
    writes_a_minute: int | None = None


USUAL = Limits()


def digest(key: str) -> str:
    """What is kept of a key: SHA-256 in hex. The secret has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def make(
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    by: Actor,
    expires_at: dt.datetime | None = None,
    limits: Limits = USUAL,
) -> tuple[ApiKey, str]:
    """The key's row and the key itself, which nobody can read again. It has the rights of `user`, within `scopes`.

    InvalidInput(name, scopes, expires_at, reads_a_minute, writes_a_minute, user). Journals api_key.made.
    """
    label = one_line(name, field="name", longest=100, required=True)
    if not scopes or not set(scopes) <= set(Scope.values):
        raise InvalidInput(f"scopes must be some of: {', '.join(Scope.values)}.", field="scopes")
    if not user.is_active:
        raise InvalidInput(f"{user.get_username()} is not active.", field="user")
    now = database_now()
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
        raise InvalidInput("expires_at must have an offset from UTC and lie in the future.", field="expires_at")
    given = {"reads_a_minute": limits.reads_a_minute, "writes_a_minute": limits.writes_a_minute}
    for field, most in given.items():
        if most is not None and not 1 <= most <= MOST_A_MINUTE:
            raise InvalidInput(f"{field} lies between 1 and {MOST_A_MINUTE:,}.", field=field)
    prefix = secrets.token_hex(_PREFIX_BYTES)
    key = f"ll_{prefix}_{secrets.token_hex(_SECRET_BYTES)}"
    row = ApiKey.objects.create(
        user=user,
        name=label,
        prefix=prefix,
        last_four=key[-4:],
        key_hash=digest(key),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        **given,
    )
    data = {"scopes": row.scopes, "expires_at": expires_at.isoformat() if expires_at else None, **given}
    _record("api_key.made", row, by=by, at=now, data=data)
    return row, key


@transaction.atomic
def revoke(uid: UUID, *, by: Actor) -> ApiKey:
    """The key, dead from now on; one revoked before stays as it was. NotFound. Locks it. Journals api_key.revoked."""
    row = ApiKey.objects.select_for_update(no_key=True).filter(uid=uid).first()
    if row is None:
        raise NotFound("There is no such key.")
    if row.revoked_at is None:
        row.revoked_at = database_now()
        row.save(update_fields=["revoked_at"])
        _record("api_key.revoked", row, by=by, at=row.revoked_at, data={})
    return row


def note_use(row: ApiKey) -> None:
    """Write down that the key is in use, at most once a minute, however many requests run at once."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - USE_IS_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=Now())


@transaction.atomic
def service_account(username: str, *, group: str) -> User:
    """The account that keys of another system belong to, made without a password when missing, and a member of `group`.

    InvalidInput(username, group).
    """
    name = one_line(username, field="username", longest=150, required=True)
    role = Group.objects.filter(name=group).first()
    if role is None:
        raise InvalidInput(f"There is no group “{group}”.", field="group")
    account = User.objects.filter(username=name).first()
    if account is None:
        account = User.objects.create_user(username=name, password=None)
    account.groups.add(role)
    return account


def _record(kind: str, row: ApiKey, *, by: Actor, at: dt.datetime, data: dict[str, object]) -> None:
    journal.record(journal.Entry(kind=kind, by=by, at=at, data={"api_key": str(row.uid), "prefix": row.prefix, **data}))

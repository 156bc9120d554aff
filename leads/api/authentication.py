"""Who calls: the bearer key, and nothing else."""

import datetime as dt
import hmac
import json
import re

from django.contrib.auth.models import AbstractUser, User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leads.actions import api_keys
from leads.actions.bulk import row_of
from leads.actions.prepared import prepared_cursor
from leads.models import ApiKey

_SHAPE = re.compile(r"ll_([0-9a-f]{10})_[0-9a-f]{64}")
_LONGEST = 200
_NOBODY = "0" * 64
# The same words whatever is wrong, so that an answer never tells a guesser how near the guess was.
REFUSAL = "The API key is missing or not valid. Send it as: Authorization: Bearer ll_…"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ll_<prefix>_<secret>`; `request.auth` is the ApiKey, `request.user` its owner."""

    def authenticate(self, request: Request) -> tuple[AbstractUser, ApiKey] | None:
        if any(_SHAPE.search(value) for values in request.query_params.lists() for value in values[1]):
            raise AuthenticationFailed(REFUSAL)
        header = get_authorization_header(request)
        if not header:
            return None
        key = _valid(header)
        if key is None:
            raise AuthenticationFailed(REFUSAL)
        assert key.asked_at is not None
        if key.last_used_at is None or key.asked_at - key.last_used_at > api_keys.USE_IS_NOTED_EVERY:
            api_keys.note_use(key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="LeadLoop"'


def _valid(header: bytes) -> ApiKey | None:
    """The live key of an active user that the header names, with the user, the groups and the instant of asking; one
    indexed look-up, one constant-time comparison.
    """
    scheme, _, secret = header.decode("latin-1").partition(" ")
    shape = _SHAPE.fullmatch(secret) if len(header) <= _LONGEST and scheme.lower() == "bearer" else None
    if shape is None:
        return None
    key = _live(shape[1])
    matches = hmac.compare_digest(api_keys.digest(secret), key.key_hash if key else _NOBODY)
    return key if matches else None


# What requests ask of a key and its owner. The rest would be read when somebody asks for it.
_KEY = ("id", "user_id", "name", "prefix", "key_hash", "reads_a_minute", "writes_a_minute", "last_used_at")
_OWNER = ("id", "username", "first_name", "last_name", "is_active", "is_superuser")
_LIVE = f"""
SELECT {", ".join([*(f"key.{name}" for name in _KEY), *(f"owner.{name}" for name in _OWNER)])}, key.scopes, ARRAY(
    SELECT auth_group.name FROM auth_group JOIN auth_user_groups ON auth_group.id = auth_user_groups.group_id
    WHERE auth_user_groups.user_id = owner.id), clock_timestamp()
FROM leads_apikey AS key JOIN auth_user AS owner ON owner.id = key.user_id
WHERE key.prefix = %s AND key.revoked_at IS NULL AND owner.is_active
    AND (key.expires_at IS NULL OR key.expires_at > now())
"""


def _live(prefix: str) -> ApiKey | None:
    with prepared_cursor() as cursor:
        cursor.execute(_LIVE, [prefix])
        found = cursor.fetchone()
    if found is None:
        return None
    *values, scopes, groups, asked_at = found
    key = row_of(ApiKey, dict(zip(_KEY, values[: len(_KEY)], strict=True)), is_new=False)
    key.user = row_of(User, dict(zip(_OWNER, values[len(_KEY) :], strict=True)), is_new=False)
    key.scopes = json.loads(scopes)
    key.owner_groups, key.asked_at = frozenset(groups), asked_at.astimezone(dt.UTC)
    return key

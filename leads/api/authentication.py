"""Who calls: the bearer key, and nothing else."""

import hmac
import re

from django.contrib.auth.models import AbstractUser
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leads.actions import api_keys
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
        if key.last_used_at is None or timezone.now() - key.last_used_at > api_keys.USE_IS_NOTED_EVERY:
            api_keys.note_use(key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="LeadLoop"'


def _valid(header: bytes) -> ApiKey | None:
    """The live key of an active user that the header names; one indexed look-up, one constant-time comparison."""
    scheme, _, secret = header.decode("latin-1").partition(" ")
    shape = _SHAPE.fullmatch(secret) if len(header) <= _LONGEST and scheme.lower() == "bearer" else None
    if shape is None:
        return None
    live = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
    key = (
        ApiKey.objects.filter(live, prefix=shape[1], revoked_at__isnull=True, user__is_active=True)
        .select_related("user")
        .first()
    )
    matches = hmac.compare_digest(api_keys.digest(secret), key.key_hash if key else _NOBODY)
    return key if matches else None

"""What the list of refusals sends: which ones were chosen, and which a later undo is about."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from django.http import QueryDict

from feedback.reports.handoff_lists import PAGE
from leads.logic.errors import InvalidInput

BATCH = "batch"
_SIZE = 16


def chosen(params: QueryDict) -> list[UUID]:
    """The handoffs ticked on one page of the list, each once. InvalidInput(uid) for none, too many or nonsense."""
    try:
        uids = list(dict.fromkeys(UUID(uid) for uid in params.getlist("uid")))
    except ValueError:
        raise InvalidInput("Choose handoffs from the list.", field="uid") from None
    if not 0 < len(uids) <= PAGE:
        raise InvalidInput(f"Choose at least one handoff, at most {PAGE} at a time.", field="uid")
    return uids


def written_batch(uids: Sequence[UUID]) -> str:
    """The handoffs as one word for an address, short enough for a whole page of them."""
    return urlsafe_b64encode(b"".join(uid.bytes for uid in uids)).decode().rstrip("=")


def read_batch(word: str) -> list[UUID]:
    """The handoffs that `written_batch` wrote. InvalidInput(batch) for none, too many or nonsense."""
    try:
        packed = urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        packed = b""
    if not packed or len(packed) % _SIZE or len(packed) > _SIZE * PAGE:
        raise InvalidInput("There is nothing to undo under this address.", field=BATCH)
    return [UUID(bytes=packed[begin : begin + _SIZE]) for begin in range(0, len(packed), _SIZE)]

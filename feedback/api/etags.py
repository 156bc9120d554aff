"""ETag, If-Match and If-None-Match of a handoff.

A tag is `"<version>.<digest>"`: the version is of what a decision rests on, the digest of everything the answer says.
If-Match asks for the version alone, so that a new name or due time does not stop a decision; If-None-Match for both.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer

from feedback.actions.expecting import version_of
from feedback.models import Handoff
from leads.logic.errors import InvalidInput

_LENGTH = 16
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LONGEST = 2_000


def etag(handoff: Handoff, answer: Mapping[str, Any]) -> str:
    """The strong tag of `answer`, which tells of `handoff`."""
    digest = hashlib.sha256(JSONRenderer().render(answer)).hexdigest()
    return f'"{version_of(handoff)}.{digest[:_LENGTH]}"'


def if_match(header: str | None, *, field: str = "If-Match") -> frozenset[str] | None:
    """The versions that `header` allows; None when any does. A weak tag allows none. InvalidInput(field)."""
    if header is None or header.strip() == "*":
        return None
    tags = [_TAG.fullmatch(part.strip()) for part in header.split(",")] if len(header) <= _LONGEST else [None]
    if None in tags:
        raise InvalidInput(f'{field} is * or the ETag of an answer, in its quotes: "…".', field=field)
    return frozenset(tag[2].partition(".")[0] for tag in tags if tag and not tag[1])


def is_known(header: str | None, tag: str) -> bool:
    """Whether If-None-Match names the tag, so that the answer need not be sent again."""
    if header is None or len(header) > _LONGEST:
        return False
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in header.split(","))

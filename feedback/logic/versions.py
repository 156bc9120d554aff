"""Which version of a handoff somebody saw: what they decide on, in short."""

import hashlib
from collections.abc import Iterable

_LENGTH = 16


def version(parts: Iterable[object]) -> str:
    """The digest of what a decision rests on; 64 bits, for telling two versions of one handoff apart."""
    said = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(said.encode()).hexdigest()[:_LENGTH]

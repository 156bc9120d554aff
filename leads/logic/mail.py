"""A mail as it is written, before anything sends it."""

import unicodedata
import uuid
from dataclasses import dataclass

LONGEST_SUBJECT = 150
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEYS = uuid.UUID("5f0b8c5e-6c1d-5d0c-9f57-2f4f7d1a9c11")


@dataclass(frozen=True)
class Mail:
    """What a renderer returns: a subject, cleaned at sending, and a plain text body."""

    subject: str
    body: str


def clean_line(text: str, *, longest: int = LONGEST_SUBJECT) -> str:
    """One line that every mail header and database column can hold, at most `longest` characters; never empty.

    Line ends, control characters, direction marks and halves of characters become spaces.
    """
    kept = "".join(" " if unicodedata.category(char) in _UNFIT else char for char in text)
    line = " ".join(kept.split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "…"
    return line or "LeadLoop"


def message_id(dedup_key: str, *, domain: str) -> str:
    """The Message-ID of everything sent under `dedup_key`: the same at every try, so that a repeat can be dropped."""
    return f"<{uuid.uuid5(_KEYS, dedup_key)}@{domain}>"


def fallback(handoff_uid: uuid.UUID | None) -> Mail:
    """What goes out when the real mail cannot be written: fixed ASCII words and a uid, nothing a person typed."""
    which = f"Handoff {handoff_uid}" if handoff_uid else "Something in LeadLoop"
    return Mail(
        "A handoff needs you" if handoff_uid else "LeadLoop needs you",
        f"{which} needs your attention.\n\nThe usual message could not be written; open LeadLoop to see it.\n",
    )

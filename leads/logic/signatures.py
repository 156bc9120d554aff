"""What exactly is signed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def text_digest(document: Mapping[str, Any], contributed: Mapping[str, Any], note: str) -> str:
    """The SHA-256 of everything that a signature covers, in hex: the text, what the apps above add, and the note.

    The same whatever the order of keys; another one after any change of words, figures or order of a list.
    """
    covered = {"document": document, "contributed": contributed, "note": note}
    return hashlib.sha256(json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

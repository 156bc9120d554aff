"""JSON as strangers send it: small, flat, unambiguous, and storable; or refused with a sentence."""

import json
import math
import re
from typing import Any

from leads.logic.errors import InvalidInput
from leads.logic.text import storable

DEEPEST = 10
MOST_KEYS = 1_000
# A list holds a batch of objects, so it may hold more.
MOST_KEYS_OF_A_LIST = 10_000
_LONGEST_KEY = 100
_LARGEST = 2**63
# Every branch ends at a closing quote or at the end of the text and gives nothing back, so the scan is linear.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+\\?(?:"|\Z)|[\[\]{}:]', re.DOTALL)


def loads(body: bytes) -> Any:
    """The value that `body` (UTF-8, no byte order mark) spells.

    InvalidInput(path of the field, where there is one) for what is no JSON, nests deeper than 10, has more than 1,000
    keys (10,000 in a list), names a key twice, or holds NaN, an endless or over-long number, NUL, or half a character.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("The body is not UTF-8.") from None
    _measure(text)
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise InvalidInput(f"The body nests deeper than {DEEPEST}.") from None
    except ValueError as error:
        # Python's words on a number of more than 4,300 digits speak of its settings.
        words = str(error) if isinstance(error, json.JSONDecodeError) else "a number has too many digits"
        raise InvalidInput(f"The body is not JSON: {words}.") from None
    _check(value, path="")
    return value


def _measure(text: str) -> None:
    """Count nesting and keys before anything is built of the text."""
    depth = keys = 0
    most = MOST_KEYS_OF_A_LIST if text.lstrip(" \t\r\n").startswith("[") else MOST_KEYS
    for token in _TOKENS.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth -= 1
        elif first == ":":
            keys += 1
        if depth > DEEPEST:
            raise InvalidInput(f"The body nests deeper than {DEEPEST}.")
        if keys > most:
            raise InvalidInput(f"The body has more than {most} keys.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if len(key) > _LONGEST_KEY:
            raise InvalidInput(f"A key is longer than {_LONGEST_KEY} characters.")
        storable(key, field="A key")
        if key in found:
            raise InvalidInput(f"{key} is there twice.", field=key)
        found[key] = value
    return found


def _check(value: Any, *, path: str) -> None:
    name = path or "The body"
    if isinstance(value, str):
        storable(value, field=path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"{name} is not a finite number.", field=path)
    elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise InvalidInput(f"{name} is a number too large to be meant.", field=path)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check(part, path=f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _check(part, path=f"{path}[{index}]")

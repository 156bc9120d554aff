"""The words of a step's mail, with a closed list of placeholders. Nothing is ever looked up in what is filled in."""

import re
from collections.abc import Mapping

from leads.logic.errors import InvalidInput

PLACEHOLDERS: Mapping[str, str] = {
    "name": "the lead",
    "account": "the account",
    "owner": "who has the handoff",
    "target": "what is promised",
    "due": "the deadline, in the reader's zone",
    "left": "the time that is left, or by how much it is late",
    "link": "the address of the handoff",
}
SAMPLE: Mapping[str, str] = {
    "name": "Ana Duarte",
    "account": "Nortex",
    "owner": "Sam Rivers",
    "target": "decide",
    "due": "Mon 23 Nov 11:30",
    "left": "1 h 30 min left",
    "link": "https://leadloop.example/handoffs/…",
}
"""What a preview is filled with."""

# A brace that is meant as such is written twice.
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def check(text: str, *, field: str) -> None:
    """Nothing, or InvalidInput(field) naming the placeholder that does not exist or the brace that stands alone."""
    for found in _PART.finditer(text):
        if found[1] is not None:
            if found[1] not in PLACEHOLDERS:
                there_are = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise InvalidInput(f"There is no {found[0]:.40}; there are {there_are}.", field=field)
        elif len(found[0]) == 1:
            raise InvalidInput(f"A {found[0]} stands alone; write it twice to mean it as such.", field=field)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, once: braces in the values stay as they are.

    What check refuses, and what `values` does not hold, is left as it was typed; nothing is raised.
    """

    def put(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        return values[found[1]] if found[1] in PLACEHOLDERS and found[1] in values else found[0]

    return _PART.sub(put, text)

"""What the fields of a form on a website mean, and what somebody filled in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leads.logic.email import LONGEST as LONGEST_EMAIL
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.logic.text import note, one_line

TOKEN, VISITOR, TRAP = "leadloop_token", "leadloop_visitor", "homepage"
"""Fields of LeadLoop's own. Nobody sees the trap; programs fill it in."""

CONSENT = "consent"
MESSAGE = "message"
MOST_FIELDS = 50
LONGEST_MESSAGE = 5_000
_OWN_NAME = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,60}", re.ASCII)
_TICKED = frozenset({"on", "true", "1", "yes"})

# What a field can mean: the label on a page of ours, and how much of it is kept.
MEANINGS: Mapping[str, tuple[str, int]] = {
    "email": ("Work mail", LONGEST_EMAIL),
    "name": ("Name", 200),
    "first_name": ("First name", 90),
    "last_name": ("Last name", 100),
    "title": ("Job title", 200),
    "company": ("Company", 200),
    "phone": ("Phone", 50),
    "country": ("Country, as two letters like DE", 2),
    "language": ("Language, like de", 10),
    "product": ("Product", 100),
    MESSAGE: ("Message", LONGEST_MESSAGE),
    CONSENT: ("I agree to be contacted about this", 5),
}
USUAL: Mapping[str, str] = {one: one for one in ("name", "email", "company", MESSAGE, CONSENT)}
"""The fields of a form whose own names are not told."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What somebody filled in, every field trimmed; `consent` is whether they ticked the box."""

    email: str
    name: str = ""
    title: str = ""
    company: str = ""
    phone: str = ""
    country: str = ""
    language: str = ""
    product: str = ""
    message: str = ""
    consent: bool = False


class WrongFields(Exception):
    """What has to change before a form is taken: a sentence by the form's own name of the field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def clean_mapping(given: object, *, field: str = "fields") -> dict[str, str]:
    """What each of the form's own names means; the usual ones when nothing is told. InvalidInput(field)."""
    if not isinstance(given, dict):
        raise InvalidInput("Say which of the form's fields means what.", field=field)
    if len(given) > MOST_FIELDS:
        raise InvalidInput(f"A form has at most {MOST_FIELDS} fields.", field=field)
    for own, meaning in given.items():
        if not isinstance(own, str) or not _OWN_NAME.fullmatch(own) or own in {TOKEN, VISITOR, TRAP}:
            raise InvalidInput(f"{own!r:.80} cannot be the name of a field.", field=field)
        if meaning not in MEANINGS:
            raise InvalidInput(f"{own} cannot mean {meaning!r:.80}; it can mean {', '.join(MEANINGS)}.", field=field)
    meanings = list(given.values())
    if twice := next((one for one in meanings if meanings.count(one) > 1), ""):
        raise InvalidInput(f"Two fields mean {twice}.", field=field)
    if given and "email" not in meanings:
        raise InvalidInput("One of the fields has to mean email: a lead is known by it.", field=field)
    return dict(given)


def read_filled(given: Mapping[str, object], mapping: Mapping[str, str]) -> Filled:
    """What was filled in, by what the form's own names mean; other fields are not looked at. WrongFields."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for own, meaning in (mapping or USUAL).items():
        try:
            values[meaning] = _read(given.get(own, ""), meaning)
        except InvalidInput as error:
            errors[own] = error.message
        if meaning == "email" and not values.get("email") and own not in errors:
            errors[own] = "Fill in a mail address."
    if errors:
        raise WrongFields(errors)
    names = (values.pop("first_name", ""), values.pop("last_name", ""))
    name = values.pop("name", "") or " ".join(filter(None, names))
    return Filled(name=name, consent=values.pop(CONSENT, "").casefold() in _TICKED, **values)


def _read(value: object, meaning: str) -> str:
    if meaning == CONSENT and isinstance(value, bool):
        return "yes" if value else ""
    label, longest = MEANINGS[meaning]
    readers: dict[str, Callable[[], str]] = {
        "email": lambda: normal_email(value, field=label),
        MESSAGE: lambda: note(value, field=label, longest=longest),
        CONSENT: lambda: one_line(value, field=label, longest=20),
    }
    return readers.get(meaning, lambda: one_line(value, field=label, longest=longest))()

"""One normal form for a mail address, so that a person has one identity at every door."""

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from leads.logic.errors import InvalidInput
from leads.logic.text import one_line

LONGEST = 254
# The shape of most addresses; what has it needs no closer look, and imports look at millions. "--" may be Punycode.
_PLAIN = re.compile(
    r"[a-z0-9_+-]{1,64}(?:\.[a-z0-9_+-]+)*@(?:(?![a-z0-9-]*--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.A
)
_LONGEST_LOCAL = 64
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


def normal_email(value: object, *, field: str = "email") -> str:
    """The address in lower case and NFC, its domain in Unicode form; "" stays "". InvalidInput(field) when it is no
    address.

    Syntax only: no DNS look-up. Quoted local parts and domains without a dot are refused.
    """
    text = one_line(value, field=field, longest=LONGEST)
    if not text:
        return ""
    plain = text.lower()
    if _PLAIN.fullmatch(plain) and plain.index("@") <= _LONGEST_LOCAL:
        domain = plain.partition("@")[2]
        if not f".{domain}".endswith(_SPECIAL):
            return plain
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=False)
    except EmailNotValidError as error:
        raise InvalidInput(f"{field} is not a mail address: {error}", field=field) from error
    return checked.normalized.lower()

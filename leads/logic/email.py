"""One normal form for a mail address, so that a person has one identity at every door."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from leads.logic.errors import InvalidInput
from leads.logic.text import one_line

LONGEST = 254
_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_LOCAL = 64


def normal_email(value: object, *, field: str = "email") -> str:
    """The address in lower case and NFC, its domain in Unicode form; "" stays "". InvalidInput(field) when it is no
    address.

    Syntax only: no DNS look-up. Quoted local parts and domains without a dot are refused.
    """
    text = one_line(value, field=field, longest=LONGEST)
    if not text:
        return ""
    local, _, domain = text.rpartition("@")
    # A plain local part says nothing against the address, and domains repeat: imports check millions.
    if len(local) <= _LONGEST_LOCAL and _LOCAL.fullmatch(local) and (known := _plain_domain(domain)):
        return f"{local.lower()}@{known}"
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=False)
    except EmailNotValidError as error:
        raise InvalidInput(f"{field} is not a mail address: {error}", field=field) from error
    return checked.normalized.lower()


@lru_cache(maxsize=10_000)
def _plain_domain(domain: str) -> str:
    """The normal form of an ASCII domain that an address may have; "" for any other."""
    if not domain.isascii():
        return ""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False, test_environment=False).domain.lower()
    except EmailNotValidError:
        return ""

"""One normal form for a mail address, so that a person has one identity at every door."""

from email_validator import EmailNotValidError, validate_email

from leads.logic.errors import InvalidInput
from leads.logic.text import one_line

LONGEST = 254


def normal_email(value: object, *, field: str = "email") -> str:
    """The address in lower case and NFC, its domain in Unicode form; "" stays "". InvalidInput(field) when it is no
    address.

    Syntax only: no DNS look-up. Quoted local parts and domains without a dot are refused.
    """
    text = one_line(value, field=field, longest=LONGEST)
    if not text:
        return ""
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=False)
    except EmailNotValidError as error:
        raise InvalidInput(f"{field} is not a mail address: {error}", field=field) from error
    return checked.normalized.lower()

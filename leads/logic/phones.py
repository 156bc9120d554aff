"""Phone numbers as they are compared."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

_SHORTEST = 7
_LONGEST = 50


@dataclass(frozen=True)
class Phone:
    """`digits` of the number, with its country's when that is known (`is_whole`); "" for none."""

    digits: str = ""
    extension: str = ""
    is_whole: bool = False


@lru_cache(maxsize=10_000)
def read_phone(text: str, country: str) -> Phone:
    """The number that a text spells; `country` (ISO 3166 alpha-2, "" for not known) is where it would be dialled."""
    if not text:
        return Phone()
    try:
        found = phonenumbers.parse(text[:_LONGEST], country or None)
    except phonenumbers.NumberParseException:
        digits = "".join(char for char in text if char.isdigit()).lstrip("0")
        return Phone(digits) if len(digits) >= _SHORTEST else Phone()
    digits = f"{found.country_code}{phonenumbers.national_significant_number(found)}"
    return Phone(digits, found.extension or "", is_whole=True) if len(digits) >= _SHORTEST else Phone()


def same_phone(one: Phone, other: Phone) -> bool:
    """Whether both are one line; a number without its country is the end of one that has it."""
    if not one.digits or not other.digits:
        return False
    if one.extension and other.extension and one.extension != other.extension:
        return False
    if one.is_whole == other.is_whole:
        return one.digits == other.digits
    whole, part = (one, other) if one.is_whole else (other, one)
    return whole.digits.endswith(part.digits)

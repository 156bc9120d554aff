"""Text that came from outside, made safe to keep on one line or refused."""

import unicodedata

from leads.logic.errors import InvalidInput

# Invisible direction marks can make one name look like another (U+202A-202E, U+2066-2069, U+200B-200F, U+FEFF).
_INVISIBLE = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x200B, 0x2010), 0xFEFF])
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_LINE_BREAKS = str.maketrans(dict.fromkeys("\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def storable(value: object, *, field: str) -> str:
    """The text itself.

    InvalidInput(field) for what PostgreSQL or a mail header cannot hold: NUL, lone surrogates, no text.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{field} must be text.", field=field)
    if "\x00" in value:
        raise InvalidInput(f"{field} holds a NUL character; remove it.", field=field)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput(f"{field} holds half of a character (a lone surrogate); remove it.", field=field) from None
    return value


def one_line(value: object, *, field: str, longest: int, required: bool = False) -> str:
    """Trimmed single-line text in NFC, direction and zero-width marks removed, at most `longest` characters;
    InvalidInput(field).
    """
    if value == "" and not required:
        return ""
    if isinstance(value, str) and len(value) <= longest and value.isascii() and value.isprintable():
        # What most text is, and needs none of the below; imports clean millions of cells.
        plain = " ".join(value.split())
        if plain or not required:
            return plain
    given = storable(value, field=field)
    # Putting accents in order takes time that grows with their square: a megabyte of them would take minutes.
    if len(given) > 2 * longest + 1_000:
        raise InvalidInput(f"{field} has {len(given)} characters; at most {longest} are kept.", field=field)
    text = unicodedata.normalize("NFC", given).translate(_LINE_BREAKS).translate(_INVISIBLE)
    text = _seen(" ".join("".join(char for char in text if unicodedata.category(char) != "Cc").split()))
    if required and not text:
        raise InvalidInput(f"{field} is empty; fill it in.", field=field)
    if len(text) > longest:
        raise InvalidInput(f"{field} has {len(text)} characters; at most {longest} are kept.", field=field)
    return text


def note(value: object, *, field: str = "note", longest: int = 10_000) -> str:
    """Plain text of several lines, line ends as \\n, other control characters removed; InvalidInput(field).

    Text in which nothing can be seen is empty.
    """
    text = storable(value, field=field).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc").strip()
    text = _seen(text)
    if len(text) > longest:
        raise InvalidInput(f"{field} has {len(text)} characters; at most {longest} are kept.", field=field)
    return text


def _seen(text: str) -> str:
    """The text, or nothing where all of it is spaces, zero-width and format characters: nobody would see it."""
    return text if any(unicodedata.category(char) not in _UNSEEN for char in text) else ""

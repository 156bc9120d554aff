"""Public holidays of a country or one of its regions, year by year, from the `holidays` package."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

import holidays
from holidays.registry import COUNTRIES

from leads.logic.errors import InvalidInput

YEARS_AHEAD = 2
"""How far holidays are written down unless somebody asks for more."""

MOST_YEARS_AHEAD = 10
_LANGUAGES = ("en_US", "en_GB", "en")
_LABEL = 100


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """(ISO 3166 alpha-2 code, English name) of every country that is known, by name."""
    named = [(codes[1], name.replace("_", " ").title()) for name, codes in COUNTRIES.items()]
    return tuple(sorted(named, key=lambda one: one[1]))


@cache
def subdivisions(country: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of the regions that have holidays of their own, by name; none for an unknown country."""
    if country not in dict(countries()):
        return ()
    known = holidays.country_holidays(country, years=())
    names = {code: name for name, code in getattr(known, "subdivisions_aliases", {}).items()}
    return tuple(sorted(((code, names.get(code, code)) for code in known.subdivisions), key=lambda one: one[1]))


def public_holidays(country: str, subdivision: str, *, years: Iterable[int]) -> dict[date, str]:
    """Each day nobody works, with its name in English where there is one, in order.

    Days on which a holiday is observed instead are included. InvalidInput(country | subdivision) for what is not known.
    """
    if country not in dict(countries()):
        raise InvalidInput(f"The holidays of {country!r:.20} are not known.", field="country")
    if subdivision and subdivision not in dict(subdivisions(country)):
        name = dict(countries())[country]
        raise InvalidInput(f"{name} has no region {subdivision!r:.20} with holidays of its own.", field="subdivision")
    asked = sorted(set(years))
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=asked, **_language(country))
    return {on: label[:_LABEL] for on, label in sorted(found.items()) if on.year in asked}


def first_and_last(holidays_until: int | None, *, today: date) -> range:
    """The years whose holidays stand in a calendar, from this one on."""
    return range(today.year, (holidays_until or today.year + YEARS_AHEAD) + 1)


def runs_out(holidays_until: int | None, *, today: date) -> bool:
    """Whether the holidays that are written down end within twelve months."""
    return holidays_until is None or date(holidays_until, 12, 31) < date(
        today.year + 1, today.month, min(today.day, 28)
    )


def _language(country: str) -> dict[str, Any]:
    """Named outright, so that the machine's own language decides nothing."""
    known = holidays.country_holidays(country, years=())
    spoken = [*(one for one in _LANGUAGES if one in known.supported_languages), known.default_language]
    return {"language": spoken[0]} if known.supported_languages else {}

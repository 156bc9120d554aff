"""Whom the demo sells to. All names are invented; all domains end in .example and lead nowhere."""

import random
from dataclasses import dataclass
from unicodedata import normalize

from leads.actions.people import AccountInput, LeadInput

_FIRST = (
    "Bren", "Val", "Nor", "Kest", "Lum", "Tess", "Hav", "Port", "Adl", "Orm", "Ster", "Quill", "Fen", "Mar",
    "Cald", "Rav",
    "Sol", "Tarn", "Wex", "Yarr", "Zel", "Ember", "Fjord", "Grav", "Hol", "Ister", "Jun", "Kal", "Lind", "Mont",
)  # fmt: skip
_LAST = (
    "tal Freight", "mark Logistics", "wick Foods", "berg Systems", "ova Pharma", "stad Energy",
    "field Retail", "haven Lines",
    "dale Machinery", "ton Packaging", "ric Beverages", "mere Textiles", "burg Steel", "sted Couriers", "lund Timber",
)  # fmt: skip
_INDUSTRIES = {
    "Freight": "logistics", "Logistics": "logistics", "Lines": "logistics", "Couriers": "logistics", "Foods": "food",
    "Beverages": "food", "Systems": "software", "Pharma": "pharma", "Energy": "energy", "Retail": "retail",
    "Machinery": "manufacturing", "Packaging": "manufacturing", "Textiles": "manufacturing", "Steel": "manufacturing",
    "Timber": "manufacturing",
}  # fmt: skip
_PLACES = (
    ("Hamburg", "DE"), ("Leipzig", "DE"), ("Lyon", "FR"), ("Rotterdam", "NL"), ("Ghent", "BE"), ("Bilbao", "ES"),
    ("Turin", "IT"), ("Gdansk", "PL"), ("Leeds", "GB"), ("Glasgow", "GB"), ("Malmö", "SE"), ("Bergen", "NO"),
    ("Aarhus", "DK"), ("Tampere", "FI"), ("Columbus", "US"), ("Memphis", "US"), ("Toronto",
    "CA"), ("Monterrey", "MX"),
)  # fmt: skip
_GIVEN = (
    "Ana", "Marit", "Michael", "Ilse", "Tomás", "Priya", "Jonas", "Sofia", "Amara", "Kenji", "Elif", "Pavel", "Noor",
    "Hugo", "Greta", "Yusuf", "Claire", "Mateusz", "Ingrid", "Rafael", "Zanele", "Oskar", "Leila", "Daniel", "Mei",
    "Astrid", "Kofi", "Beatriz", "Stefan", "Farah",
)  # fmt: skip
_FAMILY = (
    "Lindholm", "Moreau", "Okonkwo", "van Rijn", "Costa", "Schuster", "Nakamura", "Demir", "Novák", "Haddad",
    "Jansen",
    "Bergström", "Rossi", "Adeyemi", "Kowalczyk", "Ferreira", "Keller", "Osei", "Laine", "Duval", "Park", "Hansen",
    "Ortega", "Weiss", "Bianchi",
)  # fmt: skip
_TITLES = (
    "Head of Operations", "Fleet Manager", "Supply Chain Director", "Logistics Coordinator", "IT Manager", "COO",
    "Operations Analyst", "Procurement Lead", "Transport Planner", "Head of Digital",
)  # fmt: skip
_SIZES = (35, 60, 90, 140, 180, 240, 320, 420, 560, 780, 1_100, 1_600, 2_400)


@dataclass(frozen=True)
class Company:
    """A company and the people known there."""

    account: AccountInput
    people: tuple[LeadInput, ...]


def companies(rng: random.Random, *, count: int) -> list[Company]:
    """`count` different companies (at most 450) with one to seven people each, the same for the same `rng`."""
    names = [f"{first}{last}" for first in _FIRST for last in _LAST]
    return [_company(name, rng) for name in rng.sample(names, count)]


def person(name: str, title: str, account: AccountInput, **more: str) -> LeadInput:
    """A lead at `account`, with the mail address their name gives."""
    local = "".join(char for char in normalize("NFKD", name.casefold()).replace(" ", ".") if char.isascii())
    return LeadInput(name=name, title=title, email=f"{local}@{account.domain}", account=account, **more)


def _company(name: str, rng: random.Random) -> Company:
    city, country = rng.choice(_PLACES)
    account = AccountInput(
        name=name,
        domain=f"{name.split()[0].casefold()}.example",
        industry=_INDUSTRIES[name.split()[1]],
        employee_count=rng.choice(_SIZES) + rng.randrange(20),
        city=city,
        country=country,
    )
    known = rng.choices(range(1, 8), weights=(2, 2, 3, 3, 2, 1, 1))[0]
    full = [f"{given} {family}" for given in _GIVEN for family in _FAMILY]
    return Company(account, tuple(person(who, rng.choice(_TITLES), account) for who in rng.sample(full, known)))

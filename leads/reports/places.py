"""What time it is where a company is."""

import datetime as dt
import zoneinfo
from functools import cache
from importlib import resources
from pathlib import Path


@cache
def zones_of(country: str) -> tuple[str, ...]:
    """The IANA zones of an ISO 3166 country, by the zone.tab of this machine; () for one it does not know."""
    rows = (line.split("\t") for line in _table().splitlines() if line and not line.startswith("#"))
    return tuple(row[2] for row in rows if row[0] == country)


def local_time(country: str, *, now: dt.datetime) -> dt.datetime | None:
    """`now` as clocks in the country show it; None when it is unknown or its zones disagree."""
    shown = [now.astimezone(zoneinfo.ZoneInfo(zone)) for zone in zones_of(country)] if country else []
    offsets = {time.utcoffset() for time in shown}
    return shown[0] if len(offsets) == 1 else None


@cache
def _table() -> str:
    """zone.tab from where zoneinfo finds its zones: the system's folders, else the tzdata package, else nothing."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder) / "zone.tab"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    try:
        return resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ""

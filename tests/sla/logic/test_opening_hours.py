"""Calendars that are refused when they are saved, and where the error says the slip is."""

import pytest

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar

GOOD = {"timezone": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}}


def monday(*pairs):
    return {"weekly": {"mon": [*pairs]}}


REFUSED = {
    # zones
    "no such zone": ({"timezone": "Europe/Nowhere"}, "timezone"),
    "offset as zone": ({"timezone": "UTC+25"}, "timezone"),
    "path": ({"timezone": "../../etc/passwd"}, "timezone"),
    "absolute path": ({"timezone": "/usr/share/zoneinfo/UTC"}, "timezone"),
    "path inside": ({"timezone": "Europe/../Europe/Paris"}, "timezone"),
    "other case": ({"timezone": "europe/paris"}, "timezone"),
    "empty zone": ({"timezone": ""}, "timezone"),
    "zone with NUL": ({"timezone": "UTC\x00"}, "timezone"),
    "zone is null": ({"timezone": None}, "timezone"),
    "zone is a list": ({"timezone": ["UTC"]}, "timezone"),
    "the machine's own zone": ({"timezone": "localtime"}, "timezone"),
    # times
    "empty hours": (monday(["09:00", "09:00"]), "weekly.mon[0]"),
    "25:61": (monday(["09:00", "12:00"], ["13:00", "25:61"]), "weekly.mon[1]"),
    "24:01": (monday(["09:00", "24:01"]), "weekly.mon[0]"),
    "starts at 24:00": (monday(["24:00", "24:00"]), "weekly.mon[0]"),
    "a night of 23 h 59": (monday(["09:00", "08:59"]), "weekly.mon[0]"),
    "a night of 16 h 01": (monday(["16:00", "08:01"]), "weekly.mon[0]"),
    "all day from midnight to midnight": (monday(["00:00", "00:00"]), "weekly.mon[0]"),
    "fullwidth digits": (monday(["０９:00", "17:00"]), "weekly.mon[0]"),
    "one fullwidth digit": (monday(["0９:00", "17:00"]), "weekly.mon[0]"),
    "arabic digits": (monday(["٠٩:٠٠", "17:00"]), "weekly.mon[0]"),
    "short hour": (monday(["9:00", "17:00"]), "weekly.mon[0]"),
    "seconds": (monday(["09:00:00", "17:00"]), "weekly.mon[0]"),
    "trailing newline": (monday(["09:00\n", "17:00"]), "weekly.mon[0]"),
    "minus": (monday(["-9:00", "17:00"]), "weekly.mon[0]"),
    "number": (monday([9, 17]), "weekly.mon[0]"),
    "not a number": (monday([float("nan"), "17:00"]), "weekly.mon[0]"),
    "three times": (monday(["09:00", "12:00", "13:00"]), "weekly.mon[0]"),
    "a text instead of a pair": (monday("09:00-17:00"), "weekly.mon[0]"),
    "a text instead of a day": ({"weekly": {"mon": "09:00-17:00"}}, "weekly.mon"),
    "a day is null": ({"weekly": {"mon": None}}, "weekly.mon"),
    "a thousand intervals": (monday(*[["09:00", "17:00"]] * 1000), "weekly.mon"),
    "overlap": (monday(["13:00", "17:00"], ["09:00", "13:01"]), "weekly.mon[1]"),
    "same twice": (monday(["09:00", "17:00"], ["09:00", "17:00"]), "weekly.mon[1]"),
    "overlap after midnight": ({"weekly": {"sun": [["22:00", "06:00"]], "mon": [["05:00", "09:00"]]}}, "weekly.mon"),
    "unknown day": ({"weekly": {"monday": [["09:00", "17:00"]]}}, "weekly"),
    "day by number": ({"weekly": {1: [["09:00", "17:00"]]}}, "weekly"),
    "weekly is a list": ({"weekly": [["09:00", "17:00"]]}, "weekly"),
    "weekly is null": ({"weekly": None}, "weekly"),
    # dates
    "29 February 2026": ({"holidays": ["2026-12-25", "2026-02-29"]}, "holidays[1]"),
    "year 9999": ({"holidays": ["9999-12-31"]}, "holidays[0]"),
    "year 1": ({"holidays": ["0001-01-01"]}, "holidays[0]"),
    "year 1969": ({"holidays": ["1969-12-31"]}, "holidays[0]"),
    "year 2201": ({"holidays": ["2201-01-01"]}, "holidays[0]"),
    "basic date": ({"holidays": ["20261225"]}, "holidays[0]"),
    "week date": ({"holidays": ["2026-W52-5"]}, "holidays[0]"),
    "date in fullwidth digits": ({"holidays": ["２０２６-12-25"]}, "holidays[0]"),
    "date and time": ({"holidays": ["2026-12-25T00:00"]}, "holidays[0]"),
    "date as number": ({"holidays": [20261225]}, "holidays[0]"),
    "holidays as text": ({"holidays": "2026-12-25"}, "holidays"),
    "too many holidays": ({"holidays": ["2026-12-25"] * 10_001}, "holidays"),
    "override on no day": ({"date_overrides": {"2026-02-30": []}}, "date_overrides"),
    "override with bad hours": (
        {"date_overrides": {"2026-12-24": [["12:00", "12:00"]]}},
        "date_overrides.2026-12-24[0]",
    ),
    "override that overlaps": (
        {"date_overrides": {"2026-12-24": [["09:00", "12:00"], ["11:00", "13:00"]]}},
        "date_overrides.2026-12-24[1]",
    ),
    "override that overlaps the night before": (
        {"date_overrides": {"2026-12-25": [["01:00", "03:00"]], "2026-12-24": [["22:00", "02:00"]]}},
        "date_overrides.2026-12-25",
    ),
    "overrides as list": ({"date_overrides": ["2026-12-24"]}, "date_overrides"),
    # as a whole
    "never open": ({"weekly": {}}, "weekly"),
    "never open, spelt out": ({"weekly": {"mon": []}, "date_overrides": {"2026-12-24": []}}, "weekly"),
    "misspelt key": ({"holiday": []}, "calendar"),
}


@pytest.mark.parametrize(("changes", "field"), REFUSED.values(), ids=REFUSED)
def test_refused(changes, field):
    Calendar.from_dict(GOOD)
    with pytest.raises(InvalidInput) as refused:
        Calendar.from_dict({**GOOD, **changes})
    assert refused.value.field == field
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("document", [None, [], "UTC", {}, 1.5], ids=repr)
def test_no_calendar_at_all(document):
    with pytest.raises(InvalidInput):
        Calendar.from_dict(document)


TAKEN = {
    "until midnight": monday(["09:00", "24:00"]),
    "the whole day": monday(["00:00", "24:00"]),
    "a night": monday(["22:00", "06:00"]),
    "a night of 16 hours": monday(["16:00", "08:00"]),
    "until midnight, spelt as the next day's": monday(["22:00", "00:00"]),
    "touching": monday(["09:00", "12:00"], ["12:00", "17:00"]),
    "unsorted": monday(["13:00", "17:00"], ["09:00", "12:00"]),
    "a night that ends where the day begins": {"weekly": {"sun": [["22:00", "06:00"]], "mon": [["06:00", "09:00"]]}},
    "the same holiday twice": {"holidays": ["2026-12-25", "2026-12-25"]},
    "29 February 2028": {"holidays": ["2028-02-29"]},
    "first and last year": {"holidays": ["1970-01-01", "2200-12-31"]},
    "an exception alone": {"weekly": {}, "date_overrides": {"2026-12-24": [["09:00", "12:00"]]}},
    "a zone of a place": {"timezone": "America/Argentina/ComodRivadavia"},
}


@pytest.mark.parametrize("changes", TAKEN.values(), ids=TAKEN)
def test_taken(changes):
    document = {**GOOD, **changes}
    calendar = Calendar.from_dict(document)
    assert {day: sorted(pairs) for day, pairs in document["weekly"].items()} == calendar.to_dict()["weekly"]
    assert sorted(set(document.get("holidays", []))) == calendar.to_dict()["holidays"]
    assert document.get("date_overrides", {}) == calendar.to_dict()["date_overrides"]

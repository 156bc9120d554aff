"""Company days out of a file: what counts, what is left out, and files that mean harm."""

import contextlib
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic.ics_days import MOST_BYTES, MOST_EVENTS, read_days

FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)


def file(*events):
    """An iCalendar file; an event is its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Nortex//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def day(on="20261224", *more, name="Inventory", uid="1"):
    return [f"UID:{uid}", f"SUMMARY:{name}", f"DTSTART;VALUE=DATE:{on}", *more]


def read(*events):
    return read_days(file(*events), first=FIRST, last=LAST)


def days(*events):
    return [on.isoformat() for on in read(*events).days]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (day(), ["2026-12-24"]),
        (day("20261224", "DTEND;VALUE=DATE:20261227"), ["2026-12-24", "2026-12-25", "2026-12-26"]),
        (day("20261224", "DTEND;VALUE=DATE:20261224"), ["2026-12-24"]),
        (day("20261224", "DURATION:P2D"), ["2026-12-24", "2026-12-25"]),
        (day("20251231", "DTEND;VALUE=DATE:20260103"), ["2026-01-01", "2026-01-02"]),
        (day("20240101"), []),
        (day("20200601", "RRULE:FREQ=YEARLY"), ["2026-06-01", "2027-06-01", "2028-06-01"]),
        (day("20200601", "RRULE:FREQ=YEARLY;INTERVAL=4"), ["2028-06-01"]),
        (day("20200601", "RRULE:FREQ=YEARLY;COUNT=8"), ["2026-06-01", "2027-06-01"]),
        (day("20200601", "RRULE:FREQ=YEARLY;UNTIL=20270601"), ["2026-06-01", "2027-06-01"]),
        (day("20200601", "RRULE:FREQ=YEARLY;UNTIL=20270531T235959Z"), ["2026-06-01"]),
        (day("20200601", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20270601"), ["2026-06-01", "2028-06-01"]),
        (day("20240229", "RRULE:FREQ=YEARLY"), ["2028-02-29"]),
        (day("20001123", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"), ["2026-11-26", "2027-11-25", "2028-11-23"]),
        (day("20000529", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO"), ["2026-05-25", "2027-05-31", "2028-05-29"]),
        (
            day("20000228", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"),
            ["2026-02-28", "2027-02-28", "2028-02-29"],
        ),
        (
            day("20251230", "RRULE:FREQ=YEARLY", "DURATION:P3D"),
            ["2026-01-01"]
            + [f"{year}-12-{on}" if on else f"{year + 1}-01-01" for year in (2026, 2027) for on in (30, 31, 0)]
            + ["2028-12-30", "2028-12-31"],
        ),
        (day("20260101", "RRULE:FREQ=YEARLY;COUNT=" + "9" * 400), ["2026-01-01", "2027-01-01", "2028-01-01"]),
    ],
)
def test_days(event, expected):
    assert days(event) == expected


def test_names_folded_lines_and_alarms():
    raw = file(
        day("20261224", "DESCRIPTION:We\r\n  count", "BEGIN:VALARM", "SUMMARY:No", "END:VALARM", name="Big\r\n  day")
    )
    assert read_days(b"\xef\xbb\xbf" + raw, first=FIRST, last=LAST).days == {date(2026, 12, 24): "Big day"}
    assert read(day(name="x" * 500)).days == {date(2026, 12, 24): "x" * 100}
    assert read(["DTSTART;VALUE=DATE:20261224"]).days == {date(2026, 12, 24): "Company day"}


def test_one_of_a_series_that_was_moved():
    series = day("20250601", "RRULE:FREQ=YEARLY")
    moved = day("20270605", "RECURRENCE-ID;VALUE=DATE:20270601")
    assert days(series, moved) == ["2026-06-01", "2027-06-05", "2028-06-01"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (["SUMMARY:Lunch", "DTSTART:20261224T120000Z"], "Lunch: it has times of day; only whole days are taken."),
        (day("20261224", "STATUS:CANCELLED"), "Inventory: it is cancelled."),
        (day("20261224", "RRULE:FREQ=WEEKLY"), "Inventory: it repeats in another way than on a day of every year."),
        (
            day("20261224", "RRULE:FREQ=YEARLY;BYDAY=MO"),
            "Inventory: it repeats in another way than on a day of every year.",
        ),
        (
            day("20261224", "RRULE:FREQ=YEARLY;BYHOUR=1,2,3"),
            "Inventory: it repeats in another way than on a day of every year.",
        ),
        (day("20261224", "RDATE;VALUE=DATE:20270101"), "Inventory: it names further days (RDATE)."),
    ],
)
def test_what_is_left_out_is_said(event, why):
    found = read(event, day("20260102", uid="2"))
    assert list(found.days) == [date(2026, 1, 2)]
    assert found.left_out == (why,)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no iCalendar file"),
        (b"<html></html>", "no iCalendar file"),
        (b"\x1f\x8b\x08" + bytes(50), "not text in UTF-8"),
        (file(day()).decode().encode("utf-16"), "not text in UTF-8"),
        (file(day(name="Fête")).decode().encode("latin-1"), "not text in UTF-8"),
        (file(day(name="a\x00b")), "characters that no calendar has"),
        (file(day())[:-40], "no iCalendar file"),
        (file(day()).replace(b"END:VEVENT\r\n", b""), "out of order"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 70_000 + b"END:VCALENDAR", "too deeply"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * MOST_BYTES + b"\r\nEND:VCALENDAR", "larger than 1 MB"),
        (file(*[["DTSTART;VALUE=DATE:20260101"]] * (MOST_EVENTS + 1)), "more than 2,000 events"),
        (file(day("00010101")), "outside the years"),
        (file(day("99991231")), "outside the years"),
        (file(day("20261231", "DTEND;VALUE=DATE:99991231")), "outside the years"),
        (file(day("20261301")), "DTSTART that cannot be read"),
        (file(["SUMMARY:No day"]), "no day on which it begins"),
        (file(day("20261224", "DTSTART;VALUE=DATE:20261225")), "no day on which it begins"),
        (file(day("20261224", "DTEND;VALUE=DATE:20261220")), "ends before it begins"),
        (file(day("20261224", "DURATION:P367D")), "longer than a year"),
        (file(day("20261224", "DURATION:P99999999999D")), "cannot be read"),
        (file(day("20261224", "RRULE:FREQ=YEARLY;INTERVAL=0")), "every 0 years"),
        (file(day("20261224", "RRULE:FREQ=YEARLY;COUNT=" + "9" * 40_000)), "RRULE that cannot be read"),
        (file(day("20261224", "EXDATE;VALUE=DATE:soon")), "EXDATE that cannot be read"),
    ],
)
def test_what_is_no_calendar_is_refused_by_name(raw, says):
    with pytest.raises(InvalidInput, match=says) as refusal:
        read_days(raw, first=FIRST, last=LAST)
    assert refusal.value.field == "company_days"


def test_more_days_than_anybody_closes():
    spans = [day(f"{year}0101", "DURATION:P366D", uid=str(year)) for year in range(2026, 2033)]
    with pytest.raises(InvalidInput, match="more than 2,000 days"):
        read_days(file(*spans), first=FIRST, last=date(2032, 12, 31))


@pytest.mark.parametrize(
    "events",
    [
        [
            day("19700101", "RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=MO,TU,WE,TH,FR", uid=str(uid))
            for uid in range(MOST_EVENTS)
        ],
        [day("19700101", "RRULE:FREQ=YEARLY;COUNT=999999999", uid=str(uid)) for uid in range(MOST_EVENTS)],
        [day("20261224", "RRULE:FREQ=SECONDLY;COUNT=999999999")],
        [day("20261224", "EXDATE;VALUE=DATE:" + ",".join(["20260101"] * 100_000))],
        [day("20261224", "RRULE:" + "A=B;" * 200_000 + "FREQ=YEARLY")],
        [day(name='"' * 900_000)],
    ],
)
def test_a_bomb_takes_seconds_at_most(events):
    begun = time.process_time()
    read(*events)
    assert time.process_time() - begun < 5


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=8), st.binary(max_size=300))
def test_whatever_it_holds_it_is_read_or_refused(lines, noise):
    for raw in (file(lines), file([*day(), *lines]), noise, b"BEGIN:VCALENDAR\n" + noise + b"\nEND:VCALENDAR"):
        try:
            found = read_days(raw, first=FIRST, last=LAST)
        except InvalidInput:
            continue
        assert all(FIRST <= on <= LAST for on in found.days)


values = st.sampled_from(
    [
        "20261224",
        "99991231",
        "00010101",
        "0",
        "-1",
        "P1D",
        "-P9D",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYDAY=99MO",
        "",
        ",",
        "=;=",
    ]
)
names = st.sampled_from(["DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID", "RDATE", "UID", "STATUS"])
kinds = st.sampled_from(["", ";VALUE=DATE", ";VALUE=PERIOD", ";TZID=X", ";VALUE=DATE-TIME", ";X"])


@given(st.lists(st.tuples(names, kinds, values).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}"), max_size=8))
def test_whatever_an_event_says_it_is_read_or_refused(lines):
    with contextlib.suppress(InvalidInput):
        assert date(2026, 12, 24) in read(day(), lines).days

"""Public holidays, year by year, under the codes that calendars store."""

from datetime import date

import pytest

from leads.logic.errors import InvalidInput
from sla.logic.holiday_days import countries, first_and_last, public_holidays, runs_out, subdivisions


def test_a_country_and_a_region_of_it():
    whole = public_holidays("DE", "", years=[2026])
    bavaria = public_holidays("DE", "BY", years=[2026])
    assert whole[date(2026, 10, 3)] == "German Unity Day"
    assert set(bavaria) - set(whole) == {date(2026, 1, 6), date(2026, 6, 4), date(2026, 11, 1)}
    assert list(bavaria) == sorted(bavaria)


def test_every_year_that_is_asked_for_and_no_other():
    found = public_holidays("US", "", years=range(2026, 2029))
    assert {on.year for on in found} == {2026, 2027, 2028}
    assert date(2026, 7, 3) in found, "observed on the Friday, because the 4th is a Saturday"


@pytest.mark.parametrize(
    ("country", "subdivision", "field"),
    [("XX", "", "country"), ("de", "", "country"), ("", "", "country"), ("DE", "ZZ", "subdivision")],
)
def test_what_is_not_known_is_refused_by_name(country, subdivision, field):
    with pytest.raises(InvalidInput) as refusal:
        public_holidays(country, subdivision, years=[2026])
    assert refusal.value.field == field


def test_the_lists_to_choose_from():
    assert len(countries()) > 150
    assert ("DE", "Germany") in countries()
    assert ("BY", "Bayern") in subdivisions("DE")
    assert subdivisions("XX") == ()
    assert {len(code) for code, _ in countries()} == {2}


def test_every_country_that_can_be_chosen_has_holidays_that_can_be_read():
    silent = [code for code, _ in countries() if not public_holidays(code, "", years=[2026])]
    # Three where nobody lives, and a country at war that suspended its own.
    assert set(silent) <= {"BV", "HM", "IO", "UA"}


def test_regions_of_every_country_can_be_read():
    for code, _ in countries():
        for region, _ in subdivisions(code)[:2]:
            public_holidays(code, region, years=[2026])


def test_how_far_they_are_written_down():
    today = date(2026, 11, 22)
    assert list(first_and_last(None, today=today)) == [2026, 2027, 2028]
    assert list(first_and_last(2026, today=today)) == [2026]
    assert list(first_and_last(2025, today=today)) == []


@pytest.mark.parametrize(
    ("until", "today", "expected"),
    [
        (2026, date(2026, 1, 1), True),
        (2027, date(2026, 1, 1), False),
        (2027, date(2026, 11, 22), False),
        (2026, date(2026, 11, 22), True),
        (2025, date(2026, 11, 22), True),
        (None, date(2026, 11, 22), True),
        (2028, date(2028, 2, 29), True),
    ],
)
def test_when_they_run_out(until, today, expected):
    assert runs_out(until, today=today) is expected

"""The mapping: anything unknown or contradictory is refused before a row is looked at."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.csv_rows import CsvRow
from leads.logic.errors import InvalidInput
from leads.logic.import_mapping import LONGEST_MAPPING, FileMapping, parse_mapping
from leads.logic.import_values import Column, Holds, When, instant_of
from leads.logic.row_reader import RowReader

FIELDS = (
    Column("key", "key", is_required=True),
    Column("lead.email", "mail"),
    Column("channel", "channel"),
    Column("at", "when", Holds.INSTANT),
    Column("count", "how many", Holds.COUNT),
    Column("is_new", "new", Holds.YES_NO),
)


def parsed(text: str) -> FileMapping:
    return parse_mapping(text, kind="handoffs", fields=FIELDS, options=frozenset({"create_teams"}))


def read(text: str, header: list[str], *cells: str, line: int = 2):
    return RowReader(parsed(text), header, FIELDS).values(CsvRow(line, list(cells)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = ", "not valid TOML"),
        ("colums = {}", "“colums” is no setting. There are: kind, external_system"),
        ('kind = "leads"', "The mapping is for leads, not for handoffs"),
        ('timezone = "Mars/Olympus"', "no time zone “Mars/Olympus”"),
        ('timezone = "../../etc/passwd"', "no time zone"),
        ('timezone = "\\u0000"', "no time zone"),
        ("timezone = 3", "timezone must be text"),
        ('delimiter = "ab"', "delimiter must be one of"),
        ('delimiter = "\\""', "delimiter must be one of"),
        ('encoding = "utf-16"', "encoding must be one of: utf-8, windows-1252"),
        ('date_format = "%H:%M"', "does not write a whole day"),
        ('date_format = "%d/%m"', "does not write a whole day"),
        ('date_format = "%Y-%m-%d %z"', "does not write a whole day"),
        ('create_teams = "yes"', "create_teams must be true or false"),
        ("columns = 3", "columns must be a table"),
        ('[columns]\nkye = "x"', r"“kye” is no field of handoffs in \[columns\]. There are: key, lead.email"),
        ('[defaults]\nkye = "x"', r"\[defaults\]"),
        ('[values.kye]\nx = "y"', r"\[values\]"),
        ('[values]\nchannel = "y"', r"\[values\]"),
        ("[columns]\nkey = [1]", "must be text"),
        ("a" * (LONGEST_MAPPING + 1), "longer than 100000"),
        ("x = " + "[" * 5000, "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(text: str, words: str):
    with pytest.raises(InvalidInput, match=words) as refusal:
        parsed(text)
    assert refusal.value.field == "mapping"


def test_fields_with_a_dot_need_no_quotes():
    for text in ('[columns]\nkey = "k"\n"lead.email" = "m"', '[columns]\nkey = "k"\nlead.email = "m"'):
        assert read(text, ["k", "m"], "1", "a@b.example") == {"key": "1", "lead.email": "a@b.example"}


def test_cells_are_translated_then_filled_from_the_defaults():
    text = """
        [columns]
        key = "k"
        channel = "origin"
        [values.channel]
        "" = "empty"
        "ads.x" = "paid"
        [defaults]
        count = 7
    """
    assert read(text, ["k", "origin"], "1", " ") == {"key": "1", "channel": "empty", "count": 7}
    assert read(text, ["k", "origin"], "1", "ads.x")["channel"] == "paid"
    assert read(text, ["k", "origin"], "1", "unknown")["channel"] == "unknown"


def test_a_default_stands_in_for_a_blank():
    assert read('[defaults]\nchannel = "other"', ["key", "channel"], "1", "")["channel"] == "other"


def test_text_is_kept_to_the_letter():
    for text in ("00123", "1E5", "1-2", "=1+1", "-5", "@SUM(A1)"):
        assert read("", ["key"], text) == {"key": text}


@pytest.mark.parametrize(
    ("text", "header", "words"),
    [
        ("", ["key", "foo"], "The column “foo” is no field"),
        ("", ["key;channel"], "set delimiter"),
        ("", ["channel"], "key is missing"),
        ('[columns]\nkey = "id"', ["key"], "The file has no column “id”, wanted for key. It has: key"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(text: str, header: list[str], words: str):
    with pytest.raises(InvalidInput, match=words) as refusal:
        RowReader(parsed(text), header, FIELDS)
    assert refusal.value.field == "file"


@pytest.mark.parametrize(
    ("header", "cells", "field"),
    [
        (["key", "at"], ["", "2026-01-01"], "key"),
        (["key", "count"], ["1", "1E5"], "count"),
        (["key", "count"], ["1", "-1"], "count"),
        (["key", "count"], ["1", "٣"], "count"),
        (["key", "is_new"], ["1", "ja"], "is_new"),
        (["key", "at"], ["1", "03/04/2026"], "at"),
        (["key", "at"], ["1", "2026-02-30"], "at"),
        (["key", "at"], ["1", "0026-02-03"], "at"),
        (["key", "at"], ["1"], ""),
        (["key", "at"], ["1", "2026-01-01", "x"], ""),
    ],
)
def test_a_cell_that_cannot_be_read_names_its_field(header: list[str], cells: list[str], field: str):
    with pytest.raises(InvalidInput) as refusal:
        read("", header, *cells)
    assert refusal.value.field == field


def at(text: str, zone: str, date_format: str = "") -> dt.datetime:
    return instant_of(text, when=When(ZoneInfo(zone), date_format), field="at")


def test_instants_without_an_offset_are_local():
    assert at("2018-02-26 19:58:54", "UTC") == dt.datetime(2018, 2, 26, 19, 58, 54, tzinfo=dt.UTC)
    assert at("2026-07-01T12:00", "Europe/Berlin") == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
    assert at("2026-07-01T12:00+00:00", "Europe/Berlin") == dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    assert at("03/04/2026", "UTC", "%d/%m/%Y") == dt.datetime(2026, 4, 3, tzinfo=dt.UTC)


def test_a_time_that_the_clocks_skip_is_refused():
    with pytest.raises(InvalidInput, match="02:30 on 29 March 2026 does not exist in Europe/Berlin"):
        at("29.03.2026 02:30", "Europe/Berlin", "%d.%m.%Y %H:%M")


def test_a_time_that_comes_twice_is_the_first():
    assert at("2026-10-25 02:30", "Europe/Berlin") == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)


def test_a_day_whose_midnight_is_skipped_begins_when_the_clocks_have_jumped():
    # Brazil put its clocks forward at midnight.
    assert at("2017-10-15", "America/Sao_Paulo") == dt.datetime(2017, 10, 15, 3, tzinfo=dt.UTC)


def test_a_day_that_never_was_is_refused():
    with pytest.raises(InvalidInput, match="The day 30 December 2011 does not exist in Pacific/Apia"):
        at("2011-12-30", "Pacific/Apia")


_FROM, _UNTIL = dt.datetime(1990, 1, 1), dt.datetime(2037, 1, 1)  # noqa: DTZ001 - local times are what is drawn


@given(
    st.datetimes(_FROM, _UNTIL),
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
)
def test_an_instant_reads_back_as_it_was_written_or_is_refused(local: dt.datetime, zone: str):
    local = local.replace(microsecond=0)
    try:
        found = at(local.isoformat(" "), zone)
    except InvalidInput:
        # Neither reading of a time that does not exist shows it.
        shown = {
            local.replace(tzinfo=ZoneInfo(zone), fold=fold)
            .astimezone(dt.UTC)
            .astimezone(ZoneInfo(zone))
            .replace(tzinfo=None)
            for fold in (0, 1)
        }
        assert local not in shown
    else:
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local

"""No cell that LeadLoop writes can be taken for a formula, and none loses what it says."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.csv_cells import csv_lines, harmless


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "-5",
        "+5",
        "@SUM(A1)",
        '=HYPERLINK("http://e/?"&A1)',
        "|calc",
        "%0A=1",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        '"=1',
        "'=1",
        "\ufeff=1",
        "\u200b=1",
        "\x01=1",
        "\u00a0=1",
        ";=1+1",
        ",=1+1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str):
    assert harmless(text).startswith("'")
    assert harmless(text).removeprefix("'").replace("'", "") == text.replace("\r", "\n").replace("'", "")


def test_every_line_of_a_cell_is_harmless():
    assert harmless("a\n=1\r\n@x\rb") == "a\n'=1\n'@x\nb"


@pytest.mark.parametrize(
    "text", ["", "Ana", "00123", "1E5", "1-2", "ana+x@nortex.example", "a=b", "Ülo", "名前", "(x)"]
)
def test_other_text_stays_as_it_is(text: str):
    assert harmless(text) == text


@given(st.text(max_size=30))
def test_no_line_begins_like_a_formula(text: str):
    for line in harmless(text).split("\n"):
        assert line.lstrip()[:1] not in ("=", "+", "-", "@", "|", "%")


def test_cells_are_quoted_and_numbers_stay_numbers():
    at = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
    lines = list(csv_lines(["a", "=b"], [["x", 1], ["=1", Decimal("2.50")], [None, at], ['say "hi",\n', 0.5]]))
    assert lines[0] == '"a","\'=b"\r\n'
    assert lines[1] == '"x",1\r\n'
    assert lines[2] == '"\'=1",2.50\r\n'
    assert lines[3] == '"","2026-11-30T09:00:00+00:00"\r\n'
    assert next(csv.reader(io.StringIO(lines[4], newline=""))) == ['say "hi",\n', "0.5"]

"""CSV of unknown origin: every oddity is one row, a named refusal, or harmless; never a giant row or a wrong letter."""

import csv
import io
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.csv_rows import LONGEST_CELL, LONGEST_LINE, csv_rows, header_of
from leads.logic.errors import InvalidInput


def rows(data: bytes, block: int = 64, **form: str):
    return list(csv_rows((data[at : at + block] for at in range(0, len(data), block)), **form))


def cells(data: bytes, block: int = 64, **form: str):
    return [row.cells for row in rows(data, block, **form)]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 4096])
def test_line_ends_of_every_sort_end_a_row_and_nothing_else_does(block: int):
    data = "a,b\r1,2\r\n3,\u2028\x0b\x85\n5,6".encode()
    found = rows(data, block)
    assert [(row.line, row.cells) for row in found] == [
        (1, ["a", "b"]),
        (2, ["1", "2"]),
        (3, ["3", "\u2028\x0b\x85"]),
        (4, ["5", "6"]),
    ]


def test_rows_are_numbered_as_an_editor_numbers_them():
    found = rows(b'a,b\n\n"one\ntwo",x\r\n,\n3,4\n')
    assert [(row.line, row.cells) for row in found] == [(1, ["a", "b"]), (3, ["one\ntwo", "x"]), (6, ["3", "4"])]


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert cells(b"\xef\xbb\xbfemail\nx\n", 1000)[0] == ["email"]


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_encodings_are_refused_with_a_hint(name: str):
    with pytest.raises(InvalidInput, match="UTF-8"):
        rows("email,name\nana@nortex.example,Ana\n".encode(name), 4096)


@pytest.mark.parametrize(
    ("magic", "words"),
    [
        (b"PK\x03\x04", "ZIP"),
        (b"\x1f\x8b", "gzip"),
        (b"BZh9", "bzip2"),
        (b"\xd0\xcf\x11\xe0", "Excel"),
        (b"%PDF-1", "PDF"),
    ],
)
def test_archives_and_documents_are_refused_and_never_opened(magic: bytes, words: str):
    with pytest.raises(InvalidInput, match=words):
        rows(magic + b"a" * 100)


def test_bytes_that_are_no_utf8_name_the_line():
    data = b"name\n" + b"Ana\n" * 4998 + b"Zo\xeb\n" + b"Ana\n" * 10
    with pytest.raises(InvalidInput, match=r"Line 5000 is not UTF-8 \(byte 0xeb\)"):
        rows(data, 4096)
    assert cells(data, 4096, encoding="windows-1252")[4999] == ["Zoë"]


def test_a_quote_that_is_never_closed_names_its_line_and_swallows_nothing():
    data = b'a,b\n"x,1\n' + b"y,2\n" * 10_000
    with pytest.raises(InvalidInput, match="opened in line 2 is never closed"):
        rows(data, 4096)


def test_a_quote_that_is_never_closed_is_found_before_the_memory_is_full():
    data = b'a,b\n"x,1\n' + b"y,2\n" * (LONGEST_LINE // 2)
    with pytest.raises(InvalidInput, match="opened in line 2 is never closed"):
        rows(data, 65536)


def test_words_behind_a_closing_quote_cost_their_own_row_only():
    found = rows(b'a,b\n"x"y,1\n"2","3"\n')
    assert [row.line for row in found if row.problem] == [2]
    assert found[2].cells == ["2", "3"]
    assert "Lines 2 to 3" in rows(b'a,b\n1,"x\n2,"y\n3,4\n')[1].problem


def test_quotes_inside_plain_cells_are_letters():
    assert cells(b'a,b\n5" pipe,6\n')[1] == ['5" pipe', "6"]


def test_a_cell_that_is_too_long_costs_its_own_row_only():
    found = rows(b"a\n" + b"x" * (LONGEST_CELL + 1) + b"\n" + b"y" * LONGEST_CELL + b"\n", 65536)
    assert "longer than 131072" in found[1].problem
    assert found[1].cells == []
    assert found[2].cells == ["y" * LONGEST_CELL]


def test_ten_megabytes_without_a_line_end_are_refused_fast_and_small():
    data = b"x," * 5_000_000
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(InvalidInput, match="Line 1 is longer than 2 MB"):
        rows(data, 256 * 1024)
    assert time.monotonic() - began < 2
    assert tracemalloc.get_traced_memory()[1] < len(data)
    tracemalloc.stop()


def test_a_row_of_too_many_cells_keeps_none_of_them():
    found = rows(b"a\n" + b"," * 300 + b"x\n")
    assert "301 cells" in found[1].problem
    assert found[1].cells == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty: line 1"),
        (b"\n\r\n\n", "The file is empty: line 1"),
        (b"email,,name\n", "Column 2 has no name in line 1"),
        (b"email,name, email \n", "Two columns are named “email” in line 1"),
        (b'"a"b,c\n', "Line 1 should name the columns"),
    ],
)
def test_a_header_that_names_no_columns_is_refused(data: bytes, words: str):
    with pytest.raises(InvalidInput, match=words) as refusal:
        header_of(csv_rows([data]))
    assert refusal.value.field == "file"


_CELL = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12)


@given(
    table=st.lists(st.lists(_CELL, min_size=2, max_size=2).filter(any), min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    block=st.integers(1, 40),
)
def test_what_a_csv_writer_writes_is_read_back_as_it_was(table, end, block):
    written = io.StringIO()
    csv.writer(written, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    assert cells(written.getvalue().encode(), block) == table

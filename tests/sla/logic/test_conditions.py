"""Closed fields, closed operators: what each says, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.logic.conditions import NUMBER, OPERATORS, TEXT
from leads.logic.errors import InvalidInput
from sla.logic.conditions import FIELDS, POLICY_FIELDS

FACTS = {"channel": "Paid Search", "region": "DE", "fit": 70, "intent": None, "campaign": ""}


@pytest.mark.parametrize(
    ("field", "operator", "value", "holds"),
    [
        ("channel", "eq", "paid search", True),
        ("channel", "eq", "paid", False),
        ("channel", "ne", "social", True),
        ("channel", "in", "social, PAID SEARCH", True),
        ("channel", "not_in", "social, paid search", False),
        ("channel", "prefix", "paid", True),
        ("channel", "prefix", "search", False),
        ("channel", "contains", "search", True),
        ("fit", "ge", "70", True),
        ("fit", "gt", "70", False),
        ("fit", "le", "70", True),
        ("fit", "lt", "70", False),
        ("fit", "in", "60,70", True),
        ("intent", "lt", "70", False),
        ("intent", "ge", "0", False),
        ("intent", "ne", "5", True),
        ("intent", "is_null", "", True),
        ("fit", "is_null", "", False),
        ("campaign", "is_null", "", True),
        ("campaign", "is_set", "", False),
        ("fit", "is_set", "", True),
        ("lead_title", "contains", "head", False),
        ("lead_title", "not_in", "head", True),
    ],
)
def test_what_holds(field, operator, value, holds):
    assert POLICY_FIELDS.read(field, operator, value).holds(FACTS) is holds


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("owner", "eq", "x"),
        ("channel", "regex", "x"),
        ("channel", "lt", "5"),
        ("fit", "contains", "5"),
        ("fit", "eq", "five"),
        ("fit", "eq", "5.5"),
        ("fit", "eq", "٥"),
        ("fit", "eq", "-1"),
        ("fit", "eq", "9" * 10),
        ("channel", "eq", "  "),
        ("channel", "eq", "x" * 101),
        ("channel", "in", " , ,"),
        ("channel", "in", ",".join("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")),
        ("channel", "is_null", "x"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(field, operator, value):
    with pytest.raises(InvalidInput) as refused:
        POLICY_FIELDS.read(field, operator, value, place="conditions[3]")
    assert refused.value.field == "conditions[3]"


words = st.text(st.characters(blacklist_characters=",", blacklist_categories=("Cs",)), min_size=1, max_size=30)
values = words.map(str.strip).filter(bool)


@given(operator=st.sampled_from(sorted(OPERATORS)), value=values, found=values | st.none() | st.just(""))
@settings(deadline=None, database=None)
def test_what_is_written_is_read_back_and_every_operator_has_its_opposite(operator, value, found):
    text = next(key for key, one in FIELDS.items() if one.kind == TEXT)
    if operator in {"lt", "le", "gt", "ge"}:
        text, value, found = next(key for key, one in FIELDS.items() if one.kind == NUMBER), "5", 7
    value = "" if operator in {"is_null", "is_set"} else value
    condition = POLICY_FIELDS.read(text, operator, value)
    assert POLICY_FIELDS.read(text, operator, condition.written()) == condition
    opposite = {"eq": "ne", "ne": "eq", "in": "not_in", "not_in": "in", "is_null": "is_set", "is_set": "is_null"}
    if operator in opposite:
        other = POLICY_FIELDS.read(text, opposite[operator], value)
        assert other.holds({text: found}) is not condition.holds({text: found})

"""Strict JSON: what every parser takes is read the same, and nothing else is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from leads.logic.strict_json import loads

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_json_is_read_as_json_reads_it(value):
    body = json.dumps(value, ensure_ascii=False)
    if max_depth(value) <= 10:
        assert loads(body.encode()) == value
        assert loads(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body):
    try:
        value = loads(body)
    except InvalidInput:
        return
    assert json.loads(body.decode()) == value


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"a": {"b": NaN}}', "a.b"),
        ('{"a": [1, Infinity]}', "a[1]"),
        ('{"a": 1e999}', "a"),
        ('{"a": 9223372036854775808}', "a"),
        ('{"a": "\\u0000"}', "a"),
        ('{"a": ["\\ud83d"]}', "a[0]"),
        ('{"a": 1, "a": 1}', "a"),
    ],
)
def test_the_refusal_names_the_place(body, field):
    with pytest.raises(InvalidInput) as refusal:
        loads(body.encode())
    assert refusal.value.field == field


def test_the_limits_are_where_they_are_said_to_be():
    assert loads(b"[" * 10 + b"]" * 10)
    assert len(loads(json.dumps({str(n): 1 for n in range(1_000)}).encode())) == 1_000
    with pytest.raises(InvalidInput, match="deeper"):
        loads(b"[" * 11 + b"]" * 11)
    with pytest.raises(InvalidInput, match="1000 keys"):
        loads(json.dumps({str(n): 1 for n in range(1_001)}).encode())


def test_what_stands_in_quotes_is_not_counted():
    text = '[{":\\"' * 5_000
    assert loads(json.dumps({"a": text}).encode()) == {"a": text}


def max_depth(value) -> int:
    if isinstance(value, dict):
        return 1 + max(map(max_depth, value.values()), default=0)
    return 1 + max(map(max_depth, value), default=0) if isinstance(value, list) else 0

"""Text in which nothing can be seen is no text; what can be seen keeps its marks."""

import pytest

from leads.logic.errors import InvalidInput
from leads.logic.text import note, one_line

UNSEEN = [
    "\ufeff",
    "\u200b",
    "\u200d\u200d",
    "\u2060 \u2060",
    "\u00ad",
    "\u180e\n\u061c",
    " \u00a0\u3000\t",
    "\U000e0041\U000e007f",
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_a_note_of_nothing_that_can_be_seen_is_empty(text: str):
    assert note(text) == ""


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_a_line_of_nothing_that_can_be_seen_is_empty(text: str):
    assert one_line(text, field="name", longest=100) == ""
    with pytest.raises(InvalidInput) as refused:
        one_line(text, field="name", longest=100, required=True)
    assert refused.value.field == "name"


@pytest.mark.parametrize("text", ["x", "é", "漢", "👩\u200d🚀", "می\u200cخواهم", "co\u00adop", "."], ids=ascii)
def test_what_can_be_seen_is_kept_with_its_joiners(text: str):
    assert note(text) == text
    assert one_line(text, field="name", longest=100).replace("\u200c", "") == text.translate(
        dict.fromkeys([0x200C, 0x200D])
    )

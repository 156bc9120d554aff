"""What other projects' tests hold true about business time, in our reading, each on its own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sla.logic.business_time import Calendar

WRITTEN = json.loads((Path(__file__).parent.parent / "data" / "business_time_facts.json").read_text())


def facts(op):
    return [pytest.param(fact, id=fact["id"]) for fact in WRITTEN["facts"] if fact["op"] == op]


def read(fact):
    pauses = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in fact.get("pauses", [])]
    return Calendar.from_dict(WRITTEN["calendars"][fact["calendar"]]), datetime.fromisoformat(fact["start"]), pauses


@pytest.mark.parametrize("fact", facts("add"))
def test_add(fact):
    calendar, start, pauses = read(fact)
    reached = calendar.add(start, timedelta(seconds=fact["amount_seconds"]), pauses)
    assert reached == datetime.fromisoformat(fact["expected"])
    assert reached.tzinfo is UTC


@pytest.mark.parametrize("fact", facts("between"))
def test_between(fact):
    calendar, start, pauses = read(fact)
    counted = calendar.between(start, datetime.fromisoformat(fact["end"]), pauses)
    assert counted == timedelta(seconds=fact["expected_seconds"])


def test_no_fact_was_lost():
    assert (len(facts("add")), len(facts("between"))) == (156, 74)

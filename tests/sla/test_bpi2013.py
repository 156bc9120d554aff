"""Real queues, takers, changes of team and waits, judged by four policies: the command, the page and pandas agree.

Needs the data, which is not ours to give: LEADLOOP_DATA names the folder.
"""

import io
import json
import os
import re
from pathlib import Path

import holidays
import pandas as pd
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pandas.tseries.offsets import CustomBusinessHour

from sla.actions.replays import work
from sla.models import Clock, Policy
from tests.factories import UserFactory
from tests.sla.real_incidents import (
    Office,
    cases_of,
    is_late,
    late_settlements,
    wait_for_the_first_taker,
    waits_for_an_owner,
)

MAPPINGS = Path(__file__).resolve().parents[2] / "docs" / "mappings"
FILE = Path(os.environ.get("LEADLOOP_DATA") or "/nonexistent") / "bpi2013" / "bpi2013_incidents.csv"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FILE.is_file(), reason="LEADLOOP_DATA names no folder with bpi2013/ in it"),
]


def broken_promises() -> dict[str, tuple[str, int]]:
    """Target and number of broken promises for each policy of bpi2013_rules.toml, from the raw file."""
    cases = cases_of(FILE)
    queued = [wait for case in cases for wait in waits_for_an_owner(case)]
    first = [wait_for_the_first_taker(case) for case in cases if case.impact != "Low"]
    swedish = sorted(holidays.country_holidays("SE", years=range(2010, 2013), include_sundays=False))
    an_hour = CustomBusinessHour(n=1, start="09:00", end="17:00")
    four_hours = CustomBusinessHour(n=4, start="09:00", end="17:00", holidays=swedish)
    a_day = CustomBusinessHour(n=8, start=["08:00", "13:00"], end=["12:00", "17:00"])
    # What is open at the end of the file is long late by then.
    until = pd.Timestamp("2013-01-01")
    return {
        "Found an owner in 1 h": ("owner", sum(is_late(*wait, an_hour) for wait in queued)),
        "Found an owner in 4 h, holidays closed": ("owner", sum(is_late(*wait, four_hours) for wait in queued)),
        "Above low impact taken in 8 h, noon closed": ("decide", sum(is_late(*wait, a_day) for wait in first)),
        "Settled in 36 h, waits not counted": (
            "qualify",
            sum(late_settlements(case, Office(), 36, until=until) for case in cases),
        ),
    }


def judged_by_command() -> dict[str, dict]:
    """What `manage.py replay_policy` prints of every draft."""
    output = io.StringIO()
    policies = [part for name in JUDGED for part in ("--policy", name)]
    asked = ("--draft", "--from", FIRST, "--to", LAST, "--format", "json")
    call_command("replay_policy", *policies, *asked, stdout=output)
    replays = json.loads(output.getvalue())["replays"]
    return {name.removesuffix(", draft"): figures for name, figures in replays.items()}


def judged_by_page(name: str) -> tuple[dict, int]:
    """The figures that operations takes along from the page of the replay, and the broken promises on that page."""
    client = Client()
    client.force_login(UserFactory(roles=("operations",)))
    what = f"{Policy.objects.get(name=name).uid}:draft"
    form = {"what": what, "among": "alone", "weeks": "8", "start": FIRST, "end": LAST}
    page = client.post(reverse("sla:replays"), form).url
    assert work(seconds=60) == 1
    shown = re.search(r'data-word="Breached">([\d,]+)<', client.get(page).content.decode())
    uid = page.strip("/").split("/")[-1]
    return client.get(reverse("sla:replay-json", args=[uid])).json(), int(shown[1].replace(",", ""))


FIRST, LAST = "2010-01-01", "2013-01-01"
# Promises that had an end, in time or not; and those broken, as printed by both sides once.
JUDGED = {
    "Found an owner in 1 h": (6924, 3842),
    "Found an owner in 4 h, holidays closed": (8697, 2066),
    "Above low impact taken in 8 h, noon closed": (4308, 25),
    "Settled in 36 h, waits not counted": (7333, 1190),
}


def test_command_page_and_pandas_count_the_same_broken_promises():
    call_command("import_csv", FILE, kind="histories", mapping=MAPPINGS / "bpi2013.toml")
    call_command("import_rules", MAPPINGS / "bpi2013_rules.toml")
    with connection.cursor() as cursor:
        # What a test writes is never committed, so PostgreSQL would plan as if the tables were empty.
        cursor.execute("ANALYZE")
    independent, commanded = broken_promises(), judged_by_command()
    assert set(independent) == set(commanded) == set(JUDGED) == set(Policy.objects.values_list("name", flat=True))
    for name, (target, broken) in independent.items():
        by_command, (by_page, shown) = commanded[name], judged_by_page(name)
        assert by_command["handoffs"] == by_page["handoffs"] == 7554
        assert by_command["targets"] == by_page["targets"]
        judged = by_page["targets"][target]["judged"]
        assert (judged["met"], judged["breached"]) == JUDGED[name]
        assert judged["breached"] == shown == broken
    # Judging the past starts nothing.
    assert not Clock.objects.exists()

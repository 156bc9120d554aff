"""65,533 real events become 7,554 handoffs, and the journal gives the figures that an independent computation gave.

Needs the data, which is not ours to give: LEADLOOP_DATA names the folder.
"""

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from statistics import fmean

import pytest
from django.core.management import call_command

from feedback.models import Handoff, Hold, Rep, Team
from leads.models import ImportRun, JournalEntry, Lead, Notice, OutboxMessage
from sla.models import Clock
from tests.leads.imports.taking import counts

MAPPING = Path(__file__).resolve().parents[2] / "docs" / "mappings" / "bpi2013.toml"
FILE = Path(os.environ.get("LEADLOOP_DATA") or "/nonexistent") / "bpi2013" / "bpi2013_incidents.csv"

# The cases whose last row is not a close.
OPEN_AT_THE_END = {
    *("1-739197171", "1-740358991", "1-740364822", "1-740538038"),
    *("1-740681438", "1-740782031", "1-740853360", "1-740866821"),
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FILE.is_file(), reason="LEADLOOP_DATA names no folder with bpi2013/ in it"),
]


def taken_in() -> ImportRun:
    call_command("import_csv", FILE, kind="histories", mapping=MAPPING)
    return ImportRun.objects.latest("pk")


def stories() -> Iterator[list[tuple[str, object, dict]]]:
    """Kind, instant and data of each handoff's entries, in order."""
    rows = JournalEntry.objects.order_by("handoff_uid", "id").values_list("handoff_uid", "kind", "occurred_at", "data")
    for _, entries in groupby(rows.iterator(), key=lambda row: row[0]):
        yield [(kind.removeprefix("handoff."), at, data) for _, kind, at, data in entries]


def teams_of(story) -> list[str]:
    """The teams it went through, one after the other."""
    named = [data["team"] for kind, _, data in story if kind in {"offered", "reassigned", "released"}]
    return [team for team, _ in groupby(named)]


def waits_of(story) -> list[float | None]:
    """Hours in a team's queue until somebody had it, None where nobody ever did."""
    waits: list[float | None] = []
    for place, (kind, since, data) in enumerate(story):
        if data.get("cause") == "queued" or (kind == "offered" and data["owner"] is None):
            taken = (at for kind, at, _ in story[place + 1 :] if kind == "reassigned")
            until = next(taken, None)
            waits.append((until - since).total_seconds() / 3600 if until else None)
    return waits


def quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)


def test_the_journal_gives_the_known_figures():
    first = taken_in()
    assert (first.state, counts(first)) == ("done", (65533, 0, 0, 0))
    told = list(stories())
    assert len(told) == Handoff.objects.count() == Lead.objects.count() == 7554
    assert (Team.objects.count(), Rep.objects.count()) == (649, 1440)

    passages = [len(teams_of(story)) - 1 for story in told]
    assert (sum(passages), sum(count > 0 for count in passages)) == (9454, 3820)
    back = [sum(a == c for a, c in zip(teams, teams[2:], strict=False)) for teams in map(teams_of, told)]
    assert (sum(back), sum(count > 0 for count in back)) == (2394, 1177)

    waits = [wait for story in told for wait in waits_of(story)]
    known = sorted(wait for wait in waits if wait is not None)
    assert (len(waits), len(waits) - len(known)) == (11544, 47)
    found = [quantile(known, share) for share in (0.25, 0.5, 0.75, 0.9, 0.95)]
    assert [round(hours, 3) for hours in [*found, fmean(known)]] == [0.136, 0.716, 10.09, 57.521, 100.451, 27.652]

    # The rows agree with their journal, and nobody was told of what is long past.
    assert {handoff.external_id for handoff in Handoff.objects.filter(state="accepted")} == OPEN_AT_THE_END
    assert Hold.objects.filter(ended_at=None).count() == 5
    assert not Clock.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert not Notice.objects.exists()

    again = taken_in()
    assert again.pk != first.pk
    assert counts(again) == (0, 0, 65533, 0)
    assert (Handoff.objects.count(), Rep.objects.count()) == (7554, 1440)

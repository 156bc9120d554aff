"""manage.py report."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.factories import TeamFactory
from tests.feedback.reports.random_handoffs import counts_by_hand, make_handoffs

pytestmark = pytest.mark.django_db


def report(*words: str) -> str:
    out = io.StringIO()
    call_command("report", "rejections", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def handoffs():
    return make_handoffs(17, teams=[TeamFactory(name="EMEA"), TeamFactory(name="APAC")])


def test_json_of_everything(handoffs):
    data = json.loads(report("--by", "channel", "--format", "json", "--tz", "America/Sao_Paulo"))
    expected = counts_by_hand(handoffs)
    for name in ("offered", "accepted", "rejected", "void", "won", "turned_back", "counted"):
        assert data["total"][name] == expected[name]
        assert sum(row[name] for row in data["rows"]) == expected[name]
    assert (data["from"], data["to"], data["zone"]) == (None, None, "America/Sao_Paulo")
    assert data["total"]["acceptance"] == pytest.approx(expected["accepted"] / expected["counted"], abs=1e-6)


def test_a_window_is_half_open_in_the_zone(handoffs):
    words = ("--by", "month", "--format", "json", "--from", "2026-06-01", "--to", "2026-08-01")
    data = json.loads(report(*words, "--tz", "Asia/Kathmandu"))
    assert [row["month"] for row in data["rows"]] == ["2026-06", "2026-07"]
    assert data["from"] == "2026-05-31T18:15:00+00:00"
    assert data["total"]["offered"] == sum(
        "2026-05-31T18:15" <= f"{one.offered_at:%Y-%m-%dT%H:%M}" < "2026-07-31T18:15" for one in handoffs
    )


@pytest.mark.parametrize("by", ["reason", "channel", "campaign", "month"])
def test_csv_and_table_have_the_same_rows(handoffs, by):
    rows = list(csv.DictReader(io.StringIO(report("--by", by, "--format", "csv"))))
    data = json.loads(report("--by", by, "--format", "json"))["rows"]
    assert len(rows) == len(data) > 3
    for row, expected in zip(rows, data, strict=True):
        assert list(row) == list(expected)
    table = report("--by", by)
    assert len(table.strip().splitlines()) == len(rows) + 5
    assert f"offered {len(handoffs)}" in table


def test_one_team_by_name(handoffs):
    data = json.loads(report("--team", "EMEA", "--format", "json"))
    assert data["total"]["offered"] == sum(one.team.name == "EMEA" for one in handoffs)


def test_nothing_to_report():
    assert "offered 0" in report("--by", "month")
    assert report("--format", "csv").strip() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tz", "Mars/Olympus"), "--tz"),
        (("--tz", "../etc/passwd"), "--tz"),
        (("--from", "yesterday"), "from"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "from"),
        (("--period", "9w"), "period"),
        (("--team", "Nobody"), "team"),
        (("--campaign", "x"), "campaign"),
    ],
)
def test_what_cannot_be_read_is_said(words, said):
    with pytest.raises(CommandError, match=said):
        report(*words)

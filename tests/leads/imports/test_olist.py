"""Eight thousand real leads, in the sequence of docs/import.md. Needs the data, which is not ours to give."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from feedback.models import Handoff, Outcome, Rep, Team
from leads.models import ImportRun
from tests.factories import UserFactory
from tests.leads.imports.taking import counts, refused

MAPPINGS = Path(__file__).resolve().parents[3] / "docs" / "mappings"
DATA = Path(os.environ.get("LEADLOOP_DATA") or "/nonexistent") / "olist"
DEALS, LEADS = "olist_closed_deals_dataset.csv", "olist_marketing_qualified_leads_dataset.csv"
SEQUENCE = (("reps", DEALS), ("handoffs", LEADS), ("decisions", DEALS), ("outcomes", DEALS))

# Won and offered, as an independent computation gave them.
BY_CHANNEL = {
    "organic_search": (271, 2296),
    "paid_search": (195, 1586),
    "social": (75, 1350),
    "unknown": (179, 1099),
    "direct_traffic": (56, 499),
    "email": (15, 493),
    "referral": (24, 284),
    "other": (4, 150),
    "display": (6, 118),
    "other_publicities": (3, 65),
    "empty": (14, 60),
}
BY_MONTH = {
    "2017-06": (0, 4),
    "2017-07": (2, 239),
    "2017-08": (9, 386),
    "2017-09": (7, 312),
    "2017-10": (14, 416),
    "2017-11": (18, 445),
    "2017-12": (11, 200),
    "2018-01": (152, 1141),
    "2018-02": (149, 1028),
    "2018-03": (167, 1174),
    "2018-04": (183, 1352),
    "2018-05": (130, 1303),
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason="LEADLOOP_DATA names no folder with olist/ in it"),
]


def take_all_in() -> dict[str, ImportRun]:
    runs = {}
    for kind, file in SEQUENCE:
        arguments = {"kind": kind, "mapping": MAPPINGS / f"olist_{kind}.toml"}
        if kind == "decisions":
            with pytest.raises(SystemExit) as left:
                call_command("import_csv", DATA / file, **arguments)
            assert left.value.code == 1
        else:
            call_command("import_csv", DATA / file, **arguments)
        runs[kind] = ImportRun.objects.latest("pk")
    return runs


def reported(by: str) -> dict[str, tuple[int, int]]:
    """Won and offered as `manage.py report` prints them."""
    output = io.StringIO()
    call_command("report", "rejections", by=by, tz="America/Sao_Paulo", format="json", stdout=output)
    return {row[by]: (row["won"], row["offered"]) for row in json.loads(output.getvalue())["rows"]}


def downloaded(by: str) -> dict[str, tuple[int, int]]:
    """Won and offered as a marketer in São Paulo downloads them from the report's page."""
    client = Client()
    client.force_login(UserFactory(roles=("marketer",)))
    client.cookies["leadloop_tz"] = "America/Sao_Paulo"
    answer = client.get("/reports/rejections.csv", {"by": by, "period": "all"})
    rows = csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    return {row[by]: (int(row["won"]), int(row["offered"])) for row in rows}


def test_the_real_leads_give_the_known_figures():
    runs = take_all_in()
    assert {kind: counts(run) for kind, run in runs.items()} == {
        "reps": (32, 0, 810, 0),
        "handoffs": (8000, 0, 0, 0),
        "decisions": (841, 0, 0, 1),
        "outcomes": (842, 0, 0, 0),
    }
    ((line, field, message),) = refused(runs["decisions"])
    assert (line, field) == (669, "at")
    assert "before the handoff was offered" in message
    assert "won_date" in message

    assert reported("channel") == downloaded("channel") == BY_CHANNEL
    assert reported("month") == downloaded("month") == BY_MONTH
    assert Handoff.objects.values("campaign").distinct().count() == 495
    assert Handoff.objects.filter(decided_by__isnull=False).values("decided_by").distinct().count() <= 32
    assert (Team.objects.get().name, Rep.objects.count(), Outcome.objects.count()) == ("Olist", 32, 842)
    # The deal that was won before its lead was first met: its acceptance is implied by the win.
    implied = Handoff.objects.get(state="won", decided_by=None)
    assert implied.decided_at == implied.closed_at < implied.offered_at

    again = take_all_in()
    assert {kind: counts(run) for kind, run in again.items()} == {
        "reps": (0, 0, 842, 0),
        "handoffs": (0, 0, 8000, 0),
        "decisions": (0, 0, 841, 1),
        "outcomes": (0, 0, 842, 0),
    }
    assert Handoff.objects.count() == 8000

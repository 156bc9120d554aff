"""Real handoffs of a marketplace: figures that somebody else computed from the same files."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Outcome
from leads.actions.people import CampaignInput, LeadInput
from tests.factories import TeamFactory

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "olist"
LEADS, DEALS = (FOLDER / f"olist_{name}_dataset.csv" for name in ("marketing_qualified_leads", "closed_deals"))
ZONE = ZoneInfo("America/Sao_Paulo")
CHANNELS = {
    "organic_search": (271, 2296), "paid_search": (195, 1586), "social": (75, 1350), "unknown": (179, 1099),
    "direct_traffic": (56, 499), "email": (15, 493), "referral": (24, 284), "other": (4, 150), "display": (6, 118),
    "other_publicities": (3, 65), "no channel": (14, 60),
}  # fmt: skip
MONTHS = {
    "2017-06": (0, 4), "2017-07": (2, 239), "2017-08": (9, 386), "2017-09": (7, 312), "2017-10": (14, 416),
    "2017-11": (18, 445), "2017-12": (11, 200), "2018-01": (152, 1141), "2018-02": (149, 1028),
    "2018-03": (167, 1174), "2018-04": (183, 1352), "2018-05": (130, 1303),
}  # fmt: skip


@pytest.mark.skipif(not LEADS.exists(), reason="the olist files are not there")
@pytest.mark.django_db
def test_won_of_offered_by_channel_and_month():
    TeamFactory(name="Olist")
    with LEADS.open() as file:
        rows = list(csv.DictReader(file))
    results = offer_many([_offer(row) for row in rows], by=LEADLOOP)
    assert not [one.error for one in results if one.error]
    with DEALS.open() as file:
        won = {row["mql_id"]: row["won_date"] for row in csv.DictReader(file)}
    handoffs = {one.external_id: one for one in Handoff.objects.all()}
    Outcome.objects.bulk_create(
        Outcome(handoff=handoffs[key], kind="won", occurred_at=dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
        for key, at in won.items()
    )
    assert _won_of_offered("channel") == CHANNELS
    assert _won_of_offered("month") == MONTHS


def _offer(row: dict[str, str]) -> OfferInput:
    day = dt.date.fromisoformat(row["first_contact_date"])
    return OfferInput(
        lead=LeadInput(external_system="olist", external_id=row["mql_id"]),
        campaign=CampaignInput(name=row["landing_page_id"]),
        channel=row["origin"],
        team="Olist",
        offered_at=dt.datetime.combine(day, dt.time(), ZONE),
        external_system="olist",
        external_id=row["mql_id"],
    )


def _won_of_offered(by: str) -> dict[str, tuple[int, int]]:
    out = io.StringIO()
    call_command("report", "rejections", "--by", by, "--tz", str(ZONE), "--format", "json", stdout=out)
    data = json.loads(out.getvalue())
    assert (data["total"]["won"], data["total"]["offered"]) == (842, 8000)
    return {row[by]: (row["won"], row["offered"]) for row in data["rows"]}

"""Eight thousand real leads through the API: the same figures as by CSV. Needs the data, which is not ours to give."""

import csv
import datetime as dt
import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from feedback.models import Handoff, Outcome
from leads.models import Campaign, Engagement, Lead
from tests.calling import Caller, integrator
from tests.factories import TeamFactory
from tests.leads.imports.test_olist import BY_CHANNEL, BY_MONTH, DATA, DEALS, LEADS, reported

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
BATCH = 500

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason="LEADLOOP_DATA names no folder with olist/ in it"),
]


def known(key: str) -> dict[str, str]:
    return {"external_system": "olist", "external_id": key}


def read(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def first_contact(row: dict[str, str]) -> str:
    """Midnight of the day in São Paulo, in the first hour that the day has."""
    day = dt.datetime.fromisoformat(row["first_contact_date"]).replace(tzinfo=SAO_PAULO)
    return day.astimezone(dt.UTC).isoformat()


def take(crm: Caller, kind: str, bodies: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """The result of each body, sent in batches."""
    for start in range(0, len(bodies), BATCH):
        answer = crm.raw(f"/api/v1/{kind}/", json.dumps(bodies[start : start + BATCH]))
        assert answer.status_code == 200, answer.data
        yield from answer.data["results"]


def statuses(crm: Caller, kind: str, bodies: list[dict[str, object]]) -> set[int]:
    return {row["status"] for row in take(crm, kind, bodies)}


def test_the_real_leads_give_the_known_figures_through_the_api():
    TeamFactory(name="Olist")
    crm = integrator()
    rows, deals = read(LEADS), read(DEALS)
    pages = [known(page) for page in sorted({row["landing_page_id"] for row in rows})]
    leads = [known(row["mql_id"]) for row in rows]
    forms = [
        {
            "kind": "form",
            "occurred_at": first_contact(row),
            "lead": known(row["mql_id"]),
            "campaign": known(row["landing_page_id"]),
            **known(f"form-{row['mql_id']}"),
        }
        for row in rows
    ]
    offers = [
        {
            **known(row["mql_id"]),
            "lead": known(row["mql_id"]),
            "campaign": known(row["landing_page_id"]),
            "channel": row["origin"] or "empty",
            "team": "Olist",
            "engaged_at": first_contact(row),
            "offered_at": first_contact(row),
        }
        for row in rows
    ]
    for kind, bodies in (("campaigns", pages), ("leads", leads), ("engagements", forms)):
        assert statuses(crm, kind, bodies) == {201}, kind
    handoffs = {row["handoff"]["external_id"]: row["handoff"]["uid"] for row in take(crm, "handoffs", offers)}
    won = [
        {
            "handoff": handoffs[deal["mql_id"]],
            "verb": "outcome",
            "kind": "won",
            "at": f"{deal['won_date']}Z",
            **known(deal["mql_id"]),
        }
        for deal in deals
    ]
    assert statuses(crm, "handoffs/decide", won) == {200}

    assert reported("channel") == BY_CHANNEL
    assert reported("month") == BY_MONTH
    counts = [model.objects.count() for model in (Campaign, Lead, Engagement, Handoff, Outcome)]
    assert counts == [495, 8000, 8000, 8000, 842]

    # Everything once more changes nothing: the CRM may send what it likes as often as it likes.
    for kind, bodies in (("campaigns", pages), ("leads", leads), ("engagements", forms), ("handoffs", offers)):
        assert statuses(crm, kind, bodies) == {200}, kind
    assert [model.objects.count() for model in (Campaign, Lead, Engagement, Handoff, Outcome)] == counts
    assert reported("channel") == BY_CHANNEL

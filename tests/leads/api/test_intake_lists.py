"""What marketing knows, listed and read: narrowed, page by page, with where it stands."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.merging import merge_accounts, merge_leads
from leads.actions.people import AccountInput, CampaignInput, LeadInput, upsert_accounts, upsert_leads
from leads.actions.visitors import VisitorInput
from leads.logic.actors import SYSTEM
from leads.models import Agreement, AgreementState, Campaign, Engagement, Lead, Standing
from tests.calling import answered, integrator

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


def read(crm, path, **query):
    return answered(crm.client.get(f"/api/v1/{path}/", query))


def uids(answer) -> list[str]:
    assert answer.status_code == 200, answer.data
    return [row["uid"] for row in answer.data["results"]]


@pytest.fixture
def ana() -> Lead:
    """Ana of Nortex among others who share nothing with her."""
    nortex = AccountInput(
        name="Nortex",
        domain="nortex.example",
        country="DE",
        industry="logistics",
        segment="mid",
        relation="prospect",
        is_target=True,
        external_system="crm",
        external_id="a1",
    )
    person = LeadInput(
        email="ana@nortex.example",
        country="DE",
        language="de",
        product="routing",
        consent="opt_in",
        account=nortex,
        external_system="crm",
        external_id="l1",
    )
    other = LeadInput(
        email="bo@vialto.example",
        country="FR",
        language="fr",
        account=AccountInput(name="Vialto", domain="vialto.example"),
    )
    visitor = VisitorInput(external_system="site", external_id="v1")
    record_engagements(
        [
            EngagementInput(
                kind="webinar",
                occurred_at=NOW,
                lead=person,
                visitor=visitor,
                campaign=CampaignInput(name="Routing 101", channel="webinar", external_system="crm", external_id="c1"),
                external_system="site",
                external_id="e1",
            ),
            EngagementInput(
                kind="form", occurred_at=NOW - dt.timedelta(days=9), lead=other, campaign=CampaignInput(name="Fair")
            ),
        ]
    )
    return Lead.objects.select_related("account").get(email="ana@nortex.example")


def test_each_filter_of_leads_narrows(ana):
    crm = integrator()
    assert len(uids(read(crm, "leads"))) == 2
    for query in (
        {"email": "ANA@nortex.example"},
        {"domain": "Nortex.example"},
        {"account": str(ana.account.uid)},
        {"is_target": "true"},
        {"country": "de"},
        {"language": "DE"},
        {"product": "routing"},
        {"consent": "opt_in"},
        {"external_system": "crm", "external_id": "l1"},
        {"created_from": "2026-01-01T00:00:00Z", "external_id": "l1"},
    ):
        assert uids(read(crm, "leads", **query)) == [str(ana.uid)], query
    assert uids(read(crm, "leads", is_target="false")) != [str(ana.uid)]
    assert uids(read(crm, "leads", created_to="2026-01-01T00:00:00Z")) == []


def test_each_filter_of_accounts_and_campaigns_narrows(ana):
    crm = integrator()
    for query in (
        {"domain": "NORTEX.example"},
        {"name": "Nortex"},
        {"country": "de"},
        {"industry": "logistics"},
        {"segment": "mid"},
        {"relation": "prospect"},
        {"is_target": "true"},
        {"external_system": "crm", "external_id": "a1"},
    ):
        assert uids(read(crm, "accounts", **query)) == [str(ana.account.uid)], query
    campaign = str(Campaign.objects.get(name="Routing 101").uid)
    for query in ({"name": "Routing 101"}, {"channel": "webinar"}, {"external_system": "crm", "external_id": "c1"}):
        assert uids(read(crm, "campaigns", **query)) == [campaign], query


def test_each_filter_of_engagements_narrows(ana):
    crm = integrator()
    assert len(uids(read(crm, "engagements"))) == 2
    found = Engagement.objects.select_related("visitor", "campaign").get(external_id="e1")
    for query in (
        {"kind": "webinar"},
        {"lead": str(ana.uid)},
        {"email": "Ana@Nortex.example"},
        {"account": str(ana.account.uid)},
        {"domain": "nortex.example"},
        {"visitor": str(found.visitor.uid)},
        {"campaign": str(found.campaign.uid)},
        {"external_system": "site", "external_id": "e1"},
        {"occurred_from": NOW.isoformat()},
        {"occurred_from": NOW.isoformat(), "occurred_to": (NOW + dt.timedelta(seconds=1)).isoformat()},
    ):
        assert uids(read(crm, "engagements", **query)) == [str(found.uid)], query
    assert str(found.uid) not in uids(read(crm, "engagements", occurred_to=NOW.isoformat()))


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("leads", {"emial": "x"}, "emial"),
        ("leads", {"email": "no address"}, "email"),
        ("leads", {"is_target": "yes"}, "is_target"),
        ("leads", {"consent": "perhaps"}, "consent"),
        ("leads", {"account": "1"}, "account"),
        ("leads", {"email": ["a@b.example", "c@d.example"]}, "email"),
        ("leads", {"account__name__startswith": "N"}, "account__name__startswith"),
        ("leads", {"created_from": "2026-01-01"}, "created_from"),
        ("leads", {"created_from": "2026-01-02T00:00:00Z", "created_to": "2026-01-01T00:00:00Z"}, "created_from"),
        ("leads", {"page_size": "101"}, "page_size"),
        ("accounts", {"relation": "friend"}, "relation"),
        ("accounts", {"name": "\x00"}, "name"),
        ("accounts", {"ordering": "name"}, "ordering"),
        ("campaigns", {"cursor": "garbage"}, "cursor"),
        ("engagements", {"kind": "stalking"}, "kind"),
        ("engagements", {"occurred_from": "yesterday"}, "occurred_from"),
        ("engagements", {"lead": "ana"}, "lead"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_by_name(path, query, field):
    answer = read(integrator(), path, **query)
    assert (answer.status_code, answer.data["field"]) == (400, field)


@pytest.mark.parametrize("path", ["leads", "accounts", "campaigns", "engagements"])
def test_pages_follow_each_other_without_gap_or_repeat(path):
    crm = integrator()

    def more(marks):
        record_engagements(
            [
                EngagementInput(
                    kind="form",
                    occurred_at=NOW,
                    lead=LeadInput(email=f"{mark}@nortex.example", account=AccountInput(name=mark)),
                    campaign=CampaignInput(name=mark),
                )
                for mark in marks
            ]
        )

    more([f"x{n}" for n in range(7)])
    everything = set(uids(read(crm, path)))
    answer = read(crm, path, page_size=2)
    seen = uids(answer)
    while answer.data["next"]:
        more([f"late{len(seen)}"])
        answer = answered(crm.client.get(answer.data["next"]))
        seen += uids(answer)
    assert len(seen) == len(set(seen))
    # What was done meanwhile is as old as the rest, and comes in where it belongs.
    assert everything <= set(seen)
    if path != "engagements":
        assert everything == set(seen)


def test_a_cursor_belongs_to_its_list_and_to_who_got_it(ana):
    crm, other = integrator(), integrator()
    following = read(crm, "leads", page_size=1).data["next"]
    cursor = following.split("cursor=")[1].split("&")[0].replace("%3A", ":")
    assert read(crm, "leads", cursor=cursor).status_code == 200
    assert read(other, "leads", cursor=cursor).status_code == 400
    assert read(crm, "accounts", cursor=cursor).status_code == 400


@pytest.mark.parametrize("path", ["leads", "accounts", "campaigns", "engagements"])
def test_a_list_takes_as_many_statements_whatever_it_holds(path):
    crm = integrator()

    def statements(count: int) -> int:
        record_engagements(
            [
                EngagementInput(
                    kind="form",
                    occurred_at=NOW,
                    lead=LeadInput(email=f"{count}-{n}@nortex.example", account=AccountInput(name=f"{count}-{n}")),
                    visitor=VisitorInput(external_id=f"{count}-{n}"),
                    campaign=CampaignInput(name=f"{count}-{n}"),
                )
                for n in range(count)
            ]
        )
        with CaptureQueriesContext(connection) as found:
            assert len(uids(read(crm, path))) >= count
        return len(found)

    read(crm, path)
    assert statements(2) == statements(60) <= 6


def test_a_lead_and_an_account_say_where_they_stand(ana):
    crm = integrator()
    assert read(crm, f"leads/{ana.uid}").data["standing"] is None
    assert read(crm, f"accounts/{ana.account.uid}").data["standing"] is None
    agreement = Agreement.objects.create(document={}, number=3, state=AgreementState.IN_FORCE, published_at=NOW)
    stands = {
        "fit": 78,
        "intent": 64,
        "parts": {"fit": {"Logistics": 20}, "intent": {"Looked at pricing": 30}},
        "rule": "pricing",
        "why": "Looked at pricing three times this week",
        "held_back": "with sales already",
    }
    for whose in ({"lead": ana}, {"account": ana.account}):
        Standing.objects.create(**whose, **stands, agreement=agreement, met_at=NOW, scored_at=NOW)
    said = stands | {"agreement": 3, "met_at": "2026-11-20T09:00:00Z", "scored_at": "2026-11-20T09:00:00Z"}
    assert read(crm, f"leads/{ana.uid}").data["standing"] == said
    assert read(crm, f"accounts/{ana.account.uid}").data["standing"] == said


def test_what_was_merged_says_into_what_and_is_in_no_list(ana):
    crm = integrator()
    (twin,) = upsert_leads([LeadInput(email="ana@nortex-group.example")])
    (group,) = upsert_accounts([AccountInput(name="Nortex Group")])
    merge_leads(ana.uid, twin.uid, by=SYSTEM)
    merge_accounts(ana.account.uid, group.uid, by=SYSTEM)
    assert read(crm, f"leads/{twin.uid}").data["merged_into"] == str(ana.uid)
    assert read(crm, f"accounts/{group.uid}").data["merged_into"] == str(ana.account.uid)
    assert str(twin.uid) not in uids(read(crm, "leads"))
    assert str(group.uid) not in uids(read(crm, "accounts"))
    named = crm.raw("/api/v1/leads/", '{"email": "ana@nortex-group.example", "title": "VP"}')
    assert (named.status_code, named.data["uid"], named.data["merged_into"]) == (200, str(ana.uid), None)


def test_an_unknown_uid_is_404():
    crm = integrator()
    for path in ("leads", "accounts", "campaigns", "engagements"):
        assert read(crm, f"{path}/{uuid.uuid4()}").status_code == 404


def test_instants_are_said_in_utc(ana):
    answer = read(integrator(), f"leads/{ana.uid}")
    said = dt.datetime.fromisoformat(answer.data["created_at"])
    assert answer.data["created_at"].endswith("Z")
    assert said == ana.created_at
    assert said <= timezone.now()

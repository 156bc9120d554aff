"""Listing and reading: what is shown to whom, page by page, and what a query may not hold."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Handoff, RejectionReason
from leads.actions.people import CampaignInput
from tests.calling import Caller, integrator, rows
from tests.factories import RepFactory, UserFactory, ago, manager_of, offered

pytestmark = pytest.mark.django_db


def uids(answer) -> list[str]:
    assert answer.status_code == 200, answer.data
    return [row["uid"] for row in answer.data["results"]]


def test_everybody_lists_what_they_may_see():
    rep, other = RepFactory(), RepFactory()
    mine, theirs, queued = offered(rep), offered(other), offered(team=rep.team)
    everything = {str(one.uid) for one in (mine, theirs, queued)}
    own = {str(mine.uid), str(queued.uid)}
    assert set(uids(integrator().get("handoffs"))) == everything
    assert set(uids(Caller(UserFactory(roles=("marketer",))).get("handoffs"))) == everything
    assert set(uids(Caller(rep.user).get("handoffs"))) == own
    assert set(uids(Caller(manager_of(rep.team)).get("handoffs"))) == own
    assert uids(Caller(UserFactory()).get("handoffs")) == []
    assert Caller(rep.user).get("handoff", theirs.uid).status_code == 404
    assert (
        Caller(rep.user).get("handoff", theirs.uid).content == Caller(rep.user).get("handoff", uuid.uuid4()).content
    )  # missing and invisible look alike


def test_reading_needs_its_scope():
    handoff = offered(RepFactory())
    crm = integrator(scopes=["offer", "decide", "outcome"])
    for answer in (crm.get("handoffs"), crm.get("handoff", handoff.uid), crm.get("reasons")):
        assert answer.status_code == 403


def test_pages_follow_each_other_without_gap_or_repeat_even_at_one_instant():
    rep, at = RepFactory(), ago(days=1)
    made = {str(offered(rep, at=at).uid) for _ in range(7)} | {str(offered(rep).uid) for _ in range(4)}
    crm = integrator()
    answer = crm.get("handoffs", page_size=3)
    seen = uids(answer)
    while answer.data["next"]:
        offered(rep)  # what is offered meanwhile comes before the first page, and moves nothing
        answer = crm.client.get(answer.data["next"])
        answer.data = answer.json()
        seen += uids(answer)
    assert len(seen) == len(set(seen))
    assert set(seen) == made
    instants = list(Handoff.objects.filter(uid__in=made).values_list("offered_at", flat=True))
    order = {str(uid): at for uid, at in Handoff.objects.values_list("uid", "offered_at")}
    assert [order[uid] for uid in seen] == sorted(instants, reverse=True)


def test_a_cursor_belongs_to_who_got_it_and_cannot_be_altered():
    rep = RepFactory()
    for _ in range(3):
        offered(rep)
    crm, other = integrator(), integrator()
    cursor = crm.get("handoffs", page_size=1).data["next"].split("cursor=")[1].split("&")[0].replace("%3A", ":")
    assert crm.get("handoffs", cursor=cursor).status_code == 200
    altered = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for wrong in (altered, cursor[:-1], cursor + "x", "", "garbage", "\x00", "é", "::", "x" * 5_000):
        answer = crm.get("handoffs", cursor=wrong)
        assert (answer.status_code, answer.data["field"]) == (400, "cursor"), wrong
    assert other.get("handoffs", cursor=cursor).status_code == 400


@pytest.mark.parametrize("size", ["0", "-1", "101", "1e2", "abc", "", "1.5", "٣", "10" * 20, "\x00", " 5"])
def test_a_page_holds_1_to_100(size):
    answer = integrator().get("handoffs", page_size=size)
    assert (answer.status_code, answer.data["field"]) == (400, "page_size")


def test_each_filter_narrows():
    rep, other = RepFactory(), RepFactory()
    crm = integrator()
    kept = offered(
        rep,
        at=ago(days=2),
        campaign=CampaignInput(name="Spring", channel="event"),
        external_system="crm",
        external_id="k1",
    )
    offered(other)
    crm.post("handoff-reject", kept.uid, data={"reason": "fit.industry", "evidence": {"industry": "farming"}})
    for query in (
        {"state": "rejected"},
        {"state": ["rejected", "won"]},
        {"team": str(rep.team.uid)},
        {"owner": str(rep.uid)},
        {"channel": "event"},
        {"campaign": str(kept.campaign.uid)},
        {"reason": "fit.industry"},
        {"offered_to": ago(days=1).isoformat()},
        {"offered_from": ago(days=3).isoformat(), "offered_to": ago(days=1).isoformat()},
        {"external_system": "crm", "external_id": "k1"},
    ):
        assert uids(crm.get("handoffs", **query)) == [str(kept.uid)], query
    assert uids(crm.get("handoffs", offered_from=ago(days=1).isoformat())) != [str(kept.uid)]
    assert uids(crm.get("handoffs", owner=str(uuid.uuid4()))) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"stat": "pending"}, "stat"),
        ({"ordering": "id"}, "ordering"),
        ({"order": "?"}, "order"),
        ({"format": "html"}, "format"),
        ({"_connector": "OR", "is_superuser": "1"}, "_connector"),
        ({"owner__user__password__startswith": "pbkdf2"}, "owner__user__password__startswith"),
        ({"state": "asleep"}, "state"),
        ({"state": ["pending", "x"]}, "state"),
        ({"team": "1"}, "team"),
        ({"owner": "\x00"}, "owner"),
        ({"team": ["3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11"] * 2}, "team"),
        ({"channel": "a\x00b"}, "channel"),
        ({"offered_from": "2026-03-29T02:30"}, "offered_from"),
        ({"offered_from": "2026-03-29"}, "offered_from"),
        ({"offered_from": "2026-13-01T00:00:00Z"}, "offered_from"),
        ({"offered_to": "9999-12-31T23:59:59-14:00"}, "offered_to"),
        ({"offered_to": "0001-01-01T00:00:00+14:00"}, "offered_to"),
        ({"offered_from": "2026-12-31T00:00:00Z", "offered_to": "2026-01-01T00:00:00Z"}, "offered_from"),
    ],
)
def test_a_query_that_cannot_be_meant_is_400_and_named(query, field):
    offered(RepFactory())
    answer = integrator().get("handoffs", **query)
    assert (answer.status_code, answer.data.get("field")) == (400, field), answer.data


def test_a_plus_that_became_a_space_is_explained():
    answer = integrator().client.get("/api/v1/handoffs/?offered_from=2026-03-29T02:30:00+01:00")
    assert "%2B" in answer.json()["detail"]


def test_two_thousand_parameters_are_refused():
    path = "/api/v1/handoffs/?" + "&".join(f"a{n}=1" for n in range(2_000))
    assert integrator().client.get(path).status_code == 400


def test_a_list_costs_the_same_however_long(django_assert_num_queries):
    rep = RepFactory()
    crm = integrator()
    offered(rep)
    crm.get("handoffs")  # the first use of a key is noted
    with CaptureQueriesContext(connection) as queries:
        crm.get("handoffs")
        one = len(queries)
    for _ in range(8):
        crm.post("handoff-turn-back", offered(rep).uid, data={"to": str(RepFactory().uid)})
    with django_assert_num_queries(one):
        assert len(uids(crm.get("handoffs"))) == 17
    assert one <= 4


def test_a_detail_costs_the_same_however_long_its_journal(django_assert_num_queries):
    crm, handoff = integrator(), offered(RepFactory())
    crm.get("handoff", handoff.uid)
    with CaptureQueriesContext(connection) as queries:
        crm.get("handoff", handoff.uid)
        short = len(queries)
    for number in range(9):
        crm.post("handoff-log-attempt", handoff.uid, data={"kind": "call", "note": f"try {number}"})
    with django_assert_num_queries(short):
        journal = crm.get("handoff", handoff.uid).data["journal"]
    assert len(journal) == 10
    assert journal[1]["note"] == "try 0"


def test_reasons_in_use_say_when_they_fit_and_what_they_ask():
    RejectionReason.objects.filter(key="fit.industry").update(is_live=False)
    found = {row["key"]: row for row in integrator().get("reasons").data["results"]}
    assert "fit.industry" not in found
    assert len(found) == RejectionReason.objects.filter(is_live=True).count()
    size = found["fit.company_size"]
    assert size["moments"][0] == "review"
    assert size["evidence"] == {
        "field": "employee_count",
        "label": "How many people really?",
        "kind": "count",
        "choices": [],
        "required": True,
    }


def test_reading_writes_nothing():
    handoff = offered(RepFactory())
    crm = integrator()
    before = rows()
    crm.get("handoffs")
    crm.get("handoff", handoff.uid)
    crm.get("reasons")
    assert rows() == before


def test_no_shared_cache_keeps_an_answer():
    assert integrator().get("handoffs")["Cache-Control"] == "no-store"

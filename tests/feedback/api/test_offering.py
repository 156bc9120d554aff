"""Offering through the API: new, again, refused, and hundreds at once."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Handoff
from leads.models import Account, JournalEntry, Lead
from tests.calling import ALL_SCOPES, Caller, integrator, offer_body, rows
from tests.factories import RepFactory, TeamFactory, UserFactory, offered

pytestmark = pytest.mark.django_db


def test_a_new_offer_is_201_with_its_place_and_says_no_row_number():
    rep = RepFactory()
    answer = integrator().post("handoffs", data=offer_body(owner=rep.user.username))
    assert answer.status_code == 201, answer.data
    handoff = Handoff.objects.get()
    assert answer["Location"] == f"/api/v1/handoffs/{handoff.uid}/"
    assert answer.data["uid"] == str(handoff.uid)
    assert answer.data["state"] == "pending"
    assert answer.data["owner"] == {
        "uid": str(rep.uid),
        "name": str(rep),
        "external_system": "",
        "external_id": "",
    }
    assert answer.data["lead"]["name"] == "Ana Duarte"
    assert answer.data["account"]["name"] == "Nortex"
    assert answer.data["channel"] == "webinar"
    assert answer.data["score_parts"]["fit"] == {"industry": 20, "size": 15}
    assert answer.data["offered_at"].endswith("Z")
    assert not {"id", "pk", "lead_id", "email"} & set(answer.data) | {"id", "email"} & set(answer.data["lead"])
    assert "@" not in answer.content.decode()
    entry = JournalEntry.objects.get(handoff_uid=handoff.uid)
    assert (entry.kind, entry.via) == ("handoff.offered", "api")


def test_the_same_external_id_again_is_200_and_the_same_handoff():
    TeamFactory()
    crm = integrator()
    first = crm.post("handoffs", data=offer_body())
    before = rows()
    second = crm.post("handoffs", data=offer_body(external_id=" opp-1 "))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.data == first.data
    assert second["Location"] == first["Location"]
    assert rows() == before


def test_an_account_alone_can_be_offered():
    TeamFactory()
    answer = integrator().post("handoffs", data={"account": {"name": "Vialto"}})
    assert answer.status_code == 201
    assert (answer.data["lead"], answer.data["account"]["name"]) == (None, "Vialto")


def test_a_lead_that_is_with_sales_already_is_409_and_nothing_of_the_offer_stays():
    TeamFactory()
    crm = integrator()
    crm.post("handoffs", data=offer_body())
    before = rows()
    changed = offer_body(external_id="opp-2", campaign={"name": "Another"})
    changed["lead"]["account"]["employee_count"] = 7
    answer = crm.post("handoffs", data=changed)
    assert answer.status_code == 409
    assert answer.data["detail"] == "Ana Duarte is with sales already; one open handoff at a time."
    assert rows() == before


def test_the_error_names_the_field_where_the_caller_put_it():
    TeamFactory()
    crm = integrator()
    bad_mail, bad_country, bad_score = offer_body(), offer_body(), offer_body(fit=101)
    bad_mail["lead"]["email"] = "nobody"
    bad_country["lead"]["account"]["country"] = "Germany"
    assert crm.post("handoffs", data=bad_mail).data["field"] == "lead.email"
    assert crm.post("handoffs", data=bad_country).data["field"] == "lead.account.country"
    assert crm.post("handoffs", data=bad_score).data["field"] == "fit"
    assert crm.post("handoffs", data={"account": {"name": "N", "country": "DEU"}}).data["field"] == "account.country"
    assert Handoff.objects.count() == 0


def test_null_means_not_given():
    TeamFactory()
    answer = integrator().post("handoffs", data=offer_body(campaign=None, why=None, engaged_at=None, owner=None))
    assert answer.status_code == 201
    assert answer.data["campaign"] is None


def test_a_hundred_have_a_result_each_and_cost_no_more_statements_than_ten():
    TeamFactory()
    crm = integrator()

    def body(size: int, name: str) -> list[dict[str, object]]:
        return [
            {"external_system": "crm", "external_id": f"{name}-{n}", "lead": {"email": f"{name}{n}@nortex.example"}}
            for n in range(size)
        ]

    crm.post("handoffs", data=body(10, "warm"))
    with CaptureQueriesContext(connection) as queries:
        crm.post("handoffs", data=body(10, "ten"))
        ten = len(queries)
    with CaptureQueriesContext(connection) as queries:
        answer = crm.post("handoffs", data=body(100, "hundred"))
        hundred = len(queries)
    assert answer.status_code == 200
    assert [row["status"] for row in answer.data["results"]] == [201] * 100
    assert 0 < hundred <= ten < 40
    assert [row["status"] for row in crm.post("handoffs", data=body(100, "hundred")).data["results"]] == [200] * 100
    assert Handoff.objects.count() == 120


def test_a_bad_row_says_so_and_leaves_nothing_while_the_others_are_taken():
    TeamFactory()
    crm = integrator()
    crm.post("handoffs", data=offer_body())
    busy = offer_body(external_id="opp-2")
    busy["lead"]["title"] = "Somebody else"
    answer = crm.post(
        "handoffs",
        data=[
            {"external_id": "a", "lead": {"email": "a@nortex.example", "name": "A"}},
            {"external_id": "b", "lead": {"email": "nobody"}},
            {"external_id": "c", "lead": {"email": "c@nortex.example", "nmae": "C"}},
            busy,
            "x",
            {"external_id": "a", "lead": {"email": "a@nortex.example"}},
            offer_body(),
        ],
    )
    assert answer.status_code == 200
    results = answer.data["results"]
    assert [row["status"] for row in results] == [201, 400, 400, 409, 400, 200, 200]
    assert results[1]["problem"]["field"] == "lead.email"
    assert results[2]["problem"]["field"] == "lead.nmae"
    assert results[5]["handoff"]["uid"] == results[0]["handoff"]["uid"]
    assert set(Lead.objects.values_list("email", flat=True)) == {"a@nortex.example", "ana.duarte@nortex.example"}
    assert not Lead.objects.filter(title="Somebody else").exists()


@pytest.mark.parametrize("size", [0, 501])
def test_a_list_holds_1_to_500(size):
    TeamFactory()
    crm = integrator()
    before = rows()
    answer = crm.post("handoffs", data=[{"lead": {"email": f"a{n}@nortex.example"}} for n in range(size)])
    assert answer.status_code == 400
    assert answer.data["detail"] == f"The body holds {size} offers; send 1 to 500 at a time."
    assert rows() == before


@pytest.mark.parametrize("roles", [("rep",), ("manager",), ()])
def test_only_marketing_and_integrators_offer(roles):
    TeamFactory()
    crm = Caller(UserFactory(roles=roles))
    before = rows()
    assert crm.post("handoffs", data=offer_body()).status_code == 403
    assert crm.post("handoffs", data=[offer_body()]).status_code == 403
    assert rows() == before


def test_a_key_without_the_scope_offers_nothing():
    TeamFactory()
    crm = integrator(scopes=[scope for scope in ALL_SCOPES if scope != "offer"])
    before = rows()
    answer = crm.post("handoffs", data=offer_body())
    assert answer.status_code == 403
    assert "“offer”" in answer.data["detail"]
    assert rows() == before


def test_an_address_that_belongs_to_another_lead_is_not_taken_over():
    TeamFactory()
    crm = integrator()
    for number in (1, 2):
        person = {"external_system": "crm", "external_id": f"c{number}", "email": f"c{number}@nortex.example"}
        crm.post("handoffs", data={"external_id": f"h{number}", "lead": person})
    Handoff.objects.update(state="expired")
    thief = {"external_system": "crm", "external_id": "c1", "email": "c2@nortex.example", "name": "New name"}
    answer = crm.post("handoffs", data={"external_id": "h3", "lead": thief})
    assert answer.status_code == 201
    assert Lead.objects.get(external_id="c1").email == "c1@nortex.example"
    assert Lead.objects.get(external_id="c1").name == "New name"


def test_one_list_may_give_one_key_to_two_known_leads():
    TeamFactory()
    crm = integrator()
    crm.post("handoffs", data=[{"lead": {"email": "a@nortex.example"}}, {"lead": {"email": "b@nortex.example"}}])
    Handoff.objects.update(state="expired")
    both = [
        {"lead": {"email": f"{name}@nortex.example", "external_system": "crm", "external_id": "c9"}} for name in "ab"
    ]
    answer = crm.post("handoffs", data=both)
    assert [row["status"] for row in answer.data["results"]] == [201, 409]
    assert list(Lead.objects.filter(external_id="c9").values_list("email", flat=True)) == ["a@nortex.example"]


def test_one_list_may_name_a_person_by_keys_that_cross():
    TeamFactory()
    crossing = [
        {"lead": {"external_id": "c1", "email": "a@nortex.example"}},
        {"lead": {"external_id": "c2", "email": "a@nortex.example"}},
        {"lead": {"external_id": "c2"}},
        {"lead": {"external_id": "c1", "email": "b@nortex.example"}},
        {"lead": {"email": "b@nortex.example"}},
    ]
    results = integrator().post("handoffs", data=crossing).data["results"]
    assert results[0]["status"] == results[4]["status"] == 201
    assert {row["status"] for row in results} == {201, 409}
    made = {row["handoff"]["lead"]["uid"] for row in results if row["status"] == 201}
    assert made == {str(uid) for uid in Lead.objects.values_list("uid", flat=True)}


def test_a_company_keeps_its_name_when_only_its_domain_is_given():
    TeamFactory()
    crm = integrator()
    crm.post("handoffs", data=offer_body())
    crm.post("handoffs", data={"lead": {"email": "b@nortex.example", "account": {"domain": "nortex.example"}}})
    assert list(Account.objects.values_list("name", flat=True)) == ["Nortex"]


def test_a_backdated_offer_keeps_its_instant_and_the_future_is_refused():
    TeamFactory()
    crm = integrator()
    answer = crm.post("handoffs", data=offer_body(offered_at="2026-01-05T09:00:00+01:00"))
    assert answer.data["offered_at"] == "2026-01-05T08:00:00Z"
    refused = crm.post("handoffs", data=offer_body(external_id="2", offered_at="2199-01-05T09:00:00Z"))
    assert (refused.status_code, refused.data["field"]) == (400, "offered_at")


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_one_external_id_make_one_handoff():
    TeamFactory()
    crm = integrator()
    answers = _at_once([(crm, offer_body())] * 20)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len({answer.data["uid"] for answer in answers}) == 1
    assert (Handoff.objects.count(), Lead.objects.count(), Account.objects.count()) == (1, 1, 1)
    assert JournalEntry.objects.filter(kind="handoff.offered").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_external_id_for_different_leads_at_once_makes_one_handoff():
    TeamFactory()
    crm = integrator()
    calls = [
        (crm, {"external_system": "crm", "external_id": "one", "lead": {"email": f"lead{n}@nortex.example"}})
        for n in range(8)
    ]
    offers = _at_once(calls)
    assert {answer.status_code for answer in offers} <= {200, 201}
    assert len({answer.data["uid"] for answer in offers}) == 1
    assert Handoff.objects.count() == 1


def _at_once(calls):
    """The answers to all calls, started at one barrier; 503 is answered as it asks to be: by trying again."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(index, caller, body):
        try:
            barrier.wait()
            for _ in range(10):
                answers[index] = caller.post("handoffs", data=body)
                if answers[index].status_code != 503:
                    return
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, *call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_a_handoff_of_somebody_else_is_not_confirmed_by_its_external_id():
    """A rep's key may not offer, so it cannot learn what is there by offering."""
    handoff = offered(RepFactory(), external_system="crm", external_id="secret")
    other = Caller(RepFactory().user)
    answer = other.post("handoffs", data={"external_system": "crm", "external_id": "secret", "lead": {}})
    assert answer.status_code == 403
    assert str(handoff.uid) not in answer.content.decode()

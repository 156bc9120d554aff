"""Many decisions in one request: in order, each with its own answer."""

import json
import uuid

import pytest
from django.db import OperationalError

from feedback.actions import decisions
from feedback.api.decide import LONGEST_BATCH, VERBS
from feedback.api.verbs import VerbView
from feedback.models import Handoff, Outcome
from leads.api.idempotency import HEADER, REPLAYED
from leads.models import Answered
from tests.calling import Caller, integrator, rows
from tests.factories import RepFactory, offered

pytestmark = pytest.mark.django_db

DECIDE = "/api/v1/handoffs/decide/"


def decide(crm: Caller, *decisions: object, **headers: str):
    answer = crm.raw(DECIDE, json.dumps(list(decisions)), headers=headers)
    assert answer.status_code == 200, answer.data
    return answer.data["results"]


def one(handoff: Handoff, verb: str, **more: object) -> dict[str, object]:
    return {"handoff": str(handoff.uid), "verb": verb, **more}


def test_decisions_are_done_in_order_and_answered_one_by_one():
    rep, crm = RepFactory(), integrator()
    first, second = offered(rep), offered(rep)
    results = decide(
        crm,
        one(first, "accept", note="mine"),
        one(first, "log_attempt", kind="call", is_two_way=True),
        one(first, "qualify"),
        one(first, "outcome", kind="won", amount="1200.50", currency="EUR"),
        one(second, "reject", reason="fit.industry", evidence={"industry": "farming"}),
    )
    assert [result["status"] for result in results] == [200] * 5
    assert [result["handoff"]["state"] for result in results] == ["won"] * 4 + ["rejected"]
    assert Outcome.objects.get(kind="won").handoff == first
    assert crm.get("handoff", first.uid)["ETag"].split(".")[0] == results[0]["etag"].split(".")[0]


def test_what_one_is_refused_for_stops_no_other():
    rep, crm = RepFactory(), integrator()
    good, gone = offered(rep), uuid.uuid4()
    results = decide(
        crm,
        one(good, "qualify"),
        {"handoff": str(gone), "verb": "accept"},
        one(good, "reject", reason="no.such"),
        one(good, "accept", kind="call"),
        one(good, "dance"),
        one(good, "acknowledge"),
        {"verb": "accept"},
        {"handoff": "1", "verb": "accept"},
        {"handoff": str(good.uid)},
        None,
        [],
        "accept",
        one(good, "accept", if_match='"stale"'),
        one(good, "accept", if_match="stale"),
        one(good, "accept"),
    )
    statuses = [result["status"] for result in results]
    assert statuses == [409, 404, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 412, 400, 200]
    fields = [result["problem"].get("field") for result in results[:-1]]
    assert fields[2:9] == ["reason", "kind", "verb", "verb", "handoff", "handoff", "verb"]
    assert fields[13] == "if_match"
    good.refresh_from_db()
    assert good.state == "accepted"


def test_refusals_alone_change_nothing():
    handoff, crm = offered(RepFactory()), integrator()
    before = rows()
    decide(crm, one(handoff, "qualify"), one(handoff, "undo"), one(handoff, "accept", if_match='"x"'), {})
    assert rows() == before


def test_the_tag_of_one_answer_is_good_for_the_next():
    handoff, crm = offered(RepFactory()), integrator()
    [first] = decide(crm, one(handoff, "log_attempt", kind="call", if_match=crm.get("handoff", handoff.uid)["ETag"]))
    [second] = decide(crm, one(handoff, "accept", if_match=first["etag"]))
    [third] = decide(crm, one(handoff, "qualify", if_match=first["etag"]))
    assert (second["status"], third["status"]) == (200, 412)


def test_each_verb_asks_for_its_own_scope():
    handoff = offered(RepFactory())
    crm = integrator(scopes=("outcome",))
    results = decide(crm, one(handoff, "accept"), one(handoff, "recall"), one(handoff, "outcome", kind="lost"))
    assert [result["status"] for result in results] == [403, 403, 200]
    before = rows()
    assert integrator(scopes=("read", "intake")).raw(DECIDE, "[]").status_code == 403
    assert rows() == before


@pytest.mark.parametrize("body", ["{}", "[]", "null", '"accept"', "[{}" + ",{}" * LONGEST_BATCH + "]"])
def test_a_body_that_is_no_batch_is_refused_whole(body):
    crm = integrator()
    before = rows()
    assert crm.raw(DECIDE, body).status_code == 400
    assert rows() == before


def test_the_largest_batch_is_taken():
    handoff, crm = offered(RepFactory()), integrator()
    results = decide(crm, *[one(handoff, "log_attempt", kind="call")] * LONGEST_BATCH)
    assert {result["status"] for result in results} == {200}
    handoff.refresh_from_db()
    assert handoff.attempt_count == LONGEST_BATCH


def test_a_batch_sent_again_is_not_done_again():
    handoff, other, crm = offered(RepFactory()), offered(RepFactory()), integrator()
    body = json.dumps([one(handoff, "log_attempt", kind="call"), one(other, "qualify"), one(other, "accept")])
    first = crm.raw(DECIDE, body, headers={HEADER: "batch-1"})
    second = crm.raw(DECIDE, body, headers={HEADER: "batch-1"})
    assert [result["status"] for result in first.data["results"]] == [200, 409, 200]
    assert (first.content, second[REPLAYED]) == (second.content, "true")
    handoff.refresh_from_db()
    assert handoff.attempt_count == 1


def test_a_busy_database_stops_one_decision_or_with_a_key_all(monkeypatch):
    first, second, crm = offered(RepFactory()), offered(RepFactory()), integrator()
    body = [one(first, "accept"), one(second, "qualify")]

    def busy(*_args, **_more):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(VERBS["qualify"], "verb", staticmethod(busy))
    before = rows()
    answer = crm.raw(DECIDE, json.dumps(body), headers={HEADER: "batch-1"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert rows() == before
    assert not Answered.objects.exists()
    assert [result["status"] for result in decide(crm, *body)] == [200, 503]


def test_every_verb_of_a_handoff_can_be_in_a_batch():
    own = {view for view in VerbView.__subclasses__() if view.__module__.startswith("feedback.")}
    assert set(VERBS.values()) == own
    assert VERBS["accept"].verb is decisions.accept

"""Every verb through the API: what it does, who may, and that a refusal changes nothing."""

import uuid

import pytest
from django.utils import timezone

from feedback.models import Attempt, Handoff, Outcome, RejectionReason
from leads.models import JournalEntry, Lead
from tests.calling import ALL_SCOPES, Caller, integrator, rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, manager_of, offered

pytestmark = pytest.mark.django_db

# Verb, a body that is taken, the scope it needs, and the state it leads to from pending.
VERBS = {
    "accept": ({}, "decide", "accepted"),
    "reject": ({"reason": "fit.industry", "evidence": {"industry": "farming"}}, "decide", "rejected"),
    "turn-back": ({}, "decide", "turned_back"),
    "log-attempt": ({"kind": "call"}, "decide", "pending"),
    "outcome": ({"kind": "won", "amount": "1200.50", "currency": "EUR"}, "outcome", "won"),
    "recall": ({}, "offer", "recalled"),
    "hold": ({"reason": "prospect_away"}, "decide", "pending"),
    "release": ({}, "decide", "pending"),
    "raise": ({}, "decide", "pending"),
}


def body_of(verb: str) -> dict[str, object]:
    """A body that the verb takes."""
    if verb == "reassign":
        return {"to": str(uuid.uuid4())}
    if verb == "answer":
        return {"text": "The router."}
    return VERBS["reject" if verb == "return" else verb][0] if verb in {*VERBS, "return"} else {}


@pytest.mark.parametrize(("verb", "body", "state"), [(verb, body, to) for verb, (body, _, to) in VERBS.items()])
def test_the_integrator_can_do_it_and_gets_the_handoff_as_it_is_then(verb, body, state):
    handoff = offered(RepFactory())
    answer = integrator().post(f"handoff-{verb}", handoff.uid, data=body)
    assert answer.status_code == 200, answer.data
    assert (answer.data["uid"], answer.data["state"]) == (str(handoff.uid), state)
    handoff.refresh_from_db()
    assert handoff.state == state
    assert JournalEntry.objects.filter(handoff_uid=handoff.uid, via="api").exists()


def test_a_rep_uses_the_api_with_a_reps_rights():
    rep = RepFactory()
    mine = Caller(rep.user)
    handoff = offered(rep)
    assert mine.post("handoff-accept", handoff.uid, data={"note": "on it"}).status_code == 200
    answer = mine.post("handoff-qualify", handoff.uid, data={"note": "budget is there"})
    assert answer.data["state"] == "qualified"
    assert answer.data["decided_by"] == str(rep)
    journal = mine.get("handoff", handoff.uid).data["journal"]
    assert [entry["kind"] for entry in journal] == ["handoff.offered", "handoff.accepted", "handoff.qualified"]
    assert [entry["note"] for entry in journal] == ["", "on it", "budget is there"]
    assert journal[1]["by"] == str(rep)


@pytest.mark.parametrize("verb", [*VERBS, "return", "qualify", "undo", "reassign", "take", "answer", "resume"])
def test_what_a_rep_may_not_see_is_404_for_every_verb(verb):
    handoff = offered(RepFactory())
    stranger = Caller(RepFactory().user)
    body = body_of(verb)
    before = rows()
    seen = stranger.post(f"handoff-{verb}", handoff.uid, data=body)
    missing = stranger.post(f"handoff-{verb}", uuid.uuid4(), data=body)
    assert (seen.status_code, seen.content) == (404, missing.content)
    assert rows() == before


@pytest.mark.parametrize(
    "verb",
    [
        *("accept", "reject", "return", "turn-back", "log-attempt", "outcome", "qualify", "undo", "take"),
        *("hold", "resume", "release", "raise"),
    ],
)
def test_a_marketer_sees_it_and_decides_nothing(verb):
    handoff = offered(RepFactory())
    before = rows()
    answer = Caller(UserFactory(roles=("marketer",))).post(f"handoff-{verb}", handoff.uid, data=body_of(verb))
    assert answer.status_code == 403
    assert rows() == before


@pytest.mark.parametrize("verb", [*VERBS, "return", "qualify", "undo", "reassign", "take", "answer", "resume"])
def test_a_key_without_the_scope_is_403_before_anything_is_looked_at(verb):
    needs = "offer" if verb == "answer" else VERBS.get(verb, ({}, "decide"))[1]
    crm = integrator(scopes=[scope for scope in ALL_SCOPES if scope != needs])
    handoff = offered(RepFactory())
    before = rows()
    answer = crm.post(f"handoff-{verb}", handoff.uid, data=body_of(verb))
    assert answer.status_code == 403
    assert f"“{needs}”" in answer.data["detail"]
    assert rows() == before


def test_who_comes_second_is_told_who_was_first_and_when():
    rep = RepFactory(user__first_name="Sam", user__last_name="Okafor")
    handoff = offered(rep)
    Caller(rep.user).post("handoff-accept", handoff.uid)
    handoff.refresh_from_db()
    before = rows()
    answer = integrator().post("handoff-accept", handoff.uid)
    at = timezone.localtime(handoff.decided_at)
    assert answer.status_code == 409
    assert answer.data["type"] == "urn:leadloop:problem:conflict"
    assert answer.data["detail"] == f"Already accepted by Sam Okafor at {at:%H:%M} on {at.day} {at:%b %Y}."
    assert rows() == before


def test_rejecting_needs_what_the_reason_asks_and_names_it():
    crm, handoff = integrator(), offered(RepFactory())
    before = rows()
    answer = crm.post("handoff-reject", handoff.uid, data={"reason": "fit.company_size"})
    assert (answer.status_code, answer.data["field"]) == (400, "evidence.employee_count")
    answer = crm.post("handoff-reject", handoff.uid, data={"reason": "no.such"})
    assert (answer.status_code, answer.data["field"]) == (400, "reason")
    answer = crm.post("handoff-reject", handoff.uid)
    assert answer.data["errors"] == [{"field": "reason", "detail": "reason is missing."}]
    assert rows() == before
    answer = crm.post(
        "handoff-reject", handoff.uid, data={"reason": "fit.company_size", "evidence": {"employee_count": 38}}
    )
    assert answer.data["reason"]["key"] == "fit.company_size"
    assert answer.data["evidence"] == {"employee_count": 38}


def test_an_accepted_handoff_is_returned_and_a_pending_one_is_not():
    crm, handoff = integrator(), offered(RepFactory())
    before = rows()
    assert crm.post("handoff-return", handoff.uid, data=VERBS["reject"][0]).status_code == 409
    assert rows() == before
    crm.post("handoff-accept", handoff.uid)
    accepted = rows()
    assert crm.post("handoff-reject", handoff.uid, data=VERBS["reject"][0]).status_code == 409
    wrong_moment = crm.post("handoff-return", handoff.uid, data={"reason": "own.duplicate"})
    assert (wrong_moment.status_code, wrong_moment.data.get("field")) == (400, "reason")
    assert rows() == accepted
    reason = RejectionReason.objects.filter(is_live=True, after_attempts=True, evidence_required=False).first()
    answer = crm.post("handoff-return", handoff.uid, data={"reason": reason.key})
    assert (answer.data["state"], answer.data["reason"]["key"]) == ("returned", reason.key)


def test_turning_back_tells_the_successor():
    first, second = RepFactory(), RepFactory()
    handoff = offered(first)
    crm = integrator()
    answer = crm.post("handoff-turn-back", handoff.uid, data={"to": str(second.uid), "note": "not my region"})
    successor = Handoff.objects.get(previous=handoff)
    assert answer.data["successor_uid"] == str(successor.uid)
    detail = crm.get("handoff", successor.uid).data
    assert (detail["previous_uid"], detail["owner"]["uid"]) == (str(handoff.uid), str(second.uid))


def test_nothing_is_turned_back_to_somebody_who_cannot_sign_in():
    gone = RepFactory(user__is_active=False)
    handoff = offered(RepFactory())
    before = rows()
    answer = integrator().post("handoff-turn-back", handoff.uid, data={"to": str(gone.uid)})
    assert (answer.status_code, answer.data["field"]) == (400, "to")
    assert rows() == before


def test_a_manager_reassigns_inside_the_own_teams_only():
    rep = RepFactory()
    colleague, stranger = RepFactory(team=rep.team), RepFactory()
    boss = Caller(manager_of(rep.team))
    handoff = offered(rep)
    before = rows()
    assert boss.post("handoff-reassign", handoff.uid, data={"to": str(stranger.uid)}).status_code == 403
    assert boss.post("handoff-reassign", handoff.uid, data={"to": str(uuid.uuid4())}).status_code == 400
    early = {"to": str(colleague.uid), "at": "2020-01-01T00:00:00Z"}
    assert boss.post("handoff-reassign", handoff.uid, data=early).data["field"] == "at"
    assert rows() == before
    answer = boss.post("handoff-reassign", handoff.uid, data={"to": str(colleague.uid)})
    assert answer.data["owner"]["uid"] == str(colleague.uid)


def test_undo_takes_back_the_own_decision():
    crm, handoff = integrator(), offered(RepFactory())
    crm.post("handoff-accept", handoff.uid)
    assert integrator().post("handoff-undo", handoff.uid).status_code == 403
    answer = crm.post("handoff-undo", handoff.uid)
    assert (answer.data["state"], answer.data["decided_at"]) == ("pending", None)


def test_undo_is_refused_once_the_lead_was_offered_again():
    crm, handoff = integrator(), offered(RepFactory())
    crm.post("handoff-reject", handoff.uid, data=VERBS["reject"][0])
    again = {"lead": {"email": handoff.lead.email}, "owner": str(handoff.owner.uid)}
    assert crm.post("handoffs", data=again).status_code == 201
    before = rows()
    answer = crm.post("handoff-undo", handoff.uid)
    assert answer.status_code == 409
    assert answer.data["detail"] == "The lead has been offered again since; the rejection stands."
    assert rows() == before


def test_undo_is_refused_once_an_outcome_was_recorded():
    crm, handoff = integrator(), offered(RepFactory())
    crm.post("handoff-reject", handoff.uid, data=VERBS["reject"][0])
    crm.post("handoff-outcome", handoff.uid, data={"kind": "won"})
    before = rows()
    assert crm.post("handoff-undo", handoff.uid).status_code == 409
    assert rows() == before


def test_an_outcome_twice_is_recorded_once_and_its_key_names_one_handoff():
    crm, first, second = integrator(), offered(RepFactory()), offered(RepFactory())
    body = {"kind": "opportunity", "external_system": "crm", "external_id": "deal-1", "amount": 1200.5}
    crm.post("handoff-outcome", first.uid, data=body)
    before = rows()
    assert crm.post("handoff-outcome", first.uid, data=body).status_code == 200
    answer = crm.post("handoff-outcome", second.uid, data=body)
    assert answer.status_code == 409
    assert "deal-1" in answer.data["detail"]
    assert rows() == before
    assert str(Outcome.objects.get().amount) == "1200.50"


@pytest.mark.parametrize(
    "amount",
    ["0." + "1" * 60, "0" * 41 + "9", "NaN", "1e400", -1, 0.001, True, [], "12,50", 10**13, "sNaN", "1e-999999"],
)
def test_an_amount_that_is_none_is_refused_never_cut(amount):
    handoff = offered(RepFactory())
    before = rows()
    answer = integrator().post("handoff-outcome", handoff.uid, data={"kind": "won", "amount": amount})
    assert (answer.status_code, answer.data["field"]) == (400, "amount")
    assert rows() == before


def test_an_attempt_is_logged_backdated_and_never_before_the_offer():
    crm, handoff = integrator(), offered(RepFactory(), at=ago(hours=2))
    at = ago(hours=1).isoformat()
    answer = crm.post("handoff-log-attempt", handoff.uid, data={"kind": "call", "is_two_way": True, "at": at})
    assert answer.data["first_two_way_at"] == at.replace("+00:00", "Z")
    assert Attempt.objects.get().is_two_way
    before = rows()
    for wrong in ("2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z"):
        answer = crm.post("handoff-log-attempt", handoff.uid, data={"kind": "call", "at": wrong})
        assert (answer.status_code, answer.data["field"]) == (400, "at")
    answer = crm.post("handoff-log-attempt", handoff.uid, data={"kind": "pigeon"})
    assert (answer.status_code, answer.data["field"]) == (400, "kind")
    assert rows() == before


def test_a_decision_without_a_body_is_a_decision():
    crm, handoff = integrator(), offered(RepFactory())
    answer = crm.client.post(f"/api/v1/handoffs/{handoff.uid}/accept/", content_type="application/json")
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete"])
def test_only_post_decides(method):
    crm, handoff = integrator(), offered(RepFactory())
    before = rows()
    answer = getattr(crm.client, method)(f"/api/v1/handoffs/{handoff.uid}/accept/")
    assert answer.status_code == 405
    assert rows() == before


def test_a_rejection_has_its_consequence_and_who_may_not_see_it_later_still_gets_an_answer():
    rep = RepFactory()
    handoff = offered(team=rep.team)
    boss = Caller(manager_of(rep.team))
    answer = boss.post("handoff-reject", handoff.uid, data=VERBS["reject"][0])
    assert answer.status_code == 200
    assert Lead.objects.get(pk=handoff.lead_id).suppressed_at is None


def test_a_handoff_of_the_team_queue_is_taken_before_it_is_decided():
    rep = RepFactory()
    handoff = offered(team=rep.team)
    before = rows()
    answer = Caller(rep.user).post("handoff-accept", handoff.uid)
    assert answer.status_code == 403
    assert "take it before" in answer.data["detail"]
    assert rows() == before
    assert integrator().post("handoff-take", handoff.uid).status_code == 403
    assert rows() == before
    taken = Caller(rep.user).post("handoff-take", handoff.uid)
    assert taken.data["owner"]["uid"] == str(rep.uid)
    assert Caller(rep.user).post("handoff-accept", handoff.uid).status_code == 200


@pytest.mark.parametrize("verb", VERBS)
def test_statements_per_verb_do_not_grow(verb, django_assert_max_num_queries):
    crm, handoff = integrator(), offered(RepFactory())
    TeamFactory()
    with django_assert_max_num_queries(40):
        assert crm.post(f"handoff-{verb}", handoff.uid, data=VERBS[verb][0]).status_code == 200

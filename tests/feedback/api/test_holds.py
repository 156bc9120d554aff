"""Holds and absences through the API: what other systems read and write, and what is refused."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.actions import absences
from feedback.logic.rights import LEADLOOP
from feedback.models import Absence, Hold
from tests.calling import Caller, answered, integrator, rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered

pytestmark = pytest.mark.django_db


def deleted(caller: Caller, rep, absence_uid):
    return answered(caller.client.delete(reverse("api:absence", args=[rep.uid, absence_uid])))


def test_a_question_and_its_answer():
    rep, crm = RepFactory(), integrator()
    handoff = offered(rep)
    assert crm.get("handoff", handoff.uid).data["hold"] is None
    body = {"reason": "missing_context", "question": "Which product?", "until": ago(hours=-5).isoformat()}
    held = crm.post("handoff-hold", handoff.uid, data=body).data
    row = Hold.objects.get()
    assert held["hold"] == {
        "uid": str(row.uid),
        "reason": "missing_context",
        "owed_by": "marketing",
        "question": "Which product?",
        "began_at": row.began_at.isoformat().replace("+00:00", "Z"),
        "limit_at": row.limit_at.isoformat().replace("+00:00", "Z"),
    }
    assert crm.get("handoffs").data["results"][0]["hold"] == held["hold"]
    mia = Caller(UserFactory(roles=("marketer",)))
    assert mia.post("handoff-answer", handoff.uid, data={"text": "The router."}).data["hold"] is None
    last = crm.get("handoff", handoff.uid).data["journal"][-1]
    assert (last["kind"], last["note"]) == ("handoff.resumed", "The router.")


def test_resuming_raising_and_releasing():
    rep, crm = RepFactory(), integrator()
    handoff = offered(rep)
    crm.post("handoff-hold", handoff.uid, data={"reason": "prospect_away"})
    assert crm.post("handoff-resume", handoff.uid).data["hold"] is None
    assert crm.post("handoff-resume", handoff.uid).status_code == 409
    assert crm.post("handoff-raise", handoff.uid).data["priority"] == 2
    assert crm.post("handoff-release", handoff.uid).data["owner"] is None
    assert crm.post("handoff-release", handoff.uid).status_code == 409


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("hold", {}, "reason"),
        ("hold", {"reason": "tired"}, "reason"),
        ("hold", {"reason": "bad_data"}, "question"),
        ("hold", {"reason": "prospect_away", "until": "tomorrow"}, "until"),
        ("hold", {"reason": "prospect_away", "until": "2026-01-01T00:00:00Z"}, "until"),
        ("hold", {"reason": "prospect_away", "until": "9999-12-31T23:59:59-12:00"}, "until"),
        ("hold", {"reason": "prospect_away", "owed_by": "nobody"}, "owed_by"),
        ("answer", {}, "text"),
        ("answer", {"text": " "}, "text"),
        ("raise", {"priority": 1}, "priority"),
        ("release", {"cause": "boredom"}, "cause"),
    ],
)
def test_what_cannot_be_taken_is_named_and_writes_nothing(verb, body, field):
    handoff, crm = offered(RepFactory()), integrator()
    before = rows()
    answer = crm.post(f"handoff-{verb}", handoff.uid, data=body)
    assert (answer.status_code, answer.data["field"]) == (400, field)
    assert rows() == before


def test_a_list_costs_the_same_whatever_is_on_hold():
    rep, crm = RepFactory(), integrator()
    handoffs = [offered(rep) for _ in range(6)]

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(crm.get("handoffs").data["results"]) == 6
        return len(captured)

    cost()  # the first call writes down that the key was used
    before = cost()
    for handoff in handoffs:
        crm.post("handoff-hold", handoff.uid, data={"reason": "prospect_away"})
    assert cost() == before


def test_absences_are_added_listed_and_removed():
    rep, crm = RepFactory(), integrator()
    body = {"starts_at": ago(days=-2).isoformat(), "ends_at": ago(days=-4).isoformat(), "note": "holidays"}
    made = crm.post("absences", rep.uid, data=body)
    assert (made.status_code, made.data["kind"], made.data["note"]) == (201, "away", "holidays")
    absences.bench(rep.uid, by=LEADLOOP, cause="ladder", at=None)
    listed = crm.get("absences", rep.uid).data["results"]
    assert [(one["kind"], one["ends_at"] is None) for one in listed] == [("benched", True), ("away", False)]
    assert listed[1] == made.data
    assert deleted(crm, rep, made.data["uid"]).status_code == 204
    assert deleted(crm, rep, made.data["uid"]).status_code == 404
    assert deleted(crm, rep, listed[0]["uid"]).status_code == 409
    assert [one["kind"] for one in crm.get("absences", rep.uid).data["results"]] == ["benched"]


def test_what_is_over_is_not_listed():
    rep = RepFactory()
    running = absences.add(rep.uid, by=as_person(rep), starts_at=ago(days=1), ends_at=ago(days=-1))
    mine = Caller(rep.user)
    assert [one["uid"] for one in mine.get("absences", rep.uid).data["results"]] == [str(running.uid)]
    absences.remove(running.uid, by=as_person(rep))
    assert mine.get("absences", rep.uid).data["results"] == []


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("self", 200),
        ("manager", 200),
        ("integrator", 200),
        ("operations", 200),
        ("colleague", 403),
        ("marketer", 403),
        ("stranger", 404),
        ("elsewhere", 404),
        ("nobody", 404),
    ],
)
def test_whose_business_absences_are(who, status):
    rep = RepFactory()
    absence = absences.add(rep.uid, by=as_person(rep), starts_at=ago(days=-1), ends_at=ago(days=-2))
    people = {
        "self": lambda: rep.user,
        "colleague": lambda: RepFactory(team=rep.team).user,
        "stranger": lambda: RepFactory().user,
        "manager": lambda: manager_of(rep.team),
        "elsewhere": lambda: manager_of(TeamFactory()),
        "nobody": UserFactory,
    }
    caller = Caller(people[who]() if who in people else UserFactory(roles=(who,)))
    before = rows()
    assert caller.get("absences", rep.uid).status_code == status
    if status == 200:
        assert deleted(caller, rep, absence.uid).status_code == 204
        return
    body = {"starts_at": ago(days=-5).isoformat(), "ends_at": ago(days=-6).isoformat()}
    assert caller.post("absences", rep.uid, data=body).status_code == status
    assert deleted(caller, rep, absence.uid).status_code == status
    assert rows() == before


def test_an_absence_is_found_under_its_own_rep_only():
    rep, other, crm = RepFactory(), RepFactory(), integrator()
    absence = absences.add(rep.uid, by=as_person(rep), starts_at=ago(days=-1), ends_at=ago(days=-2))
    before = rows()
    assert deleted(crm, other, absence.uid).status_code == 404
    assert deleted(crm, rep, uuid.uuid4()).status_code == 404
    assert crm.get("absences", uuid.uuid4()).status_code == 404
    assert rows() == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "2026-12-24"}, "starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, "ends_at"),
        ({"note": "x" * 201}, "note"),
        ({"kind": "benched"}, "kind"),
    ],
)
def test_an_absence_that_cannot_be_writes_nothing(given, field):
    rep, crm = RepFactory(), integrator()
    body = {"starts_at": ago(days=-1).isoformat(), "ends_at": ago(days=-2).isoformat(), **given}
    before = rows()
    answer = crm.post("absences", rep.uid, data=body)
    assert (answer.status_code, answer.data["field"]) == (400, field)
    assert rows() == before
    assert not Absence.objects.exists()

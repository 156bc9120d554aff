"""Every example in the description of the API is true: what can be sent is sent, what is answered fits its schema."""

import datetime as dt
import json
from uuid import UUID

import pytest
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from feedback.api import examples as story
from feedback.models import Absence, Handoff, Hold, Rep, Team
from feedback.models import RejectionReason as Reason
from leads.actions.people import AccountInput, LeadInput, upsert_accounts, upsert_leads
from leads.models import Account, Lead
from tests.calling import Caller, answered, integrator
from tests.factories import RepFactory, TeamFactory, manager_of, offered, policy

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete")


def described():
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(public=True)


SCHEMA = described()
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method} {path}")
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
    if method in METHODS
]


def contents(operation):
    """Of what is sent and answered: the status or "request", the schema, the examples by name."""
    bodies = [("request", operation["requestBody"])] if "requestBody" in operation else []
    for status, body in [*bodies, *operation["responses"].items()]:
        for content in body.get("content", {}).values():
            yield status, content["schema"], content.get("examples", {})


def fits(value, schema) -> None:
    whole = {**schema, "components": SCHEMA["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_shows_what_is_sent_and_what_is_answered(path, method, operation):
    assert operation["operationId"]
    assert operation["tags"]
    assert operation.get("summary") or operation.get("description")
    for status, _, examples in contents(operation):
        if status == "request" or status.startswith("2") or status in {"401", "404", "409"}:
            assert examples, f"{status} has no example"


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_example_fits_its_schema(path, method, operation):
    for _, schema, examples in contents(operation):
        for example in examples.values():
            fits(example["value"], schema)


def test_no_two_operations_have_one_name():
    names = [operation.values[2]["operationId"] for operation in OPERATIONS]
    assert len(names) == len(set(names))


SENT = [
    pytest.param(path, example["value"], operation, id=f"{path} {name}")
    for path, operations in SCHEMA["paths"].items()
    for operation in operations.values()
    if isinstance(operation, dict)
    for status, _, examples in contents(operation)
    if status == "request"
    for name, example in examples.items()
]
ACCEPTED_FIRST = {"return", "log-attempt", "qualify", "undo", "outcome"}
TWIN_UID = "8a1f6f0e-21b4-4f8e-9a53-6a1e5d1c7b42"
OFFERED_AT = dt.datetime(2026, 11, 20, 9, 12, 4, tzinfo=dt.UTC)


@pytest.fixture
def story_begins() -> Rep:
    """The team, the rep and the handoff of which the examples speak."""
    team = TeamFactory(name="Mid-market", uid=UUID(story.TEAM_UID))
    rep = RepFactory(team=team, uid=UUID(story.REP_UID))
    colleague = RepFactory(team=team)
    policy()
    handoff = offered(colleague, at=OFFERED_AT)
    Handoff.objects.filter(pk=handoff.pk).update(uid=UUID(story.UID))
    # Each kind of thing has uids of its own.
    Lead.objects.update(uid=UUID(story.UID))
    Account.objects.update(uid=UUID(story.UID))
    upsert_leads([LeadInput(email="twin@nortex.example")])
    upsert_accounts([AccountInput(name="Twin")])
    for model in (Lead, Account):
        model.objects.exclude(uid=UUID(story.UID)).update(uid=UUID(TWIN_UID))
    return rep


def caller_for(path: str) -> Caller:
    """Whoever may do it: the integrator, or the team's manager where that is who does it."""
    return Caller(manager_of(Team.objects.get())) if path.endswith("acknowledge/") else integrator()


def made_ready(verb: str, crm: Caller) -> None:
    """The handoff as the example finds it."""
    if verb in ACCEPTED_FIRST:
        # What is undone was done a moment ago.
        at = {} if verb == "undo" else {"at": (OFFERED_AT + dt.timedelta(minutes=5)).isoformat()}
        assert crm.post("handoff-accept", story.UID, data=at).status_code == 200
    if verb in {"answer", "resume"}:
        asked = {"reason": "missing_context", "question": "Which product?"}
        assert crm.post("handoff-hold", story.UID, data=asked).status_code == 200
    if verb in {"uphold", "unuphold"}:
        rejection = {"reason": "fit.company_size", "evidence": {"employee_count": 3}}
        assert crm.post("handoff-reject", story.UID, data=rejection).status_code == 200
    if verb == "unuphold":
        assert crm.post("handoff-uphold", story.UID).status_code == 200
    if verb == "meet":
        rejection = {"reason": "data.invalid_contact", "evidence": {"channel_failed": "phone"}}
        assert crm.post("handoff-reject", story.UID, data=rejection).status_code == 200
    if verb == "take":
        Handoff.objects.update(owner=None)


def ahead(instant: str) -> str:
    """The same day in the years to come: absences are planned ahead, and examples grow old."""
    at = dt.datetime.fromisoformat(instant)
    years = max(0, timezone.now().year - 2026)
    return at.replace(year=at.year + years).isoformat()


@pytest.mark.parametrize(("path", "example", "operation"), SENT)
def test_every_example_of_a_body_can_be_sent_as_it_is(path, example, operation, story_begins):
    verb = path.rstrip("/").rsplit("/", 1)[-1]
    crm = caller_for(path)
    made_ready(verb, crm)
    if verb == "absences":
        example = example | {name: ahead(example[name]) for name in ("starts_at", "ends_at")}
    sender = Caller(story_begins.user) if verb == "take" else crm
    uid = story.REP_UID if "/reps/" in path else story.UID
    answer = answered(
        sender.client.generic("POST", path.replace("{uid}", uid), json.dumps(example), content_type="application/json")
    )
    assert answer.status_code in {200, 201}, answer.data
    results = answer.data.get("results", []) if isinstance(answer.data, dict) else []
    assert {row["status"] for row in results} <= {200, 201}, answer.data
    schema = operation["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
    fits(answer.data, schema)


def test_there_is_something_to_send():
    assert len(SENT) > 30
    assert (Absence.objects.count(), Hold.objects.count()) == (0, 0)
    assert Reason.objects.filter(key=story.REASON_SAID["key"], is_live=True).exists()

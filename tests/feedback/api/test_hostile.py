"""What strangers send (tests/data/hostile_api.json): refused by name, nothing written, or taken as the text it is."""

import base64
import copy
import json
import time
from pathlib import Path

import pytest

from leads.models import Lead
from tests.calling import integrator, offer_body, rows
from tests.factories import RepFactory, TeamFactory, offered

pytestmark = pytest.mark.django_db

CASES = json.loads((Path(__file__).parents[2] / "data" / "hostile_api.json").read_text())
BODIES = {
    "offer": offer_body(),
    "accept": {"note": ""},
    "reject": {"reason": "fit.industry", "evidence": {"industry": "farming"}},
    "log-attempt": {"kind": "call"},
    "outcome": {"kind": "won"},
    "reassign": {},
    "hold": {"reason": "missing_context", "question": "Which product?"},
    "answer": {"text": "The router."},
    "lead": {
        "email": "ana.duarte@nortex.example",
        "name": "Ana Duarte",
        "account": {"name": "Nortex", "domain": "nortex.example"},
    },
    "engagement": {"kind": "form", "lead": {"email": "ana.duarte@nortex.example"}, "url": "https://nortex.example/a"},
}
INTAKE = {"offer": "handoffs", "lead": "leads", "engagement": "engagements"}
INDEX = json.loads((Path(__file__).parents[2] / "data" / "hostile_index.json").read_text())


def inside(body, path: str):
    """The object that holds the last name of a dotted path, and that name."""
    *outer, name = path.split(".")
    for part in outer:
        body = body[part]
    return body, name


def payload(case) -> bytes:
    if "base64" in case:
        return base64.b64decode(case["base64"])
    if "raw" in case:
        return case["raw"].encode()
    if fill := case.get("raw_fill"):
        return f"{fill['before']}{fill['text'] * fill['times']}{fill['after']}".encode()
    body = copy.deepcopy(BODIES[case["to"]])
    for path, value in case.get("set", {}).items():
        place, name = inside(body, path)
        place[name] = value
    if fill := case.get("fill"):
        place, name = inside(body, fill["at"])
        place[name] = fill["text"] * fill["times"]
    if path := case.get("without"):
        place, name = inside(body, path)
        del place[name]
    return json.dumps(body, ensure_ascii=False).encode()


def listed(expected) -> list[object]:
    return expected if isinstance(expected, list) else [expected]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_hostile(case):
    rep, crm = RepFactory(), integrator()
    handoff = offered(rep)
    door = INTAKE.get(case["to"])
    path = f"/api/v1/{door}/" if door else f"/api/v1/handoffs/{handoff.uid}/{case['to']}/"
    body = payload(case)
    before, started_at = rows(), time.perf_counter()
    answer = crm.raw(
        f"{path}?{case.get('query', '')}".rstrip("?"),
        body,
        content_type=case.get("type", "application/json"),
        headers=case.get("headers", {}),
    )
    took_seconds = time.perf_counter() - started_at
    assert answer.status_code in listed(case["status"]), answer.data
    assert took_seconds < case.get("within_seconds", 5)
    assert len(answer.content) < 20_000
    if answer.status_code >= 400:
        assert rows() == before
    if "field" in case:
        assert answer.data["field"] in listed(case["field"]), answer.data
    for name, value in case.get("keeps", {}).items():
        place, last = inside(answer.data, name)
        assert place[last] == value


@pytest.mark.parametrize("number", INDEX)
def test_every_number_of_the_catalogue_is_tried(number):
    covered = INDEX[number]
    if covered == "cases":
        assert any(case["id"].startswith(number) for case in CASES)
        return
    for test in covered:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (Path(__file__).parents[3] / path).read_text()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ü@münchen.example", "ü@xn--mnchen-3ya.example"),
        ("ana@example.org", "ana@\uff45xample.org"),
        ("Ana@Example.org", "ana@example.org"),
    ],
)
def test_two_spellings_of_one_address_are_one_lead(one, other):
    TeamFactory()
    crm = integrator()
    assert crm.post("handoffs", data={"lead": {"email": one}}).status_code == 201
    second = crm.post("handoffs", data={"lead": {"email": other}})
    assert second.status_code in {400, 409}
    assert Lead.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/handoffs/1/",
        "/api/v1/handoffs/1/accept/",
        "/api/v1/handoffs/%00/",
        "/api/v1/handoffs/../../admin/",
        "/api/v1/handoffs/3F0C9A52-9D5E-4C3B-8A55-0D8F4F1B2C11/",
        "/api/v1/handoffs",
        "/api/v1/people/",
        "/api/v2/handoffs/",
        "/api/",
        "/api/v1/handoffs/é/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_is_not_there_is_a_problem_in_json(client, path, method):
    answer = client.generic(method, path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_a_step_cannot_be_skipped():
    crm, handoff = integrator(), offered(RepFactory())
    before = rows()
    assert crm.post("handoff-qualify", handoff.uid).status_code == 409
    assert crm.post("handoff-undo", handoff.uid).status_code == 409
    assert rows() == before

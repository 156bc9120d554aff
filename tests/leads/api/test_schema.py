"""The description of the API: valid, complete, and readable under the strict CSP."""

import json
import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from feedback.api.filters import HandoffFilter
from leads.api.filters import AccountFilter, CampaignFilter, EngagementFilter, LeadFilter
from tests.calling import integrator
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema():
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(public=True)


def test_it_is_valid_and_made_without_a_warning():
    GENERATOR_STATS.reset()
    found = SchemaGenerator().get_schema(public=True)
    assert not GENERATOR_STATS._warn_cache | GENERATOR_STATS._error_cache
    validate_schema(found)
    assert found["openapi"] == "3.1.0"


def paths(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths(pattern, here)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"<\w+:(\w+)>", r"{\1}", f"/{here}")


def test_it_describes_every_address(schema):
    ours = {path for path in paths(get_resolver()) if path.startswith("/api/v1/")}
    assert set(schema["paths"]) == ours - {"/api/v1/schema/", "/api/v1/docs/"}
    assert len(schema["paths"]) >= 40


def test_null_is_described_where_it_stands_for_what_is_not_given(schema):
    asked = schema["components"]["schemas"]["AbsenceShapeRequest"]
    assert asked["properties"]["note"]["type"] == ["string", "null"]
    assert asked["properties"]["starts_at"]["type"] == "string"


def test_it_speaks_of_what_is_sent_not_of_our_code(schema):
    assert "dataclass" not in json.dumps(schema)


MAKES = {("/api/v1/reps/{uid}/absences/", "post")}


def test_every_operation_names_its_problems_and_its_key(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            done = {"delete": "204"}.get(method, "201" if (path, method) in MAKES else "200")
            assert {done, "401", "403", "429", "503"} <= set(operation["responses"]), (path, method)
            assert operation["security"] == [{"apiKey": []}]
            assert "application/problem+json" in operation["responses"]["401"]["content"]


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        ("handoffs", HandoffFilter),
        ("leads", LeadFilter),
        ("accounts", AccountFilter),
        ("campaigns", CampaignFilter),
        ("engagements", EngagementFilter),
    ],
)
def test_every_query_parameter_that_is_taken_is_described(schema, path, filters):
    parameters = schema["paths"][f"/api/v1/{path}/"]["get"]["parameters"]
    assert {one["name"] for one in parameters} == {"cursor", "page_size", *filters.base_filters}
    assert all(one.get("description") for one in parameters if one["name"] != "page_size")


def test_what_is_refused_as_unknown_is_described_as_unknown(schema):
    for name in ("LeadShapeRequest", "AccountShapeRequest", "OfferShapeRequest", "AttemptShapeRequest"):
        assert schema["components"]["schemas"][name]["additionalProperties"] is False


def test_a_key_or_a_session_reads_it_and_nobody_else():
    crm = integrator()
    signed_in = Client()
    signed_in.force_login(UserFactory())
    for client in (crm.client, signed_in):
        answer = client.get("/api/v1/schema/", headers={"Accept": "application/json"})
        assert answer.status_code == 200
        assert answer.json()["info"]["title"] == "LeadLoop API"
    assert Client().get("/api/v1/schema/").status_code == 401


def test_the_page_needs_a_login_and_holds_nothing_inline():
    assert Client().get("/api/v1/docs/").status_code == 302
    client = Client()
    client.force_login(UserFactory())
    page = client.get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", text)
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    script = re.findall(r'<script src="([^"]+)"', text)[-1].replace("&amp;", "&")
    answer = client.get(script)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/javascript")
    assert (
        "/api/v1/schema/" in answer.content.decode().replace("\\u002D", "-") or "../schema/" in answer.content.decode()
    )

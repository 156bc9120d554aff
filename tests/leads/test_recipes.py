"""Every JSON body and every curl of docs/recipes.md, done as it stands there with sample values for a tool's tokens."""

import json
import re
from pathlib import Path

import pytest

from leads.models import Engagement, Lead
from tests.calling import integrator, rows
from tests.factories import RepFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

RECIPES = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text()
SECTIONS = re.split(r"^## ", RECIPES, flags=re.M)[1:]
TOOLS = ("HubSpot", "Salesforce", "Marketo", "Zapier", "Visitor identification")
# In quotes the template puts them there itself; without, the tool does.
TOKEN = re.compile(r"\{\{([^}]+)\}\}|\{!([^}]+)\}")
SAMPLES = {
    "email": "ana.duarte@nortex.example",
    "country": "DE",
    "website": "https://www.nortex.example/about",
    "domain": "nortex.example",
    "page_url": "https://www.leadloop.example/pricing?token=secret",
    "owner": "sam",
}
NASTY = 'Ana "the \\ Duarte" Müller-Ødegård <b>'


def sample(token: str) -> str:
    return next((value for part, value in SAMPLES.items() if part in token.lower()), "4711")


def filled(template: str) -> str:
    """The template as the tool sends it: tokens that stand alone become text in quotes, or a number."""

    def value(found: re.Match[str]) -> str:
        token = found[1] or found[2]
        if token.endswith(":number"):
            return "85"
        inside = template[found.start() - 1] == '"'
        return sample(token) if inside else json.dumps(NASTY if "name" in token.lower() else sample(token))

    return TOKEN.sub(value, template)


def bodies() -> list[tuple[str, str, str]]:
    """(name, address, body) of each JSON block."""
    found = []
    for section in SECTIONS:
        tool = section.split("\n")[0].split(":")[0]
        pattern = re.compile(r"^POST `(/api/v1/[a-z/]+)`\n\n```json\n(.*?)```", re.M | re.S)
        found += [(f"{tool} {one[1]}", one[1], one[2]) for one in pattern.finditer(section)]
    return found


def calls() -> list[tuple[str, str, dict[str, str], str]]:
    """(name, address, headers, body) of each curl."""
    found = []
    for section in SECTIONS:
        tool = section.split("\n")[0].split(":")[0]
        for one in re.finditer(r"^curl \$LEADLOOP(/\S+) (.*?)-d '(.*?)'\n```", section, re.M | re.S):
            headers = dict(re.findall(r'-H "([^:"]+): ([^"]*)"', one[2]))
            found.append((f"{tool} {one[1]}", f"/api/v1{one[1]}", headers, one[3]))
    return found


@pytest.fixture
def crm():
    RepFactory(team=TeamFactory(), user=UserFactory(username="sam", roles=("rep",)))
    return integrator()


def test_every_tool_has_a_body_and_a_curl_and_nothing_is_left_out():
    for tool in TOOLS:
        assert any(name.startswith(tool) for name, *_ in bodies()), tool
        assert any(name.startswith(tool) for name, *_ in calls()), tool
    assert len(bodies()) == RECIPES.count("```json")
    assert len(calls()) == RECIPES.count("\ncurl ") == len(bodies())


@pytest.mark.parametrize(("address", "body"), [one[1:] for one in bodies()], ids=[one[0] for one in bodies()])
def test_a_body_is_taken_and_taken_again(crm, address: str, body: str):
    sent = filled(body)
    assert "{{" not in sent
    first = crm.raw(address, sent)
    assert first.status_code == 201, first.content
    again = crm.raw(address, sent)
    assert again.status_code in (200, 201), again.content


@pytest.mark.parametrize(("address", "headers", "body"), [one[1:] for one in calls()], ids=[one[0] for one in calls()])
def test_a_curl_does_what_it_says(crm, address: str, headers: dict[str, str], body: str):
    assert headers.pop("Authorization") == "Bearer $KEY"
    assert headers.pop("Content-Type") == "application/json"
    first = crm.raw(address, body, headers=headers)
    assert first.status_code == 201, first.content
    before = rows()
    again = crm.raw(address, body, headers=headers)
    assert again.status_code in (200, 201), again.content
    if headers:
        assert again.content == first.content
        assert {name: what for name, what in rows().items() if name != "leads_allowance"} == {
            name: what for name, what in before.items() if name != "leads_allowance"
        }


def test_an_empty_token_leaves_what_is_known_alone(crm):
    name, address, body = next(one for one in bodies() if one[0].startswith("HubSpot"))
    crm.raw(address, filled(body))
    emptied = {key: "" if key in {"title", "phone"} else value for key, value in json.loads(filled(body)).items()}
    assert crm.raw(address, json.dumps(emptied)).status_code == 200, name
    assert Lead.objects.get().title == "4711"


def test_what_a_tool_adds_of_its_own_is_refused(crm):
    _, address, body = next(one for one in bodies() if one[0].startswith("HubSpot"))
    assert crm.raw(address, json.dumps({**json.loads(filled(body)), "hs_lead_status": "NEW"})).status_code == 400
    assert not Lead.objects.exists()


def test_the_query_of_an_identified_visit_is_not_kept(crm):
    _, address, body = next(one for one in bodies() if one[0].startswith("Visitor"))
    crm.raw(address, filled(body))
    visit = Engagement.objects.get()
    assert (visit.url, visit.confidence) == ("https://www.leadloop.example/pricing", 85)

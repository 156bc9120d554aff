"""Every body that docs/api.md sends in is taken as it stands there."""

import re
from pathlib import Path

import pytest

from tests.calling import integrator
from tests.factories import RepFactory

pytestmark = pytest.mark.django_db

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()
SENT = re.findall(r"curl \$LEADLOOP/(\w+)/ -H [^\n]*?-d '(.+?)'", DOCS, re.DOTALL)


@pytest.mark.parametrize(("kind", "body"), SENT, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(SENT)])
def test_what_the_page_sends_is_taken(kind, body):
    RepFactory(user__username="sam")
    answer = integrator().raw(f"/api/v1/{kind}/", body)
    assert answer.status_code == (200 if body.lstrip().startswith("[") else 201), answer.data
    if answer.status_code == 200:
        assert answer.data["results"][0]["status"] == 201


def test_the_page_sends_something_of_every_kind():
    assert {kind for kind, _ in SENT} >= {"leads", "accounts", "campaigns", "engagements", "handoffs"}

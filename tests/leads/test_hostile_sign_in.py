"""What strangers try at the doors (tests/data/hostile_sign_in.json): sign-in, sessions, forgotten passwords, keys."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from leads.models import OutboxMessage
from tests.leads import hostile_doors, hostile_sessions
from tests.leads.signing_in import (
    NAME,
    with_password,
)

CASES = json.loads((Path(__file__).parents[1] / "data" / "hostile_sign_in.json").read_text())
NUMBERS = [f"G{number:02}" for number in range(1, 66, 2)]


@pytest.fixture
def ana(request) -> User:
    return with_password("ana@nortex.example", first_name="Ana", last_name="Duarte")


TRIES: dict[str, Callable[..., None]] = {
    name.removeprefix("try_"): found
    for module in (hostile_sessions, hostile_doors)
    for name, found in vars(module).items()
    if name.startswith("try_")
}


def marked(case):
    real = case["try"] == "half_open"
    marks = [
        pytest.mark.django_db(transaction=real),
        *([pytest.mark.machine, pytest.mark.xdist_group("config")] if real else []),
    ]
    return pytest.param(case, id=case["id"], marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_hostile(case, ana, settings, caplog, mailoutbox):
    world = SimpleNamespace(ana=ana, client=Client(), settings=settings, caplog=caplog, mailoutbox=mailoutbox)
    TRIES[case["try"]](case, world)


def test_every_number_of_the_catalogue_is_tried():
    assert sorted({case["id"][:3] for case in CASES}) == NUMBERS
    assert {case["try"] for case in CASES} == set(TRIES)


@pytest.mark.django_db
def test_a_token_of_another_sort_is_no_link(ana):
    """Letters that only fold to an address are another address: nobody gets somebody else's link."""
    client = Client()
    client.post("/password/forgotten/", {"email": "an\u00aa@nortex.example"})
    assert not OutboxMessage.objects.filter(target=NAME).exists()
    assert not default_token_generator.check_token(ana, "x-y")

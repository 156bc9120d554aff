"""What is said when something broke on our side: in words to people, as a problem to programs."""

import json

import pytest
from django.db import InterfaceError, OperationalError
from django.test import RequestFactory

from feedback.middleware import server_error

API, PAGE = "/api/v1/handoffs/", "/queue/"


def answered(path: str, error: Exception, *, prefix: str = ""):
    """What is answered where `error` was raised; LeadLoop may live below a prefix of another site."""
    request = RequestFactory().get(path, SCRIPT_NAME=prefix)
    try:
        raise error
    except Exception:  # noqa: BLE001 - as Django does
        return server_error(request)


@pytest.mark.parametrize("prefix", ["", "/crm"])
@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("away"), 503), (InterfaceError("away"), 503), (KeyError("x"), 500)]
)
def test_a_program_is_told_as_a_problem(prefix: str, error: Exception, status: int):
    answer = answered(API, error, prefix=prefix)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    told = json.loads(answer.content)
    assert told["status"] == status
    assert ("away" in told["detail"]) == (status == 503)
    assert answer.get("Retry-After") == ("60" if status == 503 else None)


@pytest.mark.parametrize("prefix", ["", "/api", "/api/crm"])
@pytest.mark.parametrize(("error", "status"), [(OperationalError("away"), 503), (KeyError("x"), 500)])
def test_a_person_is_shown_a_page(prefix: str, error: Exception, status: int):
    answer = answered(PAGE, error, prefix=prefix)
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "<html" in answer.content.decode()

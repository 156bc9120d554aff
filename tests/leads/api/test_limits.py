"""How much a key may ask: counted once for all processes, exactly, and said in every answer."""

import threading

import pytest
from django.db import connection

from leads.actions.allowances import spend, spent
from leads.api import throttles
from leads.models import Allowance, ApiKey
from tests.calling import integrator, rows
from tests.factories import RepFactory, offered

LIST = "/api/v1/handoffs/"


@pytest.fixture
def throttled(monkeypatch):
    monkeypatch.setattr("leads.api.views.ApiView.throttle_classes", (throttles.KeyThrottle,))


def overdue(seconds: float, **which) -> None:
    """Let the windows have begun so many seconds earlier."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_allowance SET window_started_at = window_started_at - %s * interval '1s'", [seconds]
        )


@pytest.mark.django_db(transaction=True)
def test_two_hundred_at_once_pass_exactly_as_often_as_allowed():
    waits: list[int] = []
    start, few_connections = threading.Barrier(200), threading.Semaphore(25)

    def one() -> None:
        start.wait()
        with few_connections:
            try:
                waits.append(spend("key:1:writes", limit=37))
            finally:
                connection.close()

    threads = [threading.Thread(target=one) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(waits), waits.count(0)) == (200, 37)
    assert all(1 <= wait <= 60 for wait in waits if wait)
    assert Allowance.objects.get().count == 37


@pytest.mark.django_db
def test_a_window_ends_and_is_never_prolonged():
    assert [spend("a", limit=2) for _ in range(2)] == [0, 0]
    overdue(50)
    assert 9 <= spend("a", limit=2) <= 10
    assert 9 <= spend("a", limit=2) <= 10
    overdue(10)
    assert spend("a", limit=2) == 0
    assert Allowance.objects.get().count == 1


@pytest.mark.django_db
def test_what_does_not_fit_spends_nothing():
    assert spend("a", limit=10, amount=7) == 0
    assert spend("a", limit=10, amount=4) > 0
    assert spend("a", limit=10, amount=3) == 0
    assert spend("b", limit=10, amount=11) == 60
    assert spend("c", limit=0) == 60
    assert Allowance.objects.count() == 1
    left = spent("b", limit=10, seconds=5)
    assert (left.limit, left.remaining, left.reset_seconds, left.wait_seconds) == (10, 9, 5, 0)


@pytest.mark.django_db
def test_what_is_over_is_forgotten_a_few_at_a_time():
    for number in range(45):
        spend(f"network:{number}", limit=5)
    overdue(3 * 3600)
    counts = []
    for number in range(4):
        spend(f"new:{number}", limit=5)
        counts.append(Allowance.objects.filter(key__startswith="network:").count())
    assert counts == [25, 5, 0, 0]
    assert Allowance.objects.count() == 4


@pytest.mark.django_db
def test_the_table_is_unlogged():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'leads_allowance'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db
def test_a_key_is_stopped_at_its_own_limits_whatever_the_forwarded_address(throttled):
    crm, other = integrator(), integrator()
    ApiKey.objects.filter(pk=crm.row.pk).update(reads_a_minute=3, writes_a_minute=1)
    answers = [crm.client.get(LIST, headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"reads";q=3;w=60'}
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1]["Retry-After"] == answers[-1]["RateLimit"].partition(";t=")[2]
    assert other.get("handoffs").status_code == 200
    first, second = offered(RepFactory()), offered(RepFactory())
    assert crm.post("handoff-accept", first.uid).status_code == 200
    before = rows()
    refused = crm.post("handoff-accept", second.uid)
    assert (refused.status_code, refused["RateLimit-Policy"]) == (429, '"writes";q=1;w=60')
    assert rows() == before


@pytest.mark.django_db
def test_refusals_say_what_is_left_too(throttled):
    crm = integrator()
    assert crm.raw(LIST, "{").status_code == 400
    answer = crm.raw(LIST, "{")
    assert answer["RateLimit"].startswith('"writes";r=2998;t=')


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scopes", "method", "own", "expected"),
    [
        (["read"], "GET", None, ("reads", 600)),
        (["read"], "HEAD", 50, ("reads", 50)),
        (["decide"], "POST", None, ("writes", 300)),
        (["decide"], "DELETE", 7, ("writes", 7)),
        (["intake"], "POST", None, ("writes", 3000)),
        (["intake"], "POST", 20, ("writes", 20)),
    ],
)
def test_the_usual_limits_and_a_keys_own(scopes, method, own, expected):
    key = ApiKey(scopes=scopes, reads_a_minute=own, writes_a_minute=own)
    assert throttles.limit_of(key, method) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_is_none_is_405_whatever_the_query_holds(method):
    crm = integrator()
    before = rows()
    assert crm.client.generic(method, f"{LIST}?cursor=&nonsense=1").status_code == 405
    assert crm.client.get(f"{LIST}?owner=").status_code == 400
    assert rows() == before


def test_the_product_throttles():
    from config.settings import REST_FRAMEWORK

    assert REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] == ["leads.api.throttles.KeyThrottle"]

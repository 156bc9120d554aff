"""A POST that is sent again is done once and answered alike, whatever happened to the first answer."""

import datetime as dt
import json
import threading
import time

import pytest
from django.db import connection, transaction
from django.urls import get_resolver
from django.utils import timezone
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from feedback.api.verbs import LogAttemptView
from leads.actions import answers
from leads.api.idempotency import HEADER, REPLAYED, once
from leads.api.views import ApiView
from leads.models import Answered, Lead
from tests.calling import Caller, integrator, offer_body, rows
from tests.factories import RepFactory, TeamFactory, UserFactory, offered

OFFERS = "/api/v1/handoffs/"


def send(crm: Caller, key: str, body: object, path: str = OFFERS):
    return crm.raw(path, body if isinstance(body, str) else json.dumps(body), headers={HEADER: key})


@pytest.mark.django_db
def test_sent_twice_it_is_done_once_and_answered_alike():
    TeamFactory()
    crm = integrator()
    first = send(crm, "k1", offer_body(external_id=""))
    after_first = rows()
    second = send(crm, "k1", offer_body(external_id=""))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first["Location"] == second["Location"]
    assert first["Content-Type"] == second["Content-Type"]
    assert (first.get(REPLAYED), second.get(REPLAYED)) == (None, "true")
    assert second["Cache-Control"] == "no-store"
    assert rows() == after_first


@pytest.mark.django_db
def test_a_replay_is_the_first_answer_whatever_has_happened_since():
    rep = RepFactory()
    crm, handoff = integrator(), offered(rep)
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    first = send(crm, "k1", {"kind": "call"}, path)
    assert crm.post("handoff-accept", handoff.uid).status_code == 200
    second = send(crm, "k1", {"kind": "call"}, path)
    assert first.content == second.content
    assert second.data["state"] == "pending"
    handoff.refresh_from_db()
    assert (handoff.attempt_count, handoff.state) == (1, "accepted")
    assert send(crm, "k2", {"kind": "call"}, path).data["attempt_count"] == 2


@pytest.mark.django_db
def test_the_same_body_may_be_spelled_differently():
    handoff, crm = offered(RepFactory()), integrator()
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    assert send(crm, "k1", '{"kind": "call", "is_two_way": true}', path).status_code == 200
    assert send(crm, "k1", '{"is_two_way":true,\n"kind":"call"}', path)[REPLAYED] == "true"


@pytest.mark.django_db
def test_another_request_under_the_same_key_is_refused_by_name():
    one, two, crm = offered(RepFactory()), offered(RepFactory()), integrator()
    path = f"{OFFERS}{one.uid}/log-attempt/"
    assert send(crm, "k1", {"kind": "call"}, path).status_code == 200
    before = rows()
    for body, where in [
        ({"kind": "call", "is_two_way": True}, path),
        ({"kind": "call"}, f"{OFFERS}{two.uid}/log-attempt/"),
        ({}, f"{OFFERS}{one.uid}/accept/"),
    ]:
        answer = send(crm, "k1", body, where)
        assert (answer.status_code, answer.data["field"]) == (422, HEADER)
    assert rows() == before


@pytest.mark.django_db
def test_two_callers_may_use_the_same_key():
    crm, other, handoff = integrator(), integrator(), offered(RepFactory())
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    assert send(crm, "k1", {"kind": "call"}, path).data["attempt_count"] == 1
    assert send(other, "k1", {"kind": "call", "is_two_way": True}, path).data["attempt_count"] == 2


@pytest.mark.django_db
def test_two_keys_of_one_account_share_what_was_answered():
    user = UserFactory(roles=("integrator",))
    old, new, handoff = Caller(user), Caller(user), offered(RepFactory())
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    assert send(old, "k1", {"kind": "call"}, path).content == send(new, "k1", {"kind": "call"}, path).content


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key",
    ["", " ", "x" * 256, "x" * 10_000, "a b", "a\r\nX-Evil: 1", "a\tb", "schlüssel", "\x7f", "\x00"],
    ids=["empty", "space", "256", "10000", "inner space", "line break", "tab", "not ASCII", "DEL", "NUL"],
)
def test_a_key_that_is_none_is_refused_by_name(key):
    handoff, crm = offered(RepFactory()), integrator()
    before = rows()
    answer = send(crm, key, {"kind": "call"}, f"{OFFERS}{handoff.uid}/log-attempt/")
    assert (answer.status_code, answer.data["field"]) == (400, HEADER)
    assert rows() == before


@pytest.mark.django_db
def test_the_longest_key_is_taken():
    handoff, crm = offered(RepFactory()), integrator()
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    assert send(crm, "~" * 255, {"kind": "call"}, path).status_code == 200
    assert send(crm, "~" * 255, {"kind": "call"}, path)[REPLAYED] == "true"


@pytest.mark.django_db
def test_a_refusal_is_not_remembered_and_frees_its_key():
    handoff, crm = offered(RepFactory()), integrator()
    path = f"{OFFERS}{handoff.uid}/qualify/"
    before = rows()
    assert send(crm, "k1", {}, path).status_code == 409
    assert send(crm, "k1", "{", path).status_code == 400
    assert rows() == before
    assert crm.post("handoff-accept", handoff.uid).status_code == 200
    answer = send(crm, "k1", {}, path)
    assert (answer.status_code, answer.data["state"]) == (200, "qualified")


@pytest.mark.django_db
@pytest.mark.parametrize("scopes", [("read",), ("outcome",)])
def test_a_key_without_the_scope_does_not_hear_what_another_was_answered(scopes):
    user, handoff = UserFactory(roles=("integrator",)), offered(RepFactory())
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    assert send(Caller(user), "k1", {"kind": "call"}, path).status_code == 200
    assert send(Caller(user, scopes=scopes), "k1", {"kind": "call"}, path).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("status", [409, 429, 503])
def test_an_answer_that_says_come_again_is_not_remembered(status):
    @once
    def handler(view, request):
        Lead.objects.create(email="ana@nortex.example")
        return Response({"detail": "Come again."}, status=status)

    request = Request(APIRequestFactory().post("/", {}, format="json", headers={HEADER: "k1"}), [JSONParser()])
    request.user = UserFactory()
    assert handler(None, request).status_code == status
    assert not Lead.objects.exists()
    assert not Answered.objects.exists()


@pytest.mark.django_db
def test_what_fails_in_the_middle_leaves_neither_work_nor_key(monkeypatch):
    handoff, crm = offered(RepFactory()), integrator()
    crm.client.raise_request_exception = False
    path, before = f"{OFFERS}{handoff.uid}/log-attempt/", rows()
    with monkeypatch.context() as broken:
        broken.setattr(answers, "keep", lambda *_, **__: 1 / 0)
        assert crm.client.post(path, {"kind": "call"}, "application/json", headers={HEADER: "k1"}).status_code == 500
    assert rows() == before
    answer = send(crm, "k1", {"kind": "call"}, path)
    assert (answer.data["attempt_count"], answer.get(REPLAYED)) == (1, None)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_one_lead_and_one_answer():
    TeamFactory()
    crm, body = integrator(), offer_body(external_id="")
    start, few_connections = threading.Barrier(50), threading.Semaphore(30)
    found = []

    def one() -> None:
        caller = Caller.__new__(Caller)
        caller.client = type(crm.client)(headers={"Authorization": f"Bearer {crm.key}"})
        start.wait()
        with few_connections:
            try:
                answer = send(caller, "k1", body)
                while answer.status_code == 503:  # a machine so busy that two seconds were too short
                    time.sleep(int(answer["Retry-After"]))
                    answer = send(caller, "k1", body)
                found.append(answer)
            finally:
                connection.close()

    threads = [threading.Thread(target=one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in found] == [201] * 50
    assert len({answer.content for answer in found}) == 1
    assert [answer.get(REPLAYED) for answer in found].count(None) == 1
    assert (Lead.objects.count(), Answered.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_keys_at_once_are_two_attempts():
    handoff, crm = offered(RepFactory()), integrator()
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    counts = {send(crm, key, {"kind": "call"}, path).data["attempt_count"] for key in ("k1", "k2")}
    assert counts == {1, 2}


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_when_to_come_again():
    handoff, crm = offered(RepFactory()), integrator()
    path = f"{OFFERS}{handoff.uid}/log-attempt/"
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                answers.claim(crm.user.pk, "k1", digest="of another request")
                held.set()
                enough.wait(30)
                transaction.set_rollback(True)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    before, started_at = rows(), time.monotonic()
    answer = send(crm, "k1", {"kind": "call"}, path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert time.monotonic() - started_at < 10
    assert rows() == before
    enough.set()
    holder.join(30)
    answer = send(crm, "k1", {"kind": "call"}, path)
    assert (answer.status_code, answer.get(REPLAYED)) == (200, None)


@pytest.mark.django_db
def test_answers_are_kept_for_a_week_and_forgotten_in_batches(monkeypatch):
    user = UserFactory()
    Answered.objects.bulk_create(Answered(user=user, key=f"k{n}", digest="x", status=200) for n in range(12))
    week = dt.timedelta(days=7)
    Answered.objects.filter(key__in=[f"k{n}" for n in range(7)]).update(created_at=timezone.now() - week)
    Answered.objects.filter(key="k9").update(created_at=timezone.now() - week + dt.timedelta(minutes=1))
    monkeypatch.setattr(answers, "_BATCH", 2)
    monkeypatch.setattr(answers, "_MOST_BATCHES", 3)
    assert [answers.forget(), answers.forget(), answers.forget()] == [6, 1, 0]
    assert Answered.objects.count() == 5


def test_every_post_of_the_api_does_its_work_once():
    views = {
        pattern.callback.cls
        for pattern in _patterns(get_resolver())
        if hasattr(pattern.callback, "cls") and issubclass(pattern.callback.cls, ApiView)
    }
    posts = {view.__name__: getattr(view.post, "does_once", False) for view in views if hasattr(view, "post")}
    assert LogAttemptView in views
    assert all(posts.values()), posts


def _patterns(resolver):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern)
        else:
            yield pattern

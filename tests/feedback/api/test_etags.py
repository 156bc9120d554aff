"""Deciding only on what was read: ETag, If-Match, If-None-Match."""

import datetime as dt
import json
import threading

import pytest
from django.db import connection
from django.utils import timezone

from feedback.models import Handoff
from leads.models import Lead
from tests.calling import Caller, integrator, rows
from tests.factories import RepFactory, manager_of, offered

OFFERS = "/api/v1/handoffs/"


def post(crm: Caller, handoff: Handoff, verb: str, *, if_match: str, data: object = None):
    headers = {"If-Match": if_match}
    return crm.raw(f"{OFFERS}{handoff.uid}/{verb}/", json.dumps(data or {}), headers=headers)


@pytest.mark.django_db
def test_a_decision_on_what_was_read_is_taken_and_the_next_tag_is_another():
    crm, handoff = integrator(), offered(RepFactory())
    read = crm.get("handoff", handoff.uid)
    assert read["ETag"].startswith('"')
    accepted = post(crm, handoff, "accept", if_match=read["ETag"])
    assert (accepted.status_code, accepted.data["state"]) == (200, "accepted")
    assert accepted["ETag"] != read["ETag"]
    assert post(crm, handoff, "qualify", if_match=accepted["ETag"]).data["state"] == "qualified"


@pytest.mark.django_db
def test_a_decision_on_what_is_no_longer_so_is_refused_in_words():
    rep = RepFactory()
    crm, handoff = integrator(), offered(rep)
    read = crm.get("handoff", handoff.uid)["ETag"]
    assert crm.post("handoff-log-attempt", handoff.uid, data={"kind": "call"}).status_code == 200
    before = rows()
    answer = post(crm, handoff, "accept", if_match=read)
    assert answer.status_code == 412
    assert f"This handoff is pending, owned by {rep}, priority 3." in answer.data["detail"]
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["raise", "hold", "reassign", "accept"])
def test_every_verb_that_matters_makes_another_version(verb):
    rep = RepFactory()
    crm, handoff = integrator(), offered(rep)
    other = RepFactory(team=rep.team)
    boss = Caller(manager_of(rep.team))
    read = crm.get("handoff", handoff.uid)["ETag"]
    data = {"hold": {"reason": "missing_context", "question": "Which?"}, "reassign": {"to": str(other.uid)}}
    done = boss.post(f"handoff-{verb}", handoff.uid, data=data.get(verb))
    assert done.status_code == 200
    assert done["ETag"] != read
    assert post(crm, handoff, "log-attempt", if_match=read, data={"kind": "call"}).status_code == 412


@pytest.mark.django_db
def test_what_nobody_decides_on_stops_no_decision_but_is_news():
    crm, handoff = integrator(), offered(RepFactory())
    read = crm.get("handoff", handoff.uid)["ETag"]
    Lead.objects.update(name="Somebody Else")
    Handoff.objects.update(due_at=timezone.now() + dt.timedelta(hours=1))
    assert crm.get("handoff", handoff.uid)["ETag"] != read
    assert post(crm, handoff, "accept", if_match=read).status_code == 200


@pytest.mark.django_db
def test_what_is_known_is_not_sent_again():
    crm, handoff = integrator(), offered(RepFactory())
    path = f"{OFFERS}{handoff.uid}/"
    tag = crm.client.get(path)["ETag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = crm.client.get(path, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    for header in ("", '"other"', tag.strip('"'), "x" * 5000):
        assert crm.client.get(path, headers={"If-None-Match": header}).status_code == 200
    Lead.objects.update(name="Somebody Else")
    assert crm.client.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.django_db
def test_a_star_allows_any_version_of_what_is_there():
    crm, handoff = integrator(), offered(RepFactory())
    assert post(crm, handoff, "accept", if_match="*").status_code == 200


@pytest.mark.django_db
def test_one_of_several_tags_is_enough_and_a_weak_one_is_none():
    crm, handoff = integrator(), offered(RepFactory())
    tag = crm.get("handoff", handoff.uid)["ETag"]
    before = rows()
    assert post(crm, handoff, "accept", if_match=f"W/{tag}").status_code == 412
    assert rows() == before
    assert post(crm, handoff, "accept", if_match=f'"other", {tag}').status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["", "x", '"', '"a', "'a'", '"é"', '"a""b"', '"a",', '"' + "x" * 2000 + '"'])
def test_a_tag_that_is_none_is_refused_by_name(header):
    crm, handoff = integrator(), offered(RepFactory())
    before = rows()
    answer = post(crm, handoff, "accept", if_match=header)
    assert (answer.status_code, answer.data["field"]) == (400, "If-Match")
    assert rows() == before


@pytest.mark.django_db
def test_nobody_learns_the_version_of_what_they_may_not_see():
    stranger, handoff = Caller(RepFactory().user), offered(RepFactory())
    before = rows()
    assert post(stranger, handoff, "accept", if_match='"x"').status_code == 404
    assert rows() == before


@pytest.mark.django_db(transaction=True)
def test_of_two_with_the_same_tag_one_wins_and_the_other_is_told():
    rep = RepFactory()
    callers = [integrator(), Caller(manager_of(rep.team))]
    for _ in range(15):
        handoff = offered(rep)
        tag = callers[0].get("handoff", handoff.uid)["ETag"]
        start, statuses = threading.Barrier(2), []

        def decide(crm, handoff=handoff, tag=tag, start=start, statuses=statuses) -> None:
            start.wait()
            try:
                statuses.append(post(crm, handoff, "log-attempt", if_match=tag, data={"kind": "call"}).status_code)
            finally:
                connection.close()

        threads = [threading.Thread(target=decide, args=(crm,)) for crm in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(statuses) == [200, 412]
        handoff.refresh_from_db()
        assert handoff.attempt_count == 1

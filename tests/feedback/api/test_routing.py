"""Routing by API: previews, owners of accounts, upheld rejections, and the trace of a handoff."""

import pytest
from django.urls import reverse

from feedback.actions import decisions
from feedback.actions.ownership import own_accounts
from feedback.models import AccountOwner, Handoff, RoutingRule, Turn
from leads.models import Account, JournalEntry, Lead
from tests.calling import Caller, integrator, offer_body, rows
from tests.factories import RepFactory, as_person, offered

pytestmark = pytest.mark.django_db


def everybody(team) -> RoutingRule:
    return RoutingRule.objects.create(name="Everybody", team=team)


def test_a_preview_says_who_and_why_and_writes_nothing():
    rep = RepFactory(user__first_name="Sam", user__last_name="Okafor")
    rule = everybody(rep.team)
    crm = integrator()
    before = rows()
    body = {"lead": offer_body()["lead"], "channel": "webinar", "fit": 78}
    said = crm.post("routing-preview", data=body).data
    assert (said["owner"]["uid"], said["team"]["uid"], said["rule"]) == (
        *(str(rep.uid), str(rep.team.uid)),
        str(rule.uid),
    )
    assert said["headline"] == f"Sam Okafor of {rep.team} would get it."
    assert said["words"] == ["Rule “Everybody”: yes.", "Sam Okafor takes it."]
    assert [step["what"] for step in said["steps"]] == ["rule", "turn"]
    assert rows() == before
    assert (Lead.objects.count(), Turn.objects.count()) == (0, 0)


def test_a_preview_knows_what_is_on_file_and_who_refused():
    rep = RepFactory()
    crm = integrator()
    handoff = offered(rep)
    decisions.turn_back(handoff.uid, by=as_person(rep))
    RoutingRule.objects.create(
        name="Rule", team=rep.team, conditions=[{"field": "account_name", "operator": "contains", "value": "company"}]
    )
    said = crm.post("routing-preview", data={"lead": {"email": handoff.lead.email}}).data
    assert (said["owner"], said["team"]["uid"]) == (None, str(rep.team.uid))
    assert said["steps"][1]["why"] == "turned_back"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fit": 101}, "fit"),
        ({"fit": "x"}, "fit"),
        ({"lead": {"email": "x"}}, "email"),
        ({"account": {"name": "a\x00"}}, "account.name"),
        ({"colour": "red"}, "colour"),
        ({"channel": "x" * 51}, "channel"),
    ],
)
def test_a_preview_of_nonsense_is_refused(body, field):
    answer = integrator().post("routing-preview", data=body)
    assert (answer.status_code, answer.data["field"]) == (400, field)


def test_a_rep_previews_nothing_and_owns_nothing():
    caller = Caller(RepFactory().user)
    assert caller.post("routing-preview", data={}).status_code == 403
    assert caller.post("account-owners", data={"account": {"name": "Nortex"}}).status_code == 403
    assert not Account.objects.exists()


def test_owners_of_accounts_are_kept_many_at_once_and_the_last_word_stands():
    ana, ben = RepFactory(), RepFactory()
    crm = integrator()
    batch = [
        {"account": {"name": "Nortex", "domain": "nortex.example"}, "owner": str(ana.uid)},
        {"account": {"name": "Vialto"}, "owner": "nobody"},
        {"account": {}, "owner": str(ana.uid)},
        {"account": {"domain": "nortex.example"}, "owner": ben.user.username},
        {"owner": 7},
    ]
    results = crm.post("account-owners", data=batch).data["results"]
    assert [row["status"] for row in results] == [201, 400, 400, 200, 400]
    assert results[1]["problem"]["field"] == "owner"
    assert AccountOwner.objects.get().rep == ben
    assert Account.objects.get().domain == "nortex.example"
    assert JournalEntry.objects.filter(kind="account.owned").count() == 1
    again = crm.post("account-owners", data={"account": {"domain": "nortex.example"}, "owner": str(ben.uid)})
    assert again.data == {"results": [{"status": 200}]}
    assert JournalEntry.objects.filter(kind="account.owned").count() == 1
    gone = crm.post("account-owners", data={"account": {"domain": "nortex.example"}})
    assert gone.data == {"results": [{"status": 200}]}
    assert not AccountOwner.objects.exists()
    assert crm.post("account-owners", data={"account": {"name": "Nortex"}, "owner": "x"}).status_code == 400
    assert crm.post("account-owners", data=[]).status_code == 400
    assert own_accounts([], by=as_person(ana)) == []


def test_a_handoff_says_how_it_was_routed_and_a_rejection_is_upheld():
    rep = RepFactory()
    everybody(rep.team)
    crm = integrator()
    made = crm.post("handoffs", data=offer_body())
    assert made.status_code == 201
    uid = made.data["uid"]
    detail = crm.get("handoff", uid).data
    assert [step["what"] for step in detail["routing"]] == ["rule", "turn"]
    assert crm.get("handoff", str(offered(rep).uid)).data["routing"] == []
    assert crm.post("handoff-uphold", uid).status_code == 409
    decisions.reject(uid, by=as_person(rep), reason="fit.company_size", evidence={"employee_count": 3})
    assert crm.post("handoff-uphold", uid).status_code == 200
    assert crm.post("handoff-uphold", uid).status_code == 409
    assert (Turn.objects.get().owed, Handoff.objects.get(uid=uid).upheld_at is not None) == (1, True)
    assert Caller(rep.user).post("handoff-uphold", uid).status_code == 403


def another_offer() -> dict:
    number = Handoff.objects.count()
    return offer_body(external_id=f"opp-{number}", lead={"email": f"{number}@vialto.example"})


def rejected(rep, crm) -> str:
    """The uid of a handoff that was routed to the rep, who rejected it."""
    uid = crm.post("handoffs", data=another_offer()).data["uid"]
    decisions.reject(uid, by=as_person(rep), reason="fit.company_size", evidence={"employee_count": 3})
    return uid


def test_an_uphold_is_taken_back_by_api_if_it_is_still_what_was_read():
    rep = RepFactory()
    everybody(rep.team)
    crm = integrator()
    uid = rejected(rep, crm)
    assert crm.post("handoff-unuphold", uid).status_code == 409

    def expecting(tag: str, name: str):
        return crm.raw(reverse(f"api:{name}", args=[uid]), "{}", headers={"If-Match": tag})

    before = crm.get("handoff", uid)["ETag"]
    upheld = expecting(before, "handoff-uphold")
    assert (upheld.status_code, Turn.objects.get().owed) == (200, 1)
    assert expecting(before, "handoff-unuphold").status_code == 412
    assert integrator().post("handoff-unuphold", uid).status_code == 403
    assert Caller(rep.user).post("handoff-unuphold", uid).status_code == 403
    assert (Turn.objects.get().owed, Handoff.objects.get(uid=uid).upheld_at is None) == (1, False)
    taken_back = expecting(upheld["ETag"], "handoff-unuphold")
    assert (taken_back.status_code, Turn.objects.get().owed, Handoff.objects.get(uid=uid).upheld_at) == (200, 0, None)
    kinds = JournalEntry.objects.filter(handoff_uid=uid, kind__startswith="rejection.").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == ["rejection.upheld", "rejection.unupheld"]
    assert crm.post("handoff-unuphold", uid).status_code == 409


def test_many_are_upheld_and_taken_back_in_one_request_with_a_result_each():
    rep = RepFactory()
    everybody(rep.team)
    crm = integrator()
    uids = [rejected(rep, crm) for _ in range(2)]
    pending = str(offered(rep).uid)
    batch = [{"handoff": uid, "verb": "uphold"} for uid in (*uids, pending, uids[0])]
    results = crm.post("handoffs-decide", data=batch).data["results"]
    assert [row["status"] for row in results] == [200, 200, 409, 409]
    assert Turn.objects.get().owed == 2
    batch = [{"handoff": uid, "verb": "unuphold"} for uid in (*uids, pending)]
    results = crm.post("handoffs-decide", data=batch).data["results"]
    assert [row["status"] for row in results] == [200, 200, 409]
    assert (Turn.objects.get().owed, Handoff.objects.filter(upheld_at=None).count()) == (0, 3)


def test_an_offer_that_no_rule_takes_says_which_field_to_fill():
    rep = RepFactory()
    RoutingRule.objects.create(name="Rule", team=rep.team, conditions=[{"field": "fit", "operator": "gt", "value": 90}])
    RepFactory()
    answer = integrator().post("handoffs", data=offer_body())
    assert (answer.status_code, answer.data["field"]) == (400, "team")
    assert not Handoff.objects.exists()

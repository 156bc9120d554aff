"""Leads, accounts, campaigns and engagements taken in through the API, one by one and many at once."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.actions.people import AccountInput, LeadInput, upsert_leads
from leads.models import Account, Campaign, Engagement, Lead, Touched
from tests.calling import ALL_SCOPES, Caller, answered, integrator, rows
from tests.factories import RepFactory, UserFactory, manager_of

pytestmark = pytest.mark.django_db

API = "/api/v1"
ANA = {
    "email": "Ana.Duarte@Nortex.example",
    "name": "Ana Duarte",
    "title": "Head of Operations",
    "country": "de",
    "language": "DE",
    "product": "routing",
    "consent": "opt_in",
    "external_system": "crm",
    "external_id": "l1",
    "account": {
        "name": "Nortex",
        "domain": "nortex.example",
        "segment": "mid",
        "relation": "prospect",
        "is_target": True,
    },
}
ONE_OF_EACH = {
    "leads": ANA,
    "accounts": ANA["account"],
    "campaigns": {"name": "Routing 101", "channel": "webinar"},
    "engagements": {"kind": "form", "lead": {"email": "ana@nortex.example"}},
}
KINDS = tuple(ONE_OF_EACH)
MODELS = {"leads": Lead, "accounts": Account, "campaigns": Campaign, "engagements": Engagement}


def send(crm, kind, body):
    return crm.raw(f"{API}/{kind}/", json.dumps(body))


def read(crm, path, **query):
    return answered(crm.client.get(f"{API}/{path}/", query))


def touched() -> set[tuple[int | None, int | None]]:
    return set(Touched.objects.values_list("lead_id", "account_id"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_new_is_201_with_its_place_and_reads_the_same(kind):
    crm = integrator()
    answer = send(crm, kind, ONE_OF_EACH[kind])
    assert answer.status_code == 201, answer.data
    row = MODELS[kind].objects.get()
    assert answer.data["uid"] == str(row.uid)
    assert answer["Location"] == f"{API}/{kind}/{row.uid}/"
    again = read(crm, f"{kind}/{row.uid}")
    assert again.status_code == 200
    assert {name: again.data[name] for name in answer.data} == answer.data
    assert read(crm, kind).data == {"results": [answer.data], "next": None}
    assert f'"{row.pk}"' not in answer.content.decode()
    assert "id" not in answer.data


def test_whoever_does_not_know_of_a_consent_takes_no_opt_out_back():
    crm = integrator()
    send(crm, "leads", {**ANA, "consent": "opt_out"})
    assert send(crm, "leads", {**ANA, "consent": "unknown", "title": "VP"}).status_code == 200
    lead = Lead.objects.get()
    assert (lead.consent, lead.title) == ("opt_out", "VP")


def test_a_lead_is_kept_as_it_was_said_in_normal_form():
    send(integrator(), "leads", ANA)
    lead = Lead.objects.select_related("account").get()
    assert (lead.email, lead.name, lead.title) == ("ana.duarte@nortex.example", "Ana Duarte", "Head of Operations")
    assert (lead.country, lead.language, lead.product, lead.consent) == ("DE", "de", "routing", "opt_in")
    account = lead.account
    assert account is not None
    assert (account.name, account.domain, account.segment) == ("Nortex", "nortex.example", "mid")
    assert (account.relation, account.is_target) == ("prospect", True)


@pytest.mark.parametrize("kind", ["leads", "accounts", "campaigns"])
def test_what_is_known_is_200_and_changes_only_where_it_says_so(kind):
    crm = integrator()
    made = send(crm, kind, ONE_OF_EACH[kind]).data
    before = rows()
    again = send(crm, kind, ONE_OF_EACH[kind])
    assert (again.status_code, again.data) == (200, made)
    assert rows() == before
    name = "name" if kind != "campaigns" else "channel"
    changed = send(crm, kind, ONE_OF_EACH[kind] | {name: "Somebody else" if kind != "campaigns" else "event"})
    assert changed.status_code == 200
    assert changed.data == made | {name: changed.data[name]}
    assert changed.data[name] != made[name]
    assert MODELS[kind].objects.count() == 1


def test_a_lead_that_is_new_or_changed_is_scored_anew_and_one_that_is_neither_is_not():
    crm = integrator()
    send(crm, "leads", ANA)
    lead = Lead.objects.get()
    expected = {(lead.pk, None), (None, lead.account_id)}
    assert touched() == expected
    Touched.objects.all().delete()
    send(crm, "leads", [ANA, ANA])
    assert touched() == set()
    send(crm, "leads", {"email": ANA["email"], "title": "VP"})
    assert touched() == expected


def test_a_changed_account_has_its_people_scored_anew():
    crm = integrator()
    two = [LeadInput(email=f"{n}@nortex.example", account=AccountInput(domain="nortex.example")) for n in "ab"]
    ana, bo = upsert_leads(two)
    upsert_leads([LeadInput(email="x@other.example", account=AccountInput(domain="other.example"))])
    Touched.objects.all().delete()
    send(crm, "accounts", {"domain": "nortex.example"})
    assert touched() == set()
    send(crm, "accounts", {"domain": "nortex.example", "employee_count": 900})
    assert touched() == {(None, ana.account_id), (ana.pk, None), (bo.pk, None)}


def test_an_engagement_happened_now_unless_it_says_when():
    crm = integrator()
    now = send(crm, "engagements", {"kind": "form", "lead": {"email": "ana@nortex.example"}})
    then = send(
        crm,
        "engagements",
        {"kind": "webinar", "lead": {"email": "ana@nortex.example"}, "occurred_at": "2026-01-05T09:00:00+01:00"},
    )
    assert (now.status_code, then.status_code) == (201, 201)
    assert then.data["occurred_at"] == "2026-01-05T08:00:00Z"
    assert now.data["occurred_at"] > then.data["occurred_at"]
    future = send(
        crm, "engagements", {"kind": "form", "lead": {"email": "a@b.example"}, "occurred_at": "2199-01-01T00:00Z"}
    )
    assert (future.status_code, future.data["field"]) == (400, "occurred_at")


def test_an_engagement_with_an_external_id_is_taken_once():
    crm = integrator()
    body = {"kind": "form", "lead": {"email": "ana@nortex.example"}, "external_system": "forms", "external_id": "s1"}
    first, second = send(crm, "engagements", body), send(crm, "engagements", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.data["uid"] == second.data["uid"]
    assert Engagement.objects.count() == 1


WRONG = [
    ("leads", {}, "email"),
    ("leads", {"email": "ana@nortex"}, "email"),
    ("leads", {"email": "a@b.example", "nmae": "x"}, "nmae"),
    ("leads", {"email": 5}, "email"),
    ("leads", {"email": "a@b.example", "country": "Germany"}, "country"),
    ("leads", {"email": "a@b.example", "language": "German!"}, "language"),
    ("leads", {"email": "a@b.example", "consent": "yes"}, "consent"),
    ("leads", {"email": "a@b.example", "account": {}}, "account.name"),
    ("leads", {"email": "a@b.example", "account": []}, "account"),
    ("leads", {"email": "a@b.example", "account": {"name": "B", "industri": "x"}}, "account.industri"),
    ("leads", {"email": "a@b.example", "account": {"name": "B", "relation": "friend"}}, "account.relation"),
    ("leads", {"email": "a@b.example", "account": {"name": "B", "is_target": "yes"}}, "account.is_target"),
    ("leads", {"email": "a@b.example", "account": {"name": "B", "employee_count": -1}}, "account.employee_count"),
    (
        "leads",
        {"email": "a@b.example", "account": {"name": "B", "employee_count": 10_000_001}},
        "account.employee_count",
    ),
    ("leads", {"email": "a@b.example", "score": 12}, "score"),
    ("leads", {"email": "a@b.example", "uid": "x"}, "uid"),
    ("accounts", {}, "name"),
    ("accounts", {"name": "B", "country": "GER"}, "country"),
    ("accounts", {"name": "B" * 201}, "name"),
    ("accounts", {"name": "B", "external_id": "x" * 201}, "external_id"),
    ("campaigns", {"channel": "webinar"}, "name"),
    ("campaigns", {"name": "x" * 201}, "name"),
    ("engagements", {"kind": "form"}, "lead"),
    ("engagements", {"lead": {"email": "a@b.example"}}, "kind"),
    ("engagements", {"kind": "stalking", "lead": {"email": "a@b.example"}}, "kind"),
    ("engagements", {"kind": "form", "lead": {"email": "a@b"}}, "lead.email"),
    ("engagements", {"kind": "form", "lead": {"email": "a@b.example", "external_id": "x" * 201}}, "lead.external_id"),
    ("engagements", {"kind": "form", "lead": {"email": "a@b.example"}, "external_id": "x" * 201}, "external_id"),
    (
        "engagements",
        {"kind": "form", "lead": {"email": "a@b.example", "account": {"name": "B" * 201}}},
        "lead.account.name",
    ),
    ("engagements", {"kind": "form", "account": {"name": "B" * 201}}, "account.name"),
    ("engagements", {"kind": "form", "account": {"name": "B"}, "campaign": {"channel": "x"}}, "campaign.name"),
    ("engagements", {"kind": "form", "account": {"name": "B"}, "occurred_at": "2026-01-01T00:00"}, "occurred_at"),
    ("engagements", {"kind": "form", "account": {"name": "B"}, "duration_seconds": -1}, "duration_seconds"),
    ("engagements", {"kind": "page_view", "account": {"name": "B"}, "url": "javascript:alert(1)"}, "url"),
    ("engagements", {"kind": "page_view", "account": {"name": "B"}, "url": "ftp://127.0.0.1/"}, "url"),
    ("engagements", {"kind": "page_view", "visitor": {}}, "visitor.external_id"),
    ("engagements", {"kind": "page_view", "visitor": {"external_id": "v", "confidence": 101}}, "visitor.confidence"),
    ("engagements", {"kind": "page_view", "visitor": {"external_id": "v", "cookie": "x"}}, "visitor.cookie"),
]


@pytest.mark.parametrize(("kind", "body", "field"), WRONG)
def test_what_cannot_be_taken_is_400_by_its_whole_path_and_nothing_is_kept(kind, body, field):
    crm = integrator()
    before = rows()
    answer = send(crm, kind, body)
    assert (answer.status_code, answer.data.get("field")) == (400, field), answer.data
    assert answer.data["detail"] == answer.data["errors"][0]["detail"]
    assert rows() == before
    good = ONE_OF_EACH[kind]
    results = send(crm, kind, [body, good]).data["results"]
    assert [row["status"] for row in results] == [400, 201]
    assert results[0]["problem"] == answer.data
    assert MODELS[kind].objects.count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_has_a_result_for_each_in_order(kind):
    crm = integrator()
    good = ONE_OF_EACH[kind]
    results = send(crm, kind, [good, "x", good, None, {"colour": 1}, 12, [], good]).data["results"]
    statuses = [row["status"] for row in results]
    known = 201 if kind == "engagements" else 200
    assert statuses == [201, 400, known, 400, 400, 400, 400, known]
    assert all(set(row) == {"status", kind.removesuffix("s") if row["status"] < 300 else "problem"} for row in results)
    assert MODELS[kind].objects.count() == (3 if kind == "engagements" else 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 501])
def test_a_list_holds_1_to_500(kind, size):
    crm = integrator()
    before = rows()
    answer = send(crm, kind, [ONE_OF_EACH[kind]] * size)
    assert answer.status_code == 400
    assert answer.data["detail"] == f"The body holds {size} {kind}; send 1 to 500 at a time."
    assert rows() == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", ["x", None, 12, True])
def test_a_body_that_is_no_object_is_400(kind, body):
    crm = integrator()
    before = rows()
    assert send(crm, kind, body).status_code == 400
    assert rows() == before


def many(kind: str, count: int, mark: str) -> list[dict[str, object]]:
    def one(n: int) -> dict[str, object]:
        name = f"{mark}{n}"
        account = {"name": name, "domain": f"{name}.example"}
        return {
            "leads": {"email": f"{name}@{name}.example", "account": account},
            "accounts": account,
            "campaigns": {"name": name},
            "engagements": {
                "kind": "page_view",
                "url": "https://leadloop.example/pricing",
                "lead": {"email": f"{name}@{name}.example", "account": account},
                "visitor": {"external_id": name},
                "campaign": {"name": name},
                "external_id": name,
            },
        }[kind]

    return [one(n) for n in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_five_hundred_take_as_many_statements_as_five(kind):
    crm = integrator()
    send(crm, kind, many(kind, 2, "warm"))
    counts = []
    for count, mark in ((5, "a"), (500, "b")):
        for _ in range(2):  # made, and then known
            with CaptureQueriesContext(
                connection,
            ) as found:
                answer = send(crm, kind, many(kind, count, mark))
            assert answer.status_code == 200
            assert {row["status"] for row in answer.data["results"]} <= {200, 201}
            counts.append(len([one for one in found if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]))
    made_few, known_few, made_many, known_many = counts
    # COPY draws its keys first, which is one statement more.
    assert abs(made_many - made_few) <= 3, counts
    assert abs(known_many - known_few) <= 3, counts
    assert made_many < 40


@pytest.mark.parametrize("kind", KINDS)
def test_writing_needs_its_scope_and_reading_another(kind):
    reader, writer = integrator(scopes=["read"]), integrator(scopes=["intake"])
    before = rows()
    refused = send(reader, kind, ONE_OF_EACH[kind])
    assert refused.status_code == 403
    assert "“intake”" in refused.data["detail"]
    assert read(writer, kind).status_code == 403
    assert rows() == before
    made = send(writer, kind, ONE_OF_EACH[kind])
    assert made.status_code == 201
    assert read(writer, f"{kind}/{made.data['uid']}").status_code == 403
    assert read(reader, f"{kind}/{made.data['uid']}").status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_rep_or_a_manager_neither_writes_nor_reads_what_marketing_knows(kind):
    rep = RepFactory()
    uid = send(integrator(), kind, ONE_OF_EACH[kind]).data["uid"]
    before = rows()
    for user in (rep.user, manager_of(rep.team), UserFactory()):
        caller = Caller(user, scopes=ALL_SCOPES)
        assert send(caller, kind, ONE_OF_EACH[kind]).status_code == 403
        assert send(caller, kind, [ONE_OF_EACH[kind]]).status_code == 403
        assert read(caller, kind).status_code == 403
        assert read(caller, f"{kind}/{uid}").status_code == 403
    assert rows() == before
    assert read(Caller(UserFactory(roles=("marketer",))), kind).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_only_get_and_post_and_an_unknown_uid_is_404(kind):
    crm = integrator()
    assert read(crm, f"{kind}/3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11").status_code == 404
    for method in ("put", "patch", "delete"):
        assert getattr(crm.client, method)(f"{API}/{kind}/").status_code == 405
    assert send(crm, f"{kind}/3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11", {}).status_code == 405

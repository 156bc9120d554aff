"""The review queue as a page and by the API."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from feedback.actions import decisions
from feedback.models import Handoff
from leads.actions import duplicates
from leads.actions.people import AccountInput, LeadInput, clean_account, clean_lead, upsert_accounts, upsert_leads
from leads.models import Account, Duplicate, Lead, Verdict
from tests.calling import Caller, answered, integrator, rows
from tests.factories import RepFactory, UserFactory, as_person, offered

pytestmark = pytest.mark.django_db


def lead(email: str, name: str = "", **more) -> Lead:
    return upsert_leads([clean_lead(LeadInput(email=email, name=name, **more))])[0]


def twins(number: int = 0) -> Duplicate:
    nortex = AccountInput(name="Nortex")
    one = lead(f"ana{number}@nortex.example", f"Ana Duarte{number}", account=nortex, phone="030 1234567")
    other = lead(f"a{number}@nortex.example", f"Ana Duarte{number}", account=nortex, title="Head of Operations")
    return duplicates.say_same(one, other)


@pytest.fixture
def mia() -> Client:
    client = Client()
    client.force_login(UserFactory(roles=("marketer",)))
    return client


def page(client: Client, **query: str):
    answer = client.get(reverse("feedback:duplicates"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_pairs_it_says_so(mia: Client):
    assert "Nobody looks like anybody else" in page(mia)


def test_what_is_the_same_and_what_differs_stands_side_by_side(mia: Client):
    pair = twins()
    offered(RepFactory())
    html = " ".join(re.sub(r"<[^>]*>", " ", page(mia)).split())
    assert "A rep said so · Lead, very likely one" in html
    assert "Name Ana Duarte0 · both" in html
    assert "Mail ana0@nortex.example a0@nortex.example" in html
    assert "Phone 030 1234567 not known" in html
    assert "Title not known Head of Operations" in html
    assert "Company Nortex · both" in html
    assert "Handoffs none · both" in html
    assert "Duplicates 1" in html
    assert reverse("feedback:lead", args=[pair.lead.uid]) in page(mia)


@pytest.mark.parametrize("side", ["lead", "other_lead"])
def test_which_of_the_two_survives_is_chosen(mia: Client, side: str):
    pair = twins()
    keep = getattr(pair, side)
    answer = mia.post(reverse("feedback:duplicate-merge", args=[pair.uid]), {"keep": str(keep.uid)}, follow=True)
    assert "Merged: Ana Duarte0 has both histories." in answer.content.decode()
    keep.refresh_from_db()
    assert (keep.merged_into, keep.title, keep.phone) == (None, "Head of Operations", "030 1234567")
    assert Lead.objects.exclude(merged_into=None).count() == 1
    pair.refresh_from_db()
    assert pair.verdict == Verdict.MERGED
    assert "Nobody looks like anybody else" in answer.content.decode()


@pytest.mark.parametrize("keep", ["", "left", "3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11"])
def test_a_third_does_not_survive(mia: Client, keep: str):
    pair = twins()
    before = rows()
    assert mia.post(reverse("feedback:duplicate-merge", args=[pair.uid]), {"keep": keep}).status_code == 400
    assert rows() == before


def test_not_the_same_can_be_taken_back(mia: Client):
    pair = twins()
    answer = mia.post(reverse("feedback:duplicate-apart", args=[pair.uid]), follow=True)
    again = reverse("feedback:duplicate-again", args=[pair.uid])
    assert "Nobody looks like anybody else" in answer.content.decode()
    assert again in answer.content.decode()
    assert mia.post(reverse("feedback:duplicate-apart", args=[pair.uid])).status_code == 409
    answer = mia.post(again, follow=True)
    assert "A rep said so" in answer.content.decode()


def test_companies_are_merged_as_well(mia: Client):
    keep, drop = upsert_accounts(
        [
            clean_account(AccountInput(name="Nortex GmbH", domain="nortex.example")),
            clean_account(AccountInput(name="Nortex")),
        ]
    )
    duplicates.find((), [keep.pk, drop.pk])
    assert "The same name" in page(mia)
    pair = Duplicate.objects.get()
    mia.post(reverse("feedback:duplicate-merge", args=[pair.uid]), {"keep": str(keep.uid)})
    assert list(Account.objects.filter(merged_into=keep)) == [drop]


def test_long_lists_come_in_pages_the_most_alike_first(mia: Client):
    for number in range(23):
        twins(number)
    Duplicate.objects.filter(pk=Duplicate.objects.latest("pk").pk).update(score=71)
    first = page(mia)
    assert first.count("<caption") == 20
    assert "Ana Duarte22" not in first
    (after,) = re.findall(r"\?after=([\w-]+)", first)
    assert page(mia, after=after).count("<caption") == 3
    assert mia.get(reverse("feedback:duplicates"), {"after": "x"}).status_code == 400
    assert first.count('data-key="l"') == 1


def test_it_costs_the_same_for_one_pair_and_for_twenty(mia: Client, django_assert_max_num_queries):
    twins(0)
    page(mia)
    with django_assert_max_num_queries(8) as one:
        page(mia)
    for number in range(1, 20):
        twins(number)
    with django_assert_max_num_queries(len(one)):
        page(mia)


def test_both_with_sales_is_said_before_it_is_decided(mia: Client):
    rep = RepFactory()
    one, other = offered(rep), offered(rep)
    decisions.accept(other.uid, by=as_person(rep))
    duplicates.say_same(one.lead, other.lead)
    assert "the handoff that is further along goes on" in page(mia)


def call(caller: Caller, name: str, *args, data: object):
    return caller.raw(reverse(f"intake-api:{name}", args=args), json.dumps(data))


def test_by_the_api_pairs_are_listed_and_leads_merged():
    crm, pair = integrator(), twins()
    listed = answered(crm.client.get(reverse("intake-api:duplicates")))
    assert [one["uid"] for one in listed.data["results"]] == [str(pair.uid)]
    assert [one["uid"] for one in listed.data["results"][0]["leads"]] == [str(pair.lead.uid), str(pair.other_lead.uid)]
    for _ in range(2):
        answer = call(crm, "lead-merge", pair.lead.uid, data={"drop": str(pair.other_lead.uid)})
        assert (answer.status_code, answer.data["uid"]) == (200, str(pair.lead.uid))
        assert answer.data["title"] == "Head of Operations"
    assert answered(crm.client.get(reverse("intake-api:duplicates"))).data["results"] == []
    back = call(crm, "lead-merge", pair.other_lead.uid, data={"drop": str(pair.lead.uid)})
    assert back.status_code == 409


def test_by_the_api_accounts_are_merged():
    keep, drop = upsert_accounts([clean_account(AccountInput(name=name)) for name in ("Nortex", "Nortex GmbH")])
    answer = call(integrator(), "account-merge", keep.uid, data={"drop": str(drop.uid)})
    assert (answer.status_code, answer.data["name"]) == (200, "Nortex")
    drop.refresh_from_db()
    assert drop.merged_into == keep


@pytest.mark.parametrize(
    ("data", "status"),
    [
        *(({}, 400), ([], 400), ({"drop": "x"}, 400), ({"drop": None}, 400), ({"drop": "itself"}, 400)),
        *(({"drop": "3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11"}, 404), ({"drop": "itself", "keep": 1}, 400)),
    ],
)
def test_by_the_api_a_refusal_changes_nothing(data: object, status: int):
    pair = twins()
    crm = integrator()
    if isinstance(data, dict) and data.get("drop") == "itself":
        data["drop"] = str(pair.lead.uid)
    before = rows()
    assert call(crm, "lead-merge", pair.lead.uid, data=data).status_code == status
    assert rows() == before


def test_by_the_api_it_takes_the_scope_of_intake():
    pair = twins()
    reader = integrator(scopes=("read", "offer", "decide"))
    assert call(reader, "lead-merge", pair.lead.uid, data={"drop": str(pair.other_lead.uid)}).status_code == 403
    assert answered(reader.client.get(reverse("intake-api:duplicates"))).status_code == 403
    assert not Lead.objects.exclude(merged_into=None).exists()
    assert Handoff.objects.count() == 0


def test_what_was_set_apart_is_taken_back_without_a_script_as_well():
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(UserFactory(roles=("marketer",)))
    pair = twins()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page(careful))[0]
    apart = reverse("feedback:duplicate-apart", args=[pair.uid])
    answer = careful.post(apart, {"csrfmiddlewaretoken": token}, follow=True).content.decode()
    toast = answer[answer.index("data-toast>") :]
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', toast)
    again = reverse("feedback:duplicate-again", args=[pair.uid])
    assert careful.post(again, {"csrfmiddlewaretoken": token}).status_code == 302
    pair.refresh_from_db()
    assert pair.verdict == Verdict.OPEN

"""What people fill in on a website becomes a lead with its story; what programs fill in is thanked and kept out."""

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads.forms_web import make_token
from leads.models import Account, Campaign, Engagement, JournalEntry, JournalNote, KeptOut, Lead, WebForm
from tests.calling import rows
from tests.leads.websites import ANA, BROWSER, ORIGIN, a_form, a_view, a_website, say

pytestmark = pytest.mark.django_db

ANA_FILLED = {"name": "Ana Duarte", "email": "Ana.Duarte@Nortex.example", "company": "Nortex", "message": "A demo?"}
UNMARKED = {"leads_allowance", "leads_keptout"}


def aged_token(form: WebForm, *, seconds: int = 10) -> str:
    """A token that was fetched a while ago."""
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds), tick=False):
        return make_token(form)


def send(form: WebForm, given: dict[str, object], *, origin: str = ORIGIN, token: str | None = None, **more):
    token = aged_token(form) if token is None else token
    fields = {**given, **({"leadloop_token": token} if token else {})}
    headers = {"User-Agent": BROWSER, **({"Origin": origin} if origin else {}), **more.pop("headers", {})}
    return Client().post(reverse("leads:form", args=[form.key]), fields, headers=headers, **more)


def kept() -> dict[str, tuple[int, str]]:
    """Every table but the counters of tries."""
    return {table: what for table, what in rows().items() if table not in UNMARKED}


# --- what people send ------------------------------------------------------------------------------------------------


def test_a_filled_form_becomes_a_lead_with_company_campaign_and_engagement():
    form = a_form()
    answer = send(form, ANA_FILLED)
    assert (answer.status_code, answer["Location"]) == (303, reverse("leads:form-thanks", args=[form.key]))
    lead = Lead.objects.get()
    assert (lead.email, lead.name, lead.consent) == ("ana.duarte@nortex.example", "Ana Duarte", "unknown")
    assert lead.account is not None
    assert (lead.account.domain, lead.account.name) == ("nortex.example", "Nortex")
    filled = Engagement.objects.get()
    assert (filled.kind, filled.lead, filled.campaign, filled.subject) == ("form", lead, form.campaign, "Talk to us")
    entry = JournalEntry.objects.get(kind="form.filled")
    assert (entry.lead_uid, entry.actor_label, entry.via) == (lead.uid, "Talk to us", "form")
    assert JournalNote.objects.get(entry=entry).text == "A demo?"
    assert not answer.cookies


def test_the_page_of_thanks_is_the_websites_own():
    form = a_form(thanks_url=f"{ORIGIN}/thanks?from=form")
    assert send(form, ANA_FILLED)["Location"] == f"{ORIGIN}/thanks?from=form"


def test_names_of_its_own():
    form = a_form(fields={"your-mail": "email", "first": "first_name", "last": "last_name", "ok": "consent"})
    send(form, {"your-mail": "ana@nortex.example", "first": "Ana", "last": "Duarte", "ok": "on", "company": "ignored"})
    lead = Lead.objects.get()
    assert (lead.name, lead.consent) == ("Ana Duarte", "opt_in")
    assert lead.account is not None
    assert lead.account.name == "nortex.example"


def test_its_fields_stand_as_people_fill_them_in():
    form = a_form(fields={"ok": "consent", "how": "message", "your-mail": "email", "who": "name"})
    shown = Client().get(reverse("leads:form", args=[form.key])).content.decode()
    assert re.findall(r'name="(ok|how|your-mail|who)"', shown) == ["who", "your-mail", "how", "ok"]


def test_json_is_answered_in_json_and_readable_by_the_website_alone():
    form = a_form()
    body = {**ANA_FILLED, "consent": True, "leadloop_token": aged_token(form)}
    address = reverse("leads:form", args=[form.key])
    answer = Client().post(address, body, content_type="application/json", headers={"Origin": ORIGIN})
    assert answer.json() == {"thanks": True}
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert Lead.objects.get().consent == "opt_in"
    asked = Client().options(address, headers={"Origin": ORIGIN})
    assert asked["Access-Control-Allow-Headers"] == "Content-Type"
    elsewhere = Client().options(address, headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in elsewhere


def test_the_visitor_who_fills_it_in_brings_their_visits_along():
    website = a_website()
    form = a_form(website)
    say(a_view(website))
    send(form, {**ANA_FILLED, "leadloop_visitor": ANA})
    lead = Lead.objects.get()
    assert list(Engagement.objects.order_by("id").values_list("kind", "lead")) == [
        ("page_view", lead.pk),
        ("form", lead.pk),
    ]
    assert Engagement.objects.get(kind="form").visitor == lead.visitors.get()


def test_mail_of_everybody_names_no_company():
    send(a_form(), {"name": "Ana", "email": "ana@gmail.com"})
    assert Lead.objects.get().account is None


# --- a stranger can write anybody's address --------------------------------------------------------------------------


def test_what_is_known_stays_and_what_was_missing_is_added():
    account = Account.objects.create(name="Nortex", domain="nortex.example")
    other = Account.objects.create(name="Brenn")
    Lead.objects.create(email="ana.duarte@nortex.example", name="Ana Duarte", account=other, consent="opt_out")
    form = a_form(fields={"name": "name", "email": "email", "company": "company", "phone": "phone", "ok": "consent"})
    evil = {"name": "Nobody", "email": "ana.duarte@nortex.example", "company": "Evil", "phone": "+49 1", "ok": "on"}
    send(form, evil)
    lead = Lead.objects.get()
    assert (lead.name, lead.phone, lead.account, lead.consent) == ("Ana Duarte", "+49 1", other, "opt_out")
    account.refresh_from_db()
    assert account.name == "Nortex"
    assert Account.objects.count() == 2


def test_a_known_and_an_unknown_address_get_the_same_answer():
    form = a_form()
    Lead.objects.create(email="known@nortex.example")
    answers = [send(form, {"email": f"{name}@nortex.example"}) for name in ("known", "unknown")]
    assert len({(one.status_code, one.content, one["Location"], tuple(one.headers)) for one in answers}) == 1


# --- what has to change ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [{}, {"email": ""}, {"email": "a@b"}, {"email": "ana"}, {"email": "a@b.co\x00"}, {"name": "x" * 201}],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(given):
    form, before = a_form(), kept()
    before = kept()
    page = send(form, given)
    assert page.status_code == 400
    assert 'class="field wrong"' in page.content.decode()
    assert 'name="leadloop_token"' in page.content.decode()
    problem = send(form, given, headers={"Accept": "application/json"})
    assert problem.status_code == 400
    assert problem["Content-Type"] == "application/problem+json"
    assert problem.json()["field"] in ("email", "name")
    assert kept() == before


def test_a_country_that_is_none_is_the_fields_own_mistake():
    form = a_form(fields={"mail": "email", "land": "country"})
    problem = send(form, {"mail": "a@nortex.example", "land": "12"}, headers={"Accept": "application/json"})
    assert problem.json()["field"] == "land"
    assert not Lead.objects.exists()


def test_a_form_without_a_token_comes_back_filled_in_to_be_sent_once_more():
    form = a_form()
    page = send(form, {**ANA_FILLED, "message": "<b>A demo?</b>"}, token="")
    text = page.content.decode()
    assert page.status_code == 400
    assert "send it once more" in text
    assert "Ana Duarte" in text
    assert "<b>A demo?" not in text
    assert not Lead.objects.exists()
    token = re.search(r'name="leadloop_token" value="([^"]+)"', text)
    assert token is not None
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2), tick=True):
        assert send(form, ANA_FILLED, token=token[1], origin="http://testserver").status_code == 303
    assert Lead.objects.exists()


def test_the_mistake_does_not_use_the_token_up():
    form = a_form()
    token = aged_token(form)
    assert send(form, {"email": "nonsense"}, token=token).status_code == 400
    assert send(form, ANA_FILLED, token=token).status_code == 303
    assert Lead.objects.exists()


# --- what programs send ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"homepage": "https://spam.example"}, "trap"),
        ({"name": "Win now https://spam.example"}, "links"),
        ({"company": "www.spam.example"}, "links"),
        ({"message": "http://a.example http://b.example http://c.example"}, "links"),
        ({"email": "x@mailinator.com"}, "disposable"),
    ],
)
def test_what_gives_itself_away_is_thanked_and_kept_out(given, why):
    form = a_form()
    before = kept()
    thanked = send(form, {**ANA_FILLED, **given})
    assert (thanked.status_code, thanked["Location"]) == (303, reverse("leads:form-thanks", args=[form.key]))
    assert kept() == before
    assert KeptOut.objects.values_list("why", "count").get() == (why, 1)
    send(form, {**ANA_FILLED, **given})
    assert KeptOut.objects.values_list("why", "count").get() == (why, 2)


def test_nobody_fills_in_a_form_in_a_moment():
    form = a_form()
    asked = send(form, ANA_FILLED, token=make_token(form))
    assert asked.status_code == 400
    assert "send it once more" in asked.content.decode()
    assert KeptOut.objects.get().why == "too_fast"
    assert not Lead.objects.exists()


def test_a_token_that_came_late_over_a_slow_line_loses_nobody():
    form = a_form()
    token = make_token(form, least_seconds=1)
    assert send(form, ANA_FILLED, token=token).status_code == 400
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)):
        assert send(form, ANA_FILLED, token=token).status_code == 303
    assert Lead.objects.get().name == ANA_FILLED["name"]


def test_a_token_is_good_for_one_sending():
    form = a_form()
    token = aged_token(form)
    send(form, ANA_FILLED, token=token)
    assert send(form, {**ANA_FILLED, "email": "next@nortex.example"}, token=token).status_code == 303
    assert Lead.objects.count() == Engagement.objects.count() == 1
    assert KeptOut.objects.get().why == "repeated"


def test_a_token_of_another_form_an_old_one_and_a_forged_one_are_none():
    form = a_form()
    other = a_form(form.website, name="Newsletter", campaign=form.campaign)
    for token in (aged_token(other), aged_token(form, seconds=3_700), "forged", aged_token(form)[:-2] + "xx"):
        assert send(form, ANA_FILLED, token=token).status_code == 400
    assert not Lead.objects.exists()


def test_an_honest_link_in_a_message_is_no_spam():
    send(a_form(), {**ANA_FILLED, "message": "We are https://nortex.example, see https://nortex.example/team"})
    assert Lead.objects.exists()


def test_one_network_can_only_send_so_often(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leads.views_forms.NETWORK_LIMIT", 1)
    form = a_form()
    send(form, ANA_FILLED)
    refused = send(form, {**ANA_FILLED, "email": "next@nortex.example"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert Lead.objects.count() == 1


def test_one_form_can_only_be_sent_so_often(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leads.views_forms.FORM_A_MINUTE", 0)
    assert send(a_form(), ANA_FILLED).status_code == 429
    assert not Lead.objects.exists()


# --- where from ------------------------------------------------------------------------------------------------------


def test_another_website_and_no_form_get_the_same_answer():
    form = a_form()
    before = kept()
    answers = [send(form, ANA_FILLED, origin=origin) for origin in ("https://elsewhere.example", "", ORIGIN[:-1])]
    form.key = "nosuchformnosuch"
    answers.append(send(form, ANA_FILLED))
    assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
    assert kept() == before


@pytest.mark.parametrize("change", [{"is_active": False}, {"website__is_active": False}])
def test_a_form_that_is_switched_off_is_not_there(change):
    form = a_form()
    if "is_active" in change:
        WebForm.objects.update(is_active=False)
    else:
        form.website.is_active = False
        form.website.save()
    assert send(form, ANA_FILLED).status_code == 404
    assert Client().get(reverse("leads:form", args=[form.key])).status_code == 404
    assert Client().get(reverse("leads:form-token", args=[form.key])).status_code == 404


# --- a page of ours --------------------------------------------------------------------------------------------------


def test_a_form_is_a_page_of_its_own_without_script_cookie_or_frame():
    form = a_form(thanks_url=f"{ORIGIN}/thanks")
    page = Client().get(reverse("leads:form", args=[form.key]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "<script" not in text
    assert not page.cookies
    assert page["X-Frame-Options"] == "DENY"
    policy = page["Content-Security-Policy"]
    assert f"form-action 'self' {ORIGIN}" in policy
    assert "frame-ancestors 'none'" in policy
    token = re.search(r'name="leadloop_token" value="([^"]+)"', text)
    assert token is not None


def test_a_token_is_fetched_by_the_website_alone():
    form = a_form()
    address = reverse("leads:form-token", args=[form.key])
    assert Client().get(address, headers={"Origin": ORIGIN})["Access-Control-Allow-Origin"] == ORIGIN
    answer = Client().get(address, headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in answer
    assert answer["Cache-Control"] == "no-store"


def test_a_campaign_of_the_crm_is_the_same_campaign():
    crm = Campaign.objects.create(name="Forms", external_system="crm", external_id="c-1")
    send(a_form(campaign=crm), ANA_FILLED)
    assert Engagement.objects.get().campaign == crm
    assert Campaign.objects.count() == 1

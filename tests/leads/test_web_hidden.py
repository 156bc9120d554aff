"""Forms of websites whose policy hides where they are: a token stands for the origin it was given to, and no other."""

import base64
import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads.models import Allowance, Engagement, KeptOut, Lead, Visitor, WebForm
from tests.leads.test_web_forms import ANA_FILLED, aged_token, kept, send
from tests.leads.websites import ANA, BROWSER, ORIGIN, a_form, a_view, a_website, say

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def fetched_token(form: WebForm, *, origin: str = ORIGIN, network: str = HOME, seconds: int = 10) -> str:
    """A token that a script of this origin fetched a while ago, in a browser of this network."""
    address, headers = reverse("leads:form-token", args=[form.key]), {"Origin": origin} if origin else {}
    with time_machine.travel(dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds), tick=False):
        return Client(REMOTE_ADDR=network).get(address, headers=headers).json()["token"]


def send_hidden(form: WebForm, token: str, *, network: str = HOME, **more: str):
    return send(form, {**ANA_FILLED, **more}, origin="null", token=token, REMOTE_ADDR=network)


def asked_once_more(answer) -> bool:
    return answer.status_code == 400 and "send it once more" in answer.content.decode()


# --- what is taken ---------------------------------------------------------------------------------------------------


def test_a_token_that_the_website_fetched_stands_for_its_origin():
    website = a_website()
    form = a_form(website, thanks_url=f"{ORIGIN}/thanks")
    say(a_view(website))
    answer = send_hidden(form, fetched_token(form), leadloop_visitor=ANA)
    assert (answer.status_code, answer["Location"]) == (303, f"{ORIGIN}/thanks")
    assert "Access-Control-Allow-Origin" not in answer
    filled = Engagement.objects.get(kind="form")
    assert (filled.lead, filled.url) == (Lead.objects.get(), ORIGIN)
    assert Visitor.objects.get().lead == filled.lead


def test_without_scripts_it_is_sent_once_more_from_a_page_of_ours():
    form = a_form()
    page = send_hidden(form, "")
    assert asked_once_more(page)
    text = page.content.decode()
    assert ANA_FILLED["name"] in text
    token = re.search(r'name="leadloop_token" value="([^"]+)"', text)
    assert token is not None
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2), tick=True):
        sent = send(form, ANA_FILLED, token=token[1], origin="http://testserver", REMOTE_ADDR=HOME)
    assert sent.status_code == 303
    assert Lead.objects.get().name == ANA_FILLED["name"]


def test_a_page_of_ours_that_is_hidden_too_does_not_ask_for_ever():
    form = a_form()
    text = Client(REMOTE_ADDR=HOME).get(reverse("leads:form", args=[form.key])).content.decode()
    token = re.search(r'name="leadloop_token" value="([^"]+)"', text)
    assert token is not None
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3), tick=True):
        assert send_hidden(form, token[1]).status_code == 303
    assert Engagement.objects.get().url == "http://testserver"


def test_ipv6_is_one_network_by_its_first_half():
    form = a_form()
    assert send_hidden(form, fetched_token(form, network="2001:db8::1"), network="2001:db8::2").status_code == 303
    assert asked_once_more(send_hidden(form, fetched_token(form, network="2001:db8::1"), network="2001:db8:0:1::1"))


# --- what is not -----------------------------------------------------------------------------------------------------


def test_no_other_token_stands_for_the_website():
    form, other = a_form(), a_form(a_website(name="two.example", origins=["https://two.example"]), name="Other")
    tokens = {
        "none": "",
        "of nobody": aged_token(form),
        "of another origin": fetched_token(form, origin="https://elsewhere.example"),
        "of another website": fetched_token(form, origin="https://two.example"),
        "of a hidden page": fetched_token(form, origin="null"),
        "of no page": fetched_token(form, origin=""),
        "of another form": fetched_token(other, origin="https://two.example"),
        "too old": fetched_token(form, seconds=3_700),
        "forged": fetched_token(form)[:-2] + "xx",
        "of another network": fetched_token(form, network=ELSEWHERE),
    }
    before = kept()
    for name, token in tokens.items():
        assert asked_once_more(send_hidden(form, token)), name
    assert kept() == before
    assert not KeptOut.objects.exists()


def test_an_origin_that_was_taken_away_stands_for_nothing():
    form = a_form()
    token = fetched_token(form)
    form.website.origins = ["https://new.example"]
    form.website.save()
    assert asked_once_more(send_hidden(form, token))
    assert not Lead.objects.exists()


def test_a_token_of_the_website_opens_nothing_to_another_origin():
    form = a_form()
    before = kept()
    for origin in ("https://elsewhere.example", ""):
        answer = send(form, ANA_FILLED, origin=origin, token=fetched_token(form), REMOTE_ADDR=HOME)
        assert answer.status_code == 404
    assert kept() == before


def test_no_script_of_another_origin_reads_a_token():
    form = a_form()
    address = reverse("leads:form-token", args=[form.key])
    for origin in ("https://elsewhere.example", "null", ""):
        answer = Client().get(address, headers={"Origin": origin} if origin else {})
        assert "Access-Control-Allow-Origin" not in answer, origin
    assert Client().get(address, headers={"Origin": ORIGIN})["Access-Control-Allow-Origin"] == ORIGIN


def test_scripts_say_where_they_are_or_are_refused():
    form = a_form()
    token, address = fetched_token(form), reverse("leads:form", args=[form.key])
    before = kept()
    told = {"Origin": "null", "User-Agent": BROWSER}
    body = {**ANA_FILLED, "leadloop_token": token}
    caller = Client(REMOTE_ADDR=HOME)
    assert caller.post(address, body, content_type="application/json", headers=told).status_code == 404
    assert caller.post(address, body, headers={**told, "Accept": "application/json"}).status_code == 404
    assert caller.options(address, headers=told).status_code == 404
    assert kept() == before


def test_who_hides_without_a_token_spends_nobodys_tries(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leads.views_forms.FORM_A_MINUTE", 1)
    monkeypatch.setattr("leads.views_forms.NETWORK_LIMIT", 1)
    form = a_form()
    for _ in range(3):
        assert asked_once_more(send_hidden(form, ""))
    assert not Allowance.objects.exists()
    assert send_hidden(form, fetched_token(form)).status_code == 303
    assert send_hidden(form, fetched_token(form)).status_code == 429


def test_who_hides_brings_no_visits_of_anybody_along():
    website = a_website()
    form = a_form(website)
    say(a_view(website))
    page = send_hidden(form, "", leadloop_visitor=ANA)
    assert asked_once_more(page)
    assert ANA not in page.content.decode()


def test_a_token_stands_for_one_sending_of_a_hidden_page_too():
    form = a_form()
    token = fetched_token(form)
    assert send_hidden(form, token).status_code == 303
    assert send_hidden(form, token, email="next@nortex.example").status_code == 303
    assert Lead.objects.count() == 1
    assert KeptOut.objects.get().why == "repeated"


def test_a_token_tells_no_address():
    form = a_form()
    assert fetched_token(form, network=HOME) != fetched_token(form, network=ELSEWHERE)
    decoded = base64.urlsafe_b64decode(fetched_token(form).split(":")[0] + "==").decode()
    assert ORIGIN in decoded
    assert HOME not in decoded

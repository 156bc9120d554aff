"""The snippet as it is served, and what its messages become."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.actions.clock import database_now
from leads.models import Account, Engagement, EngagementDay, Lead, PageGroup, Visitor, Website
from leads.reports.websites import heard_of, system_of
from tests.leads.websites import ANA, ORIGIN, VIEW, a_view, a_website, say

pytestmark = pytest.mark.django_db


# --- the scripts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["collect.js", "form.js"])
def test_the_script_is_tiny_and_kept_by_browsers(name: str):
    served = Client().get(f"/{name}")
    assert served.status_code == 200
    assert 200 < len(served.content) < 2_048
    assert "Content-Encoding" not in served
    assert served["Content-Type"] == "text/javascript; charset=utf-8"
    assert "max-age=86400" in served["Cache-Control"]
    assert served["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not served.cookies
    again = Client().get(f"/{name}", headers={"If-None-Match": served["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_script_names_nobody_else():
    served = Client().get("/collect.js").content.decode()
    assert "http:" not in served
    assert "https:" not in served
    assert "cookie" not in served
    assert "//" not in served


# --- page views ------------------------------------------------------------------------------------------------------


def test_a_page_view_becomes_an_engagement_of_a_visitor():
    PageGroup.objects.create(key="pricing", label="Pricing", patterns=[{"operator": "prefix", "value": "/pricing"}])
    website = a_website()
    answer = say(a_view(website))
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    assert not answer.cookies
    view = Engagement.objects.get()
    assert (view.kind, view.subject, view.url) == ("page_view", "Pricing", f"{ORIGIN}/pricing")
    assert view.page_group == "pricing"
    assert view.visitor is not None
    assert (view.visitor.external_system, view.visitor.external_id) == (system_of(website), ANA)
    assert view.visitor.lead is None
    website.refresh_from_db()
    assert website.last_view_at is not None
    assert heard_of(website, now=timezone.now()).today_count == 1


def test_leaving_tells_how_long_it_took_and_is_no_second_view():
    website = a_website()
    say(a_view(website))
    began_at = Engagement.objects.get().occurred_at
    say(a_view(website, seconds=42))
    view = Engagement.objects.get()
    assert (view.duration_seconds, view.occurred_at) == (42, began_at)
    assert EngagementDay.objects.get().count == 1


def test_a_view_whose_beginning_was_lost_is_kept_when_it_ends():
    website = a_website()
    say(a_view(website, seconds=60))
    view = Engagement.objects.get()
    assert view.duration_seconds == 60
    assert dt.timedelta(seconds=59) < database_now() - view.occurred_at < dt.timedelta(seconds=90)


def test_a_stay_of_days_is_no_stay():
    website = a_website()
    say(a_view(website, seconds=10**9))
    assert Engagement.objects.get().duration_seconds == 4 * 3600


def test_where_a_visitor_came_from_is_kept_once_and_only_from_outside():
    website = a_website()
    say(a_view(website, **{"from": "https://search.example/find"}))
    say(a_view(website, view=f"{VIEW}2", path="/docs", **{"from": f"{ORIGIN}/pricing"}))
    say(a_view(website, view=f"{VIEW}3", path="/team", **{"from": "https://other.example/"}))
    assert Visitor.objects.get().came_from == "https://search.example/find"


def test_no_address_of_the_visitor_is_kept():
    website = a_website()
    say(a_view(website), **{"X-Forwarded-For": "198.51.100.77"})
    kept = [str(row) for model in (Engagement, Visitor, EngagementDay, Website) for row in model.objects.values()]
    assert not [row for row in kept if "127.0.0.1" in row or "198.51.100.77" in row]


# --- what is not taken -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_a_browser_that_says_no_is_believed(headers: dict[str, str]):
    assert say(a_view(a_website()), **headers).status_code == 204
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("agent", ["", "Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/8.5", "HeadlessChrome/140"])
def test_programs_are_not_visitors(agent: str):
    assert say(a_view(a_website()), agent=agent).status_code == 204
    assert not Visitor.objects.exists()


def test_a_wrong_origin_and_an_unknown_key_get_the_same_answer():
    website = a_website()
    refused = [
        say(a_view(website), origin="https://elsewhere.example"),
        say(a_view(website, site="nosuchkeynosuch")),
        say(a_view(website), origin=""),
        say(a_view(website), origin=f"{ORIGIN}.evil.example"),
        say(a_view(website), origin="null"),
    ]
    assert {(one.status_code, one.content, tuple(sorted(one.headers))) for one in refused} == {
        (204, b"", tuple(sorted(refused[0].headers)))
    }
    assert "Access-Control-Allow-Origin" not in refused[0]
    assert not Visitor.objects.exists()


def test_a_website_that_is_switched_off_hears_nothing():
    say(a_view(a_website(is_active=False)))
    assert not Visitor.objects.exists()


def test_one_network_can_only_say_so_much(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leads.views_collect.NETWORK_A_MINUTE", 2)
    website = a_website()
    answers = [say(a_view(website, view=f"{VIEW}{n}")).status_code for n in range(4)]
    assert answers == [204] * 4
    assert Engagement.objects.count() == 2


def test_one_website_can_only_say_so_much(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("leads.views_collect.WEBSITE_A_MINUTE", 1)
    website, other = a_website(), a_website(name="other.example")
    say(a_view(website)), say(a_view(website, view=f"{VIEW}2")), say(a_view(other))
    assert Engagement.objects.count() == 2


def test_a_view_takes_a_fixed_number_of_statements(django_assert_max_num_queries):
    website = a_website()
    say(a_view(website, **{"from": "https://search.example/"}))
    with django_assert_max_num_queries(24):
        say(a_view(website, view=f"{VIEW}2", **{"from": "https://search.example/"}))


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_consent_taken_back_takes_the_views_along():
    website = a_website()
    say(a_view(website)), say(a_view(website, visitor=f"{ANA}2", view=f"{VIEW}2"))
    assert say({"site": website.key, "visitor": ANA, "forget": True}).status_code == 204
    assert list(Visitor.objects.values_list("external_id", flat=True)) == [f"{ANA}2"]
    assert Engagement.objects.count() == EngagementDay.objects.count() == 1


def test_the_story_of_a_lead_stays_when_their_browser_is_forgotten():
    website = a_website()
    say(a_view(website))
    lead = Lead.objects.create(email="ana@nortex.example", account=Account.objects.create(name="Nortex"))
    Visitor.objects.update(lead=lead, identified_at=timezone.now())
    Engagement.objects.update(lead=lead)
    say({"site": website.key, "visitor": ANA, "forget": True})
    assert Engagement.objects.get().lead == lead
    assert Visitor.objects.get().external_id == ""


def test_nobody_makes_another_website_forget():
    website, other = a_website(), a_website(name="other.example", origins=["https://other.example"])
    say(a_view(website))
    say({"site": other.key, "visitor": ANA, "forget": True}, origin="https://other.example")
    say({"site": website.key, "visitor": ANA, "forget": True}, origin="https://other.example")
    assert Visitor.objects.count() == 1


def test_the_address_answers_nothing_but_messages():
    assert Client().get(reverse("leads:collect")).status_code == 405

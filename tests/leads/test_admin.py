"""Keys are made and revoked, messages sent again, records looked at, leads edited in one normal form."""

import pytest
from django.test import Client
from django.utils import timezone

from leads.actions import outbox
from leads.actions.api_keys import digest
from leads.models import Account, ApiKey, Campaign, JournalEntry, Lead, OutboxMessage
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.factories import RepFactory, UserFactory, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return entered(staff("operations", username="olga"))


def key_form(**values):
    user = UserFactory(roles=("integrator",), username="crm")
    return {"user": user.pk, "name": "CRM", "scopes": ["read", "offer"]} | values


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_never_again(client):
    made = client.post(page("leads_apikey", "add"), key_form())
    row = ApiKey.objects.get()
    key = made.context["key"]
    assert key in made.content.decode()
    assert digest(key) == row.key_hash
    assert "no-store" in made["Cache-Control"]
    assert not any(key in str(cookie) for cookie in made.cookies.values())
    listed, shown = client.get(page("leads_apikey")), client.get(page("leads_apikey", "change", row.pk))
    for later in (listed.content.decode(), shown.content.decode()):
        assert f"{row.prefix}…{row.last_four}" in later
        assert key not in later
        assert row.key_hash not in later
    assert JournalEntry.objects.get(kind="api_key.made").via == "admin"
    assert client.post(page("leads_apikey", "change", row.pk), {"name": "Other"}).status_code == 403


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"name": " "}, "name"),
        ({"expires_at": "2020-01-01T00:00"}, "expires_at"),
        ({"user": "999999"}, "user"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(client, values, field):
    response = client.post(page("leads_apikey", "add"), key_form(**values))
    assert field in response.context["adminform"].form.errors
    assert not ApiKey.objects.exists()


def test_a_key_belongs_to_a_service_account(client):
    sam = UserFactory(roles=("rep",))
    response = client.post(page("leads_apikey", "add"), key_form(user=sam.pk))
    assert "user" in response.context["adminform"].form.errors


def test_a_key_is_revoked_from_the_list(client):
    client.post(page("leads_apikey", "add"), key_form())
    row = ApiKey.objects.get()
    client.post(page("leads_apikey"), {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert JournalEntry.objects.get(kind="api_key.revoked").via == "admin"


# --- messages --------------------------------------------------------------------------------------------------------


def message(*, is_dead):
    outbox.enqueue("mail", target="nobody", payload={"renderer": "x"}, dedup_key=f"key {is_dead}")
    if is_dead:
        outbox.dead(outbox.claim("mail"), error="no")
    return OutboxMessage.objects.get(dedup_key=f"key {is_dead}")


def test_what_was_given_up_is_sent_again_on_request(client):
    row, waiting = message(is_dead=True), message(is_dead=False)
    posted = {"action": "retry", "_selected_action": [row.pk, waiting.pk]}
    answer = client.post(page("leads_outboxmessage"), posted, follow=True)
    row.refresh_from_db()
    assert (row.state, row.attempt_count) == ("waiting", 0)
    assert "Only what was given up can be retried" in answer.content.decode()
    assert JournalEntry.objects.filter(kind="message.retried", via="admin").count() == 1


def test_only_who_may_sends_again():
    row = message(is_dead=True)
    mia = entered(staff("marketer"))
    mia.post(page("leads_outboxmessage"), {"action": "retry", "_selected_action": [row.pk]})
    assert OutboxMessage.objects.get().state == "dead"


def test_messages_and_journal_are_only_looked_at(client):
    offered(RepFactory())
    for model, row in (("outboxmessage", message(is_dead=False)), ("journalentry", JournalEntry.objects.first())):
        url = page(f"leads_{model}", "change", row.pk)
        assert client.get(url).status_code == 200
        assert client.post(url, {"state": "sent", "kind": "x"}).status_code == 403
        assert client.get(page(f"leads_{model}", "add")).status_code == 403
        assert client.post(page(f"leads_{model}", "delete", row.pk), {"post": "yes"}).status_code == 403
    assert OutboxMessage.objects.get().state == "waiting"


def test_the_journal_is_searched_by_handoff(client):
    handoff = offered(RepFactory())
    offered(RepFactory())
    found = client.get(f"{page('leads_journalentry')}?q={handoff.uid}").context["cl"].result_list
    assert {entry.handoff_uid for entry in found} == {handoff.uid}


# --- leads, accounts, campaigns --------------------------------------------------------------------------------------


def test_a_lead_keeps_one_normal_form(client):
    lead = Lead.objects.create(name="Ana", email="ana@nortex.example")
    url = page("leads_lead", "change", lead.pk)
    posted = filled(client.get(url))
    assert client.post(url, posted | {"email": "Ana.Duarte@Nortex.EXAMPLE"}).status_code == 302
    lead.refresh_from_db()
    assert lead.email == "ana.duarte@nortex.example"
    again = filled(client.get(url))
    refused = client.post(url, again | {"email": "a@b.co, evil@x.y"})
    assert "email" in refused.context["adminform"].form.errors


def test_suppression_is_not_lifted_by_a_form(client):
    lead = Lead.objects.create(name="Ana", email="ana@nortex.example", suppressed_at=timezone.now())
    url = page("leads_lead", "change", lead.pk)
    client.post(url, filled(client.get(url)) | {"suppressed_at": ""})
    lead.refresh_from_db()
    assert lead.suppressed_at is not None


@pytest.mark.parametrize("country", ["Germany", "1A", "é"])
def test_a_country_is_two_letters(client, country):
    account = Account.objects.create(name="Nortex")
    url = page("leads_account", "change", account.pk)
    answer = client.post(url, filled(client.get(url)) | {"country": country})
    assert "country" in answer.context["adminform"].form.errors


def test_a_marketer_edits_a_campaign():
    mia = entered(staff("marketer"))
    campaign = Campaign.objects.create(name="Ebook", channel="content")
    url = page("leads_campaign", "change", campaign.pk)
    answer = mia.post(url, filled(mia.get(url)) | {"channel": "paid content"})
    assert answer.status_code == 302, errors_of(answer)
    campaign.refresh_from_db()
    assert campaign.channel == "paid content"


def test_a_change_from_elsewhere_is_refused():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff("operations"))
    assert strict.post(page("leads_campaign", "add"), {"name": "x"}).status_code == 403
    assert strict.get(page("leads_campaign"))["X-Frame-Options"] == "DENY"

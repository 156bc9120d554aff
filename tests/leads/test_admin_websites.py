"""Websites and forms in the admin: what to paste, what is checked, what was heard."""

import pytest

from leads.actions.websites import count_kept_out
from leads.logic.spam import Why
from leads.models import WebForm, Website
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.leads.websites import ORIGIN, a_form, a_view, a_website, say

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["operations", "marketer"])
def client(request):
    return entered(staff(request.param))


def test_a_website_gets_its_key_and_the_line_to_paste(client):
    origins = "https://WWW.nortex.example/\nhttp://localhost:8080\n"
    posted = {"name": "nortex.example", "origins": origins, "is_active": "on"}
    answer = client.post(page("leads_website", "add"), posted)
    assert answer.status_code == 302, errors_of(answer)
    website = Website.objects.get()
    assert website.origins == [ORIGIN, "http://localhost:8080"]
    shown = client.get(page("leads_website", "change", website.pk)).content.decode()
    assert f"/collect.js&quot; data-site=&quot;{website.key}&quot; defer&gt;&lt;/script&gt;" in shown
    assert "none so far" in shown


def test_the_key_stays_when_the_website_changes(client):
    website = a_website()
    url = page("leads_website", "change", website.pk)
    answer = client.post(url, filled(client.get(url)) | {"name": "Nortex"})
    assert answer.status_code == 302, errors_of(answer)
    assert Website.objects.values_list("name", "key").get() == ("Nortex", website.key)


@pytest.mark.parametrize(
    "origins",
    [
        "", "nortex.example", "https://nortex.example/shop", "ftp://nortex.example", "https://", "https://a b.example",
        "https://user@nortex.example", "https://nortex.example:99999", "https://nortex.example?x", "*", "https://*.x.example",
        "null", "javascript:alert(1)", "https://nortex.example#x", "https://-.example", "https://a..example",
        "\n".join(f"https://n{n}.example" for n in range(21)), "https://nortex.example\\@evil.example", "http://[::1",
    ],
)  # fmt: skip
def test_an_origin_is_scheme_and_host(client, origins: str):
    answer = client.post(page("leads_website", "add"), {"name": "x", "origins": origins, "is_active": "on"})
    assert "origins" in answer.context["adminform"].form.errors
    assert not Website.objects.exists()


def test_what_was_heard_is_shown(client):
    website = a_website()
    say(a_view(website))
    shown = client.get(page("leads_website", "change", website.pk))
    assert "field-views_today" in shown.content.decode()
    assert shown.context["adminform"].model_admin.views_today(website) == 1
    website.refresh_from_db()
    assert f"{website.last_view_at:%Y-%m-%d}" in shown.content.decode()


def test_a_form_shows_an_example_with_its_own_names(client):
    website = a_website()
    posted = {
        "website": website.pk,
        "name": "Talk to us",
        "fields": "your-mail = email\nfull name=name",
        "thanks_url": f"{ORIGIN}/thanks",
        "is_active": "on",
    }
    refused = client.post(page("leads_webform", "add"), posted)
    assert "fields" in refused.context["adminform"].form.errors
    answer = client.post(page("leads_webform", "add"), posted | {"fields": "your-mail = email\nfull_name=name\n\n"})
    assert answer.status_code == 302, errors_of(answer)
    form = WebForm.objects.get()
    assert form.fields == {"your-mail": "email", "full_name": "name"}
    shown = client.get(page("leads_webform", "change", form.pk)).content.decode()
    assert f"/forms/{form.key}/&quot;&gt;" in shown
    assert "name=&quot;your-mail&quot; required" in shown
    assert "<script src=" not in shown.split('class="form-row field-example"')[1][:3_000]


@pytest.mark.parametrize(
    "fields",
    [
        "email", "email = mail", "a = name", "email = email\nmail = email", "email = email\nemail = name",
        "leadloop_token = email", "homepage = email", "a<b = email", f"{'x' * 61} = email", "email = suppressed_at",
        "\n".join(f"f{n} = email" for n in range(60)),
    ],
)  # fmt: skip
def test_a_mapping_has_a_closed_vocabulary(client, fields: str):
    posted = {"website": a_website().pk, "name": "x", "fields": fields, "is_active": "on"}
    answer = client.post(page("leads_webform", "add"), posted)
    assert "fields" in answer.context["adminform"].form.errors
    assert not WebForm.objects.exists()


@pytest.mark.parametrize("url", ["https://evil.example/", "//www.nortex.example", "/thanks", f"{ORIGIN}@evil.example"])
def test_thanks_are_said_on_the_website(client, url: str):
    posted = {"website": a_website().pk, "name": "x", "fields": "", "thanks_url": url, "is_active": "on"}
    answer = client.post(page("leads_webform", "add"), posted)
    assert "thanks_url" in answer.context["adminform"].form.errors


def test_its_fields_stand_in_the_order_of_the_example(client):
    form = a_form(fields={"ok": "consent", "how": "message", "your-mail": "email"})
    shown = client.get(page("leads_webform", "change", form.pk)).content.decode()
    assert "your-mail = email\nhow = message\nok = consent" in shown
    places = [shown.index(f"name=&quot;{own}&quot;") for own in ("your-mail", "how", "ok")]
    assert places == sorted(places)


def test_what_was_kept_out_is_counted_in_words(client):
    form = a_form()
    count_kept_out(form, Why.TRAP), count_kept_out(form, Why.TRAP), count_kept_out(form, Why.LINKS)
    shown = client.get(page("leads_webform", "change", form.pk)).content.decode()
    assert "2 × filled in the field that nobody sees" in shown
    assert "1 × was full of links" in shown


def test_nobody_else_sees_them():
    for model in ("leads_website", "leads_webform"):
        assert entered(staff("rep")).get(page(model)).status_code == 403
        assert entered(staff("operations")).post(page(model, "delete", 1), {"post": "yes"}).status_code in {302, 403}


def test_an_edit_of_something_older_is_refused(client):
    website = a_website()
    url = page("leads_website", "change", website.pk)
    old = filled(client.get(url))
    client.post(url, old | {"name": "First"})
    assert client.post(url, old | {"name": "Second"}).status_code == 200
    assert Website.objects.get().name == "First"

"""The doors for strangers take anything, answer something below 500, and write nothing of what they refuse."""

import json
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse

from tests.calling import rows
from tests.leads.test_web_forms import ANA_FILLED, aged_token
from tests.leads.websites import ANA, BROWSER, ORIGIN, VIEW, a_form, a_view, a_website, say

pytestmark = pytest.mark.django_db
COUNTERS = {"leads_allowance", "leads_keptout"}


def kept() -> dict[str, tuple[int, str]]:
    return {table: what for table, what in rows().items() if table not in COUNTERS}


def with_site(**changed: object):
    """A message that would be taken but for what is changed; a value of ... takes the field away."""
    return lambda key: {
        name: value
        for name, value in {
            **{"site": key, "visitor": ANA, "view": VIEW, "path": "/pricing", "title": "", "from": ""},
            **changed,
        }.items()
        if value is not ...
    }


MESSAGES = {
    "nothing": lambda key: b"",
    "null": lambda key: b"null",
    "a list": lambda key: json.dumps([a_message(key)]).encode(),
    "text": lambda key: b'"site"',
    "half": lambda key: b'{"site": "',
    "not UTF-8": lambda key: b'{"site": "\xff\xfe"}',
    "UTF-16": lambda key: json.dumps(a_message(key)).encode("utf-16"),
    "a byte order mark": lambda key: b"\xef\xbb\xbf" + json.dumps(a_message(key)).encode(),
    "twice the same": lambda key: b'{"site": "x", "site": "y"}',
    "deep": lambda key: b"[" * 1_500 + b"]" * 1_500,
    "too large": lambda key: json.dumps(a_message(key) | {"title": "x" * 4_200}).encode(),
    "too large by spaces": lambda key: json.dumps(a_message(key)).encode() + b" " * 4_096,
    "a thousand fields": lambda key: json.dumps(a_message(key) | {f"f{n}": 1 for n in range(400)}).encode(),
    "an unknown field": with_site(email="ana@nortex.example"),
    "no site": with_site(site=...),
    "a site of numbers": with_site(site=12345678),
    "a site of another kind": with_site(site=["x"]),
    "a NUL in the site": with_site(site="abc\x00defghijk"),
    "no visitor": with_site(visitor=...),
    "a visitor of SQL": with_site(visitor="' OR 1=1 --      "),
    "a long visitor": with_site(visitor="a" * 33),
    "a short visitor": with_site(visitor="a"),
    "no view": with_site(view=...),
    "no path": with_site(path=...),
    "a path of elsewhere": with_site(path="https://evil.example/"),
    "a path with a query": with_site(path="/reset?token=secret"),
    "a path of backslashes": with_site(path="/\\evil.example"),
    "a long path": with_site(path="/" + "x" * 400),
    "a NUL in the path": with_site(path="/a\x00b"),
    "a path of another kind": with_site(path={"a": 1}),
    "half a character": lambda key: json.dumps(a_message(key)).replace("/pricing", "/\\ud800").encode(),
    "half a character in the title": lambda key: (
        json.dumps(a_message(key) | {"title": "TT"}).replace("TT", "\\udfff").encode()
    ),
    "a title of another kind": with_site(title=7),
    "a long title": with_site(title="x" * 201),
    "negative seconds": with_site(seconds=-1),
    "seconds as text": with_site(seconds="12"),
    "half seconds": with_site(seconds=1.5),
    "true seconds": with_site(seconds=True),
    "endless seconds": lambda key: json.dumps(a_message(key)).replace('"from"', '"seconds": 1e999, "from"').encode(),
    "a number of 5000 digits": lambda key: (
        json.dumps(a_message(key)).replace('"from"', f'"seconds": {"9" * 3_000}, "from"').encode()
    ),
    "NaN": lambda key: json.dumps(a_message(key)).replace('"from"', '"seconds": NaN, "from"').encode(),
    "forgetting as text": lambda key: {"site": key, "visitor": ANA, "forget": "yes"},
    "forgetting and more": with_site(forget=True),
}


def a_message(key: str) -> dict[str, object]:
    return with_site()(key)


@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_breaks_the_door(name: str):
    website = a_website()
    say(a_view(website, visitor=f"{ANA}0"))
    before = kept()
    assert say(MESSAGES[name](website.key)).status_code == 204
    assert kept() == before


def test_a_message_that_would_be_taken_is_taken():
    website = a_website()
    before = kept()
    say(a_message(website.key))
    assert kept() != before


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        *[(kind, 204) for kind in ("", "text/html", "application/x-www-form-urlencoded", "application/xml", "x" * 500)],
        ("multipart/form-data", 204),
        ("multipart/form-data; boundary=x", 204),
        ("text/plain; charset=utf-16", 400),
        ("application/json; charset=latin-1", 400),
    ],
)
def test_no_content_type_breaks_the_door(content_type: str, status: int):
    website = a_website()
    before = kept()
    assert say(a_view(website), content_type=content_type).status_code == status
    assert kept() == before


@pytest.mark.parametrize(
    "origin", ["null", "*", f"{ORIGIN}/", f"{ORIGIN}, https://evil.example", "file://", "x" * 5_000, f"{ORIGIN}:443"]
)
def test_no_other_origin_is_this_one(origin: str):
    website, form = a_website(), a_form(a_website(name="two.example"))
    before = kept()
    refused = say(a_view(website), origin=origin)
    assert refused.status_code == 204
    assert "Access-Control-Allow-Origin" not in refused
    sent = post(form.key, {**ANA_FILLED, "leadloop_token": aged_token(form)}, origin=origin)
    # A form whose origin is kept back is asked for once more on a page of ours, and not taken.
    assert sent.status_code == (400 if origin == "null" else 404)
    assert "Access-Control-Allow-Origin" not in sent
    assert kept() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_posts_are_messages(method: str):
    answer = Client().generic(method, reverse("leads:collect"), headers={"Origin": ORIGIN, "User-Agent": BROWSER})
    assert answer.status_code == 405


# --- forms -----------------------------------------------------------------------------------------------------------


def post(key: str, given: object, *, origin: str = ORIGIN, content_type: str | None = None, **headers: str):
    told = {"Origin": origin, "User-Agent": BROWSER, **headers}
    more = {"content_type": content_type} if content_type else {}
    return Client().post(f"/forms/{key}/", given, headers=told, **more)


URLENCODED = "application/x-www-form-urlencoded"
REFUSED = {
    "nothing": ("", URLENCODED, 400),
    "a NUL": ("email=a%00%40b.co", URLENCODED, 400),
    "no UTF-8": ("email=%ff%fe", URLENCODED, 400),
    "a thousand fields": ("&".join(f"f{n}=1" for n in range(1_100)), URLENCODED, 400),
    "sixty fields": ("&".join(f"f{n}=1" for n in range(60)), URLENCODED, 400),
    "too large": ("message=" + "x" * 64_001, URLENCODED, 413),
    "a long message": ("email=a@nortex.example&message=" + "x" * 5_001, URLENCODED, 400),
    "a mail of two": ("email=a@nortex.example%0aBcc:x@evil.example", URLENCODED, 400),
    "a broken multipart": ("--x\r\nnonsense", "multipart/form-data; boundary=x", 400),
    "a multipart without boundary": ("nonsense", "multipart/form-data", 400),
    "no form": ("{}", "application/xml", 400),
    "no JSON": ("{", "application/json", 400),
    "a list": ("[]", "application/json", 400),
    "numbers": ('{"email": 1}', "application/json", 400),
    "deep": ('{"email": {"a": 1}}', "application/json", 400),
    "the same twice": ('{"email": "a@b.co", "email": "c@d.co"}', "application/json", 400),
    "half a character": ('{"email": "a@nortex.example", "name": "\\ud800"}', "application/json", 400),
    "a NUL in JSON": ('{"email": "a@nortex.example", "name": "\\u0000"}', "application/json", 400),
    "another charset": ("email=a@nortex.example", f"{URLENCODED}; charset=utf-7", 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_form_breaks_the_door(name: str):
    form = a_form()
    body, content_type, status = REFUSED[name]
    before = kept()
    assert post(form.key, body, content_type=content_type).status_code == status
    assert kept() == before


def test_a_file_is_no_field():
    form = a_form()
    file = BytesIO(b"MZ")
    file.name = "setup.exe"
    before = kept()
    given = {**ANA_FILLED, "leadloop_token": aged_token(form), "cv": file}
    assert post(form.key, given).status_code == 400
    assert kept() == before


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 301, "\x00", "a:b:c", "WzFd:1abc:xyz", "ImEi:1:2", "é" * 20, "..", "eyJhIjoxfQ:1w:2"]
)
def test_no_token_breaks_the_door(token: str):
    form = a_form()
    before = kept()
    assert post(form.key, {**ANA_FILLED, "leadloop_token": token}).status_code == 400
    assert kept() == before


@pytest.mark.parametrize("visitor", ["x", "\x00" * 20, "../../etc/passwd", "' OR 1=1", "a" * 33, "A" * 20])
def test_a_visitor_that_is_none_ties_nothing(visitor: str):
    form = a_form()
    given = {**ANA_FILLED, "leadloop_token": aged_token(form), "leadloop_visitor": visitor}
    assert post(form.key, given).status_code == 303
    assert kept()["leads_visitor"][0] == 0
    assert kept()["leads_engagement"][0] == 1


@pytest.mark.parametrize(
    "thanks_url",
    [
        "https://evil.example/",
        f"{ORIGIN}@evil.example/",
        f"{ORIGIN}.evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        f"{ORIGIN}/\r\nSet-Cookie: a=b",
        f"{ORIGIN}\\@evil.example",
        "/thanks",
    ],
)
def test_thanks_are_never_said_elsewhere(thanks_url: str):
    form = a_form(thanks_url=thanks_url)
    answer = post(form.key, {**ANA_FILLED, "leadloop_token": aged_token(form)})
    assert (answer.status_code, answer["Location"]) == (303, f"/forms/{form.key}/thanks/")
    assert not answer.cookies


@pytest.mark.parametrize(
    "key", ["x", "A" * 16, "x" * 400, "%00" * 8, "%ff" * 8, "..%2f..%2f", "' OR 1=1", "nosuchformnosuch"]
)
@pytest.mark.parametrize("what", ["", "token/", "thanks/"])
def test_no_key_breaks_an_address(key: str, what: str):
    for method in ("get", "head", "options", "post"):
        answer = getattr(Client(), method)(f"/forms/{key}/{what}", headers={"Origin": ORIGIN})
        assert answer.status_code in {404, 405}, method


def test_markup_in_a_field_is_shown_as_text():
    form = a_form(name="<script>alert(1)</script>")
    page = post(form.key, {"name": '"><img src=x onerror=alert(1)>', "email": "x"}).content.decode()
    assert "<script>" not in page
    assert "<img" not in page

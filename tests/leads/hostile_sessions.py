"""Tries of test_hostile_sign_in: limits, names and passwords, sessions."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from leads.actions import logins
from leads.actions.sessions import MOST_SESSIONS
from leads.backends import NETWORK_LIMIT, PAIR_LIMIT, USER_LIMIT
from leads.models import LoginTries, Session
from tests.factories import UserFactory, ago
from tests.leads.signing_in import (
    LOGIN,
    NAME,
    NEW,
    PASSWORD,
    follow,
    is_in,
    link_for,
    sign_in,
    signed_in,
    with_password,
    written,
    wrong,
)


def try_locked(case, w) -> None:
    before = written()
    texts, client = wrong(PAIR_LIMIT), Client()
    answer = sign_in(client)
    assert not is_in(client)
    plain = {re.sub(r'(token"[^>]*(value|content)=)"[^"]+"', r"\1", text) for text in (*texts, answer.text)}
    assert len(plain) == 1
    assert written() == before


def try_sprayed(case, w) -> None:
    before = written()
    for number in range(case["names"]):
        wrong(1, name=f"user-{number}")
    assert case["names"] == NETWORK_LIMIT
    client, elsewhere = Client(), Client()
    sign_in(client)
    assert not is_in(client)
    assert written() == before
    sign_in(elsewhere, address="198.51.100.7")
    assert is_in(elsewhere)


def try_forwarded(case, w) -> None:
    """Behind one proxy of ours: whatever a stranger writes before its hop, the hop counts."""
    w.settings.LEADLOOP_PROXY_COUNT = 1
    before = written()
    for number in range(PAIR_LIMIT):
        made_up = case["header"].replace("{}", str(number)) + "x" * case.get("pad", 0)
        client = Client(headers={"X-Forwarded-For": f"{made_up}, 198.51.100.7"})
        sign_in(client, password="wrong")
    client = Client(headers={"X-Forwarded-For": "203.0.113.99, 198.51.100.7"})
    sign_in(client)
    assert not is_in(client)
    assert written() == before


def try_known_device(case, w) -> None:
    known = signed_in()
    known.post("/logout/")
    for number in range(USER_LIMIT):
        wrong(1, address=f"198.51.100.{number}")
    stranger = Client()
    sign_in(stranger, address="203.0.113.1")
    assert not is_in(stranger)
    sign_in(known)
    assert is_in(known)


def try_quarter_hour(case, w) -> None:
    for number in range(USER_LIMIT + 30):
        wrong(1, address=f"198.51.100.{number}")
    client = Client()
    sign_in(client)
    assert not is_in(client)
    assert logins.WINDOW_MINUTES <= 15
    LoginTries.objects.update(window_started_at=ago(minutes=logins.WINDOW_MINUTES, seconds=1))
    sign_in(client)
    assert is_in(client)


def try_other_door(case, w) -> None:
    w.ana.is_staff = w.ana.is_superuser = True
    w.ana.save()
    for _ in range(PAIR_LIMIT):
        Client().post(case["path"], {"username": NAME, "password": "wrong"}, REMOTE_ADDR="192.0.2.1")
    client = Client()
    for path in (case["path"], LOGIN):
        client.post(path, {"username": NAME, "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
        assert not is_in(client)


def try_basic(case, w) -> None:
    before = written()
    for scheme in ("Basic", "Digest", "Token"):
        header = f"{scheme} YW5hQG5vcnRleC5leGFtcGxlOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ=="
        assert w.client.get("/api/v1/leads/", headers={"Authorization": header}).status_code == 401
    assert signed_in().get("/api/v1/leads/").status_code == 401
    assert written() == before


def try_old_password(case, w) -> None:
    client, before = signed_in(), None
    form = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    before = written()
    for _ in range(20):
        assert client.post("/password/", form).status_code == 400
    answer = client.post("/password/", form | {"old_password": PASSWORD})
    assert answer.status_code == 400
    assert "or there were too many tries" in answer.text
    assert written() == before


def try_any_case(case, w) -> None:
    client = Client()
    sign_in(client, name="ANA@Nortex.Example")
    assert is_in(client)
    assert client.session["_auth_user_id"] == str(w.ana.pk)


def try_one_account(case, w) -> None:
    before = written()
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(username="ANA@nortex.example")
    assert written() == before


def try_odd(case, w) -> None:
    before, tries = written(), list(LoginTries.objects.values())
    if case.get("multipart"):
        file = SimpleUploadedFile("x.txt", b"ana@nortex.example")
        answer = w.client.post(LOGIN, {"username": file, "password": PASSWORD})
    else:
        body = case["body"] + "x" * case.get("pad", 0)
        type_ = case.get("type", "application/x-www-form-urlencoded")
        answer = w.client.generic("POST", LOGIN, body, content_type=type_)
    assert answer.status_code == case["status"]
    assert not is_in(w.client)
    assert (written(), list(LoginTries.objects.values())) == (before, tries)


def try_typed(case, w) -> None:
    """Set by the page, and checked to the letter."""
    typed = case["password"] * case.get("times", 1)
    form = {"old_password": PASSWORD, "new_password1": typed, "new_password2": typed}
    assert signed_in().post("/password/", form).status_code == 302
    for almost in (typed.strip(), typed[:-1], typed + " "):
        client = Client()
        if almost != typed:
            sign_in(client, password=almost)
            assert not is_in(client)
    sign_in(w.client, password=typed)
    assert is_in(w.client)


def try_weak(case, w) -> None:
    weak = case["password"] * case.get("times", 1)
    client, before = signed_in(), written()
    answer = client.post("/password/", {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak})
    assert answer.status_code == 400
    assert case["words"] in " ".join(answer.context["form"].errors.as_text().split()), answer.context["form"].errors
    answer = follow(Client(), link_for(w.ana), password=weak)
    assert answer.status_code == 400
    assert case["words"] in answer.context["form"].errors.as_text()
    assert written() == before


def try_changed(case, w) -> None:
    here, elsewhere = signed_in(), signed_in()
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post("/password/", form).status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)
    assert Session.objects.filter(user_id=w.ana.pk).count() == 1
    follow(Client(), link_for(w.ana), password="another quiet otter")
    assert not is_in(here)
    assert not Session.objects.filter(user_id=w.ana.pk).exists()


def try_fixed(case, w) -> None:
    w.client.cookies[settings.SESSION_COOKIE_NAME] = "preset" * 5
    sign_in(w.client)
    assert is_in(w.client)
    assert w.client.cookies[settings.SESSION_COOKIE_NAME].value != "preset" * 5
    first = w.client.cookies[settings.SESSION_COOKIE_NAME].value
    w.client.post("/logout/")
    sign_in(w.client)
    assert w.client.cookies[settings.SESSION_COOKIE_NAME].value != first


def try_dead(case, w) -> None:
    client = signed_in()
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    if case["after"] == "logout":
        client.post("/logout/")
    elif case["after"] == "password":
        w.ana.set_password(NEW)
        w.ana.save()
    else:
        User.objects.filter(pk=w.ana.pk).update(is_active=False)
    w.client.cookies[settings.SESSION_COOKIE_NAME] = key
    before = written()
    assert not is_in(w.client)
    assert w.client.post("/zone/", {"zone": "UTC"}).url.startswith(LOGIN)
    assert written() == before


def try_role(case, w) -> None:
    client = signed_in()
    assert client.get("/imports/").status_code == 200
    w.ana.groups.clear()
    before = written()
    assert client.get("/imports/").status_code == 403
    assert client.post("/imports/", {}).status_code == 403
    assert written() == before


def try_others(case, w) -> None:
    here, elsewhere, mia = signed_in(), signed_in(), with_password("mia")
    other_person = signed_in(mia.username)
    page = here.get("/password/").text
    assert (page.count("This browser"), page.count("Another browser")) == (1, 1)
    assert here.get("/password/others/").status_code == 405
    assert here.post("/password/others/").status_code == 302
    assert (is_in(here), is_in(elsewhere), is_in(other_person)) == (True, False, True)


def try_many_sessions(case, w) -> None:
    first, mia = signed_in(), with_password("mia")
    other_person = signed_in(mia.username)
    for number, user_id in enumerate((w.ana.pk, None)):
        Session.objects.create(session_key=f"old-{number}", user_id=user_id, expire_date=ago(days=1))
    for _ in range(case["times"]):
        last = signed_in()
    assert Session.objects.filter(user_id=w.ana.pk).count() == MOST_SESSIONS < case["times"]
    assert not Session.objects.filter(session_key__startswith="old-").exists()
    assert (is_in(first), is_in(last), is_in(other_person)) == (False, True, True)


def try_no_token(case, w) -> None:
    client, before = Client(enforce_csrf_checks=True), written()
    for origin in ("https://evil.example", "null", ""):
        headers = {"Origin": origin} if origin else {}
        answer = client.post(LOGIN, {"username": NAME, "password": PASSWORD}, headers=headers)
        assert answer.status_code == 403
    assert not is_in(client)
    assert written() == before


def try_leaves(case, w) -> None:
    answer = sign_in(w.client, next=case["next"] + "x" * case.get("pad", 0))
    assert answer.status_code == 302
    assert answer.url.startswith("/") or answer.url == case["next"] == "%2f%2fevil.example"
    assert not answer.url.startswith(("//", "/\\"))
    assert is_in(w.client)


def try_somebody_else(case, w) -> None:
    mia, client = with_password("mia"), signed_in()
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.get(LOGIN).status_code == 302
    sign_in(client, name="mia")
    assert client.session["_auth_user_id"] == str(mia.pk)
    w.client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert not is_in(w.client)
    assert not Session.objects.filter(user_id=w.ana.pk).exists()


def try_logout_by_get(case, w) -> None:
    client = signed_in()
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.get("/logout/", headers=headers).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/logout/", headers={"Origin": "https://evil.example"}).status_code == 403
    assert is_in(client)


def try_visits(case, w) -> None:
    for path in (LOGIN, "/", "/password/forgotten/", "/password/asked/", "/password/new/MQ/made-up/", "/nothing/"):
        w.client.get(path)
        w.client.post(path)
    w.client.post("/password/forgotten/", {"email": "nobody@nortex.example"})
    wrong(3)
    assert not Session.objects.exists()

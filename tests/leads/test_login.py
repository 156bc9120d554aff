"""Signing in: limits that hold when tries come together, one text for every failure, and no way out of the site."""

import datetime as dt
import re
import threading

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from leads.actions import logins
from leads.backends import DEVICE_COOKIE, PAIR_LIMIT, USER_LIMIT
from leads.models import LoginTries
from tests.factories import UserFactory, ago

PASSWORD = "correct horse battery"
LOGIN = "/login/"
REFUSED = "User name and password do not match, or there were too many tries."


@pytest.fixture
def ana(db):
    user = UserFactory(username="Ana", roles=("marketer",))
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, *, name: str = "Ana", password: str = PASSWORD, address: str = "192.0.2.1", **more):
    return client.post(LOGIN, {"username": name, "password": password} | more, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def wrong(times: int, *, name: str = "Ana", address: str = "192.0.2.1", **headers: str) -> list[str]:
    client = Client(headers=headers)
    return [sign_in(client, name=name, password="wrong", address=address).text for _ in range(times)]


def test_signing_in_takes_a_new_session_and_goes_to_the_start(ana):
    client = Client()
    client.session["kept"] = 1
    client.cookies[settings.SESSION_COOKIE_NAME] = "preset"
    answer = sign_in(client)
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "preset"
    assert answer.cookies[DEVICE_COOKIE]["httponly"]


def test_five_wrong_tries_lock_the_pair_even_for_the_right_password(ana):
    texts = wrong(PAIR_LIMIT)
    client = Client()
    answer = sign_in(client)
    assert not is_in(client)
    assert REFUSED in answer.text
    assert all(REFUSED in text for text in texts)


def test_the_lock_ends_by_itself_and_is_never_prolonged(ana):
    wrong(PAIR_LIMIT + 3)
    LoginTries.objects.update(window_started_at=ago(minutes=logins.WINDOW_MINUTES, seconds=1))
    client = Client()
    sign_in(client)
    assert is_in(client)


def test_unknown_wrong_locked_and_switched_off_look_alike(ana):
    off = UserFactory(username="off", is_active=False)
    off.set_password(PASSWORD)
    off.save()
    wrong(PAIR_LIMIT, name="locked")

    def shown(name: str) -> str:
        text = Client().post(LOGIN, {"username": name, "password": "x"}).text.replace(name, "NAME")
        return re.sub(r'(csrf[a-z-]*token"[^>]*(value|content)=)"[^"]+"', r"\1", text)

    assert shown("Ana") == shown("nobody-here") == shown("off") == shown("locked")


def test_the_name_in_another_case_counts_as_the_same(ana):
    wrong(3, name="ANA")
    wrong(2, name="ana")
    client = Client()
    sign_in(client)
    assert not is_in(client)


def test_a_made_up_forwarding_header_dodges_nothing(ana):
    for number in range(PAIR_LIMIT):
        wrong(1, **{"X-Forwarded-For": f"203.0.113.{number}"})
    client = Client()
    sign_in(client)
    assert not is_in(client)


@pytest.mark.parametrize("header", ["unknown", "1" * 10_000, "", "::ffff:1.2.3.4, [x]", "203.0.113.9, 198.51.100.7"])
def test_behind_a_proxy_only_its_own_hop_counts(ana, settings, header: str):
    settings.LEADLOOP_PROXY_COUNT = 1
    wrong(PAIR_LIMIT, **{"X-Forwarded-For": f"{header}, 198.51.100.7"})
    client = Client(headers={"X-Forwarded-For": "203.0.113.250, 198.51.100.7"})
    sign_in(client)
    assert not is_in(client)
    elsewhere = Client(headers={"X-Forwarded-For": "198.51.100.8"})
    sign_in(elsewhere)
    assert is_in(elsewhere)


def test_one_network_of_ipv6_is_one_network(ana):
    for number in range(PAIR_LIMIT):
        wrong(1, address=f"2001:db8::{number:x}")
    client = Client()
    sign_in(client, address="2001:db8::ffff")
    assert not is_in(client)


def test_many_addresses_together_lock_the_name_but_not_the_known_device(ana):
    known = Client()
    sign_in(known)
    known.post("/logout/")
    for number in range(USER_LIMIT):
        wrong(1, address=f"198.51.100.{number}")
    stranger = Client()
    sign_in(stranger, address="203.0.113.1")
    assert not is_in(stranger)
    sign_in(known)
    assert is_in(known)


def test_the_cookie_of_a_known_device_is_good_for_its_user_alone(ana):
    known = Client()
    sign_in(known)
    known.post("/logout/")
    wrong(PAIR_LIMIT, name="bob", address="192.0.2.1")
    other = UserFactory(username="bob")
    other.set_password(PASSWORD)
    other.save()
    sign_in(known, name="bob")
    assert not is_in(known)


def test_spraying_one_password_over_many_names_locks_the_network(ana, monkeypatch):
    monkeypatch.setattr("leads.backends.NETWORK_LIMIT", 10)
    for number in range(10):
        wrong(1, name=f"user-{number}")
    client = Client()
    sign_in(client)
    assert not is_in(client)


def test_success_is_not_held_against_anybody(ana, monkeypatch):
    monkeypatch.setattr("leads.backends.NETWORK_LIMIT", 3)
    for _ in range(10):
        client = Client()
        sign_in(client)
        assert is_in(client)


@pytest.mark.django_db(transaction=True)
def test_tries_that_come_together_are_counted_one_by_one():
    passed: list[bool] = []

    def once() -> None:
        try:
            passed.append(logins.count_try({"pair:x": 5, "user:y": 20}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=once) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), sum(passed)) == (40, 5)


def test_old_counters_are_forgotten(db):
    LoginTries.objects.create(key="old", failed_count=3, window_started_at=ago(days=2))
    logins.count_try({"new": 5})
    assert not LoginTries.objects.filter(key="old").exists()


@pytest.mark.parametrize("path", ["/admin/login/", "/login/"])
def test_the_admin_counts_with_the_same_counters(ana, path: str):
    ana.is_staff = ana.is_superuser = True
    ana.save()
    wrong(PAIR_LIMIT)
    client = Client()
    client.post(path, {"username": "Ana", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert not is_in(client)


@pytest.mark.parametrize(
    "goal",
    ["https://evil.example", "//evil.example", "/\\evil.example", "https:evil.example", "http:///evil.example",
     "javascript:alert(1)", "/%09/evil.example", "\x00//evil.example", "x" * 10_000],
)  # fmt: skip
def test_one_stays_on_the_site(ana, goal: str):
    answer = sign_in(Client(), next=goal)
    assert answer.url.startswith("/")
    assert not answer.url.startswith(("//", "/\\"))
    assert "evil" not in answer.url or answer.url.startswith("/%09/") or answer.url == "/"


def test_one_goes_on_to_where_one_wanted(ana):
    client = Client()
    asked = client.get(reverse("feedback:board"))
    assert asked.url == "/login/?next=/board/"
    assert sign_in(client, next="/board/").url == "/board/"


@pytest.mark.parametrize(("password", "status"), [("a\x00b", 400), ("x" * 5000, 400), ("\ufffe", 200)])
def test_odd_passwords_are_refused_calmly(ana, password: str, status: int):
    client = Client()
    assert sign_in(client, password=password).status_code == status
    assert not is_in(client)


def test_signing_out_takes_a_post_and_ends_the_session(ana):
    client = Client()
    sign_in(client)
    assert client.get("/logout/").status_code == 405
    assert is_in(client)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/logout/")
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get(reverse("feedback:board")).status_code == 302


def test_a_new_password_ends_the_other_sessions(ana):
    client = Client()
    sign_in(client)
    ana.set_password("another horse battery")
    ana.save()
    assert client.get(reverse("feedback:board")).status_code == 302


def test_nobody_signed_in_has_no_session_row(db):
    Client().get(LOGIN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_session")
        assert cursor.fetchone() == (0,)


def test_the_token_is_needed(ana):
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, {"username": "Ana", "password": PASSWORD}).status_code == 403


def test_names_are_not_kept_in_the_counters(ana):
    wrong(1)
    assert not any("ana" in key.lower() for key in LoginTries.objects.values_list("key", flat=True) if ":" not in key)
    assert all(len(key) < 50 for key in LoginTries.objects.values_list("key", flat=True))
    assert LoginTries.objects.filter(window_started_at__gte=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)).exists()

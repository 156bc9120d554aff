"""Tries of test_hostile_sign_in: forgotten passwords, keys, doors that are not there, and things gone wrong."""

import logging
import re
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.http import urlsafe_base64_encode

from config.logs import OneLine
from leads.actions.passwords import MAILS_AN_HOUR
from leads.models import Allowance, Delivery, OutboxMessage
from tests.calling import Caller
from tests.factories import RepFactory, UserFactory, ago
from tests.leads.serving import WORKERS, asked, half_sent, is_hung_up, served
from tests.leads.signing_in import (
    LOGIN,
    NAME,
    NEW,
    PASSWORD,
    PRIVATE,
    delivered,
    follow,
    is_in,
    link_for,
    sign_in,
    signed_in,
    written,
    wrong,
)


def try_asked_alike(case, w) -> None:
    """The same answer after the same statements, and no address is looked up before it is given."""
    UserFactory(username="off", email="off@nortex.example", is_active=False)
    service = UserFactory(username="service", email="service@nortex.example")
    service.set_unusable_password()
    service.save()
    answers, asked_of_database = set(), set()
    for email in (NAME, "ANA@Nortex.example", "nobody@nortex.example", "off@nortex.example", "service@nortex.example"):
        Allowance.objects.all().delete()
        seen: list[str] = []
        with connection.execute_wrapper(lambda run, sql, *rest, seen=seen: (seen.append(sql), run(sql, *rest))[1]):
            answer = w.client.post("/password/forgotten/", {"email": email})
        answers.add((answer.status_code, answer.url, answer.content))
        asked_of_database.add(tuple(re.sub(r"s\d+_x\d+|\d+", "n", sql) for sql in seen))
        assert not any("auth_user" in sql for sql in seen)
    assert len(answers) == len(asked_of_database) == 1
    mails = delivered(w.mailoutbox)
    assert [mail.to for mail in mails] == [[NAME], [NAME]]
    unknown = OutboxMessage.objects.exclude(target=NAME)
    assert set(unknown.values_list("state", flat=True)) == {Delivery.STALE}


def try_link_twice(case, w) -> None:
    w.client.post("/password/forgotten/", {"email": NAME})
    (mail,) = delivered(w.mailoutbox)
    link = re.search(rf"{settings.LEADLOOP_ORIGIN}(/password/new/\S+)", mail.body)[1]
    assert follow(Client(), link).url == LOGIN
    before = written()
    for client in (Client(), w.client):
        answer = follow(client, link, password="yet another otter")
        assert answer.status_code == 400
        assert "no longer good" in answer.text
    assert written() == before
    sign_in(w.client, password=NEW)
    assert is_in(w.client)


def try_made_up_links(case, w) -> None:
    before, uid = written(), urlsafe_base64_encode(str(w.ana.pk).encode())
    for number in range(case["times"]):
        answer = w.client.post(f"/password/new/{uid}/cx1-{number:032x}/", {}, REMOTE_ADDR="192.0.2.1")
        assert answer.status_code == 400
    assert written() == before
    sign_in(w.client)
    assert not is_in(w.client), "one limiter for every door"
    good = follow(Client(), link_for(w.ana), address="192.0.2.1")
    assert good.status_code == 400
    assert written() == before


def try_link_signs_nobody_in(case, w) -> None:
    client, before = Client(), written()
    page = client.get(link_for(w.ana), follow=True)
    assert "Set this password" in page.text
    assert not is_in(client)
    assert written() == before, "looking changes nothing"
    assert follow(client, link_for(w.ana)).url == LOGIN
    assert not is_in(client)


def try_link_of_nobody(case, w) -> None:
    link = link_for(w.ana)
    User.objects.filter(pk=w.ana.pk).update(is_active=False)
    before = written()
    assert follow(Client(), link).status_code == 400
    assert written() == before
    stale = {"renderer": "leads.password", "email": NAME, "asked_at": ago(hours=2).isoformat()}
    OutboxMessage.objects.create(channel="mail", target=NAME, payload=stale, dedup_key="x")
    User.objects.filter(pk=w.ana.pk).update(is_active=True)
    assert delivered(w.mailoutbox) == []


def try_other_host(case, w) -> None:
    before = written()
    answer = w.client.post("/password/forgotten/", {"email": NAME}, headers=case["headers"])
    assert answer.status_code == case["status"]
    mails = delivered(w.mailoutbox)
    if case["status"] == 400:
        assert (mails, written()) == ([], before)
        return
    assert "evil" not in mails[0].body + answer.url
    assert f"{settings.LEADLOOP_ORIGIN}/password/new/" in mails[0].body


def try_flooded(case, w) -> None:
    for number in range(case["times"]):
        email = NAME if number % 2 else NAME.upper()
        answer = w.client.post("/password/forgotten/", {"email": email}, REMOTE_ADDR=f"198.51.100.{number}")
        assert (answer.status_code, answer.url) == (302, "/password/asked/")
    assert len(delivered(w.mailoutbox)) == MAILS_AN_HOUR == 3
    Allowance.objects.update(window_started_at=ago(minutes=61))
    w.client.post("/password/forgotten/", {"email": NAME})
    assert len(delivered(w.mailoutbox)) == MAILS_AN_HOUR + 1


def try_own_address(case, w) -> None:
    """Nobody changes their own address here: no page has a field for it."""
    client, before = signed_in(), written()
    form = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW, "email": "evil@nortex.example"}
    assert client.post("/password/", form).status_code == 400
    assert client.get("/admin/auth/user/").status_code in {302, 403}
    assert written() == before
    try_no_such_route(case | {"words": ["email", "profile", "address"]}, w)


def try_no_such_route(case, w) -> None:
    def walk(resolver: URLResolver, before: str = ""):
        for one in resolver.url_patterns:
            path = before + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, path)
            elif isinstance(one, URLPattern):
                yield path

    # The token of a web form and the code of an answer are no such thing.
    paths = [path for path in walk(get_resolver()) if not re.search(r"forms?/|password/new|zipcode|admin/", path)]
    assert len(paths) > 50
    assert not [path for path in paths for word in case["words"] if word in path.casefold()]
    for word in case["words"]:
        assert w.client.get(f"/accounts/{word.strip('/')}/").status_code in {302, 404}
        assert w.client.post(f"/api/v1/{word.strip('/')}/").status_code == 404


def try_key(case, w) -> None:
    crm, before = Caller(UserFactory(roles=("integrator",))), written()
    header = case["header"].format(prefix=crm.row.prefix, key=crm.key) + "0" * case.get("pad", 0)
    real = []
    with mock.patch("hmac.compare_digest", side_effect=lambda *both: real.append(both) or both[0] == both[1]):
        answer = w.client.get("/api/v1/leads/", headers={"Authorization": header.encode().decode("latin-1")})
    nothing = w.client.get("/api/v1/leads/")
    assert (answer.status_code, answer.content) == (nothing.status_code, nothing.content)
    assert answer.status_code == 401
    assert all(crm.key not in str(both) for both in real), "hashes are compared, never keys"
    assert written() == before


def try_key_on_a_page(case, w) -> None:
    crm = Caller(UserFactory(roles=("integrator",), is_staff=True, is_superuser=True))
    before = written()
    for path in (PRIVATE, "/admin/", "/password/"):
        assert crm.client.get(path).status_code == 302
    assert crm.client.post("/imports/").status_code == 302
    assert written() == before


def try_key_unseen(case, w) -> None:
    crm, boss = Caller(UserFactory(roles=("integrator",))), Client()
    boss.force_login(UserFactory(is_staff=True, is_superuser=True))
    secret = crm.key.split("_")[2]
    w.caplog.set_level(logging.DEBUG)
    pages = [boss.get(reverse("admin:leads_apikey_changelist")), crm.client.get("/api/v1/leads/")]
    pages.append(boss.get(reverse("admin:leads_apikey_change", args=[crm.row.pk])))
    pages.append(crm.raw("/api/v1/leads/", b"{"))
    assert crm.row.prefix in pages[0].text
    assert not any(secret in page.text for page in pages)
    assert secret not in w.caplog.text


def try_half_open(case, w) -> None:
    head = "POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with served() as port:
        lines = [half_sent(port, head) for _ in range(WORKERS - 1)]
        answers = [asked(port) for _ in range(10)]
        assert {status for status, _ in answers} == {200}
        assert sorted(seconds for _, seconds in answers)[8] < 2
        assert all(is_hung_up(line, drip=b"X", seconds=40) for line in lines)


def try_database_away(case, w) -> None:
    client = Client(raise_request_exception=False)
    before = written()

    def gone(*args) -> None:
        raise OperationalError("connection to server at 10.0.0.1 failed: no such role leadloop")

    with connection.execute_wrapper(gone):
        for path in (LOGIN, "/password/forgotten/"):
            form = {"username": NAME, "password": PASSWORD, "email": NAME}
            answer = client.post(path, form)
            assert answer.status_code == 503
            assert answer["Retry-After"]
            assert not re.search("10.0.0.1|no such role|Operational", answer.text)
    assert not is_in(client)
    assert written() == before


def try_log_line(case, w) -> None:
    record = logging.LogRecord("leads", logging.WARNING, "", 0, "no such user: %s", (case["name"],), None)
    line = OneLine("{levelname} {name}: {message}", style="{").format(record)
    assert line == r"WARNING leads: no such user: x\n2026-11-22 INFO leads: login ok admin"
    assert settings.LOGGING["formatters"]["line"]["()"] == "config.logs.OneLine"
    w.caplog.set_level(logging.DEBUG)
    wrong(1, name=case["name"])
    assert "login ok admin" not in w.caplog.text


def try_no_mail(case, w) -> None:
    for _ in range(10):
        signed_in()
    wrong(30)
    assert delivered(w.mailoutbox) == []
    assert not OutboxMessage.objects.exists()


def try_errors_tell_nothing(case, w) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(w.ana)
    with mock.patch("leads.views.latest", side_effect=RuntimeError("a secret of ours")):
        broken = client.get("/notices/")
    assert broken.status_code == 500
    strange = client.get("/", headers={"Host": "evil.example"})
    answers = [broken, strange, client.get("/nothing/"), client.post("/logout/", {}, headers={"Origin": "x"})]
    answers += [client.get("/api/v1/nothing/"), client.post("/api/v1/leads/", b"{", content_type="application/json")]
    answers += [client.get("/imports/?before=x"), RepFactory() and client.get("/queue/")]
    for answer in answers:
        told = answer.text + "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        assert not re.search(r"Traceback|secret of ours|[Dd]jango(?!_htmx)|gunicorn|[Pp]ython|PostgreSQL|psycopg", told)
        assert "X-Powered-By" not in answer.headers
        assert not re.search(r"/\d+\.\d+", answer.headers.get("Server", ""))

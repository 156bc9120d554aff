"""What strangers try at the doors (tests/data/hostile_sign_in.json): sign-in, sessions, forgotten passwords, keys."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.http import urlsafe_base64_encode

from config.logs import OneLine
from leads.actions import logins
from leads.actions.delivery import deliver
from leads.actions.passwords import MAILS_AN_HOUR
from leads.actions.sessions import MOST_SESSIONS
from leads.backends import NETWORK_LIMIT, PAIR_LIMIT, USER_LIMIT
from leads.models import Allowance, Delivery, LoginTries, OutboxMessage, Session
from leads.reports.password_mail import link_of
from tests.calling import Caller
from tests.calling import rows as every_row
from tests.factories import RepFactory, UserFactory, ago
from tests.leads.serving import WORKERS, asked, half_sent, is_hung_up, served

CASES = json.loads((Path(__file__).parents[1] / "data" / "hostile_sign_in.json").read_text())
NUMBERS = [f"G{number:02}" for number in range(1, 66, 2)]
LOGIN, PRIVATE = "/login/", "/board/"
NAME, PASSWORD, NEW = "ana@nortex.example", "correct horse battery", "quiet new otter"


def written() -> dict[str, object]:
    """A digest of everything but counters, and of every user's password and rights."""
    fields = ("pk", "username", "password", "email", "is_active", "is_staff")
    users = list(User.objects.order_by("pk").values_list(*fields))
    return {table: found for table, found in every_row().items() if table != "leads_allowance"} | {"users": users}


@pytest.fixture
def ana(request) -> User:
    return with_password("ana@nortex.example", first_name="Ana", last_name="Duarte")


def with_password(name: str, **more) -> User:
    user = UserFactory(username=name, email=name if "@" in name else f"{name}@leadloop.example", **more)
    user.groups.add(*user.groups.model.objects.filter(name="marketer"))
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, *, name: str = NAME, password: str = PASSWORD, address: str = "192.0.2.1", **more):
    return client.post(LOGIN, {"username": name, "password": password} | more, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    """By asking for a page, as a person would find out."""
    return client.get(PRIVATE).status_code == 200


def signed_in(name: str = NAME) -> Client:
    client = Client()
    sign_in(client, name=name)
    assert is_in(client)
    return client


def wrong(times: int, *, name: str = NAME, **more) -> list[str]:
    return [sign_in(Client(), name=name, password="wrong", **more).text for _ in range(times)]


def link_for(user: User) -> str:
    return link_of(User.objects.get(pk=user.pk)).removeprefix(settings.LEADLOOP_ORIGIN)


def follow(client: Client, link: str, *, password: str = NEW, address: str = "192.0.2.9"):
    """The answer to the form behind a link of a mail, or to the link itself when there is no form."""
    page = client.get(link, REMOTE_ADDR=address)
    goal = page.url if page.status_code == 302 else link
    return client.post(goal, {"new_password1": password, "new_password2": password}, REMOTE_ADDR=address)


def delivered(mailoutbox) -> list:
    deliver()
    return mailoutbox


# --- tries and limits ------------------------------------------------------------------------------------------------


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


# --- names and passwords ---------------------------------------------------------------------------------------------


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


# --- sessions --------------------------------------------------------------------------------------------------------


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


# --- forgotten passwords ---------------------------------------------------------------------------------------------


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


# --- keys, and doors that are not there ------------------------------------------------------------------------------


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


# --- when things are wrong -------------------------------------------------------------------------------------------


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


TRIES: dict[str, Callable[..., None]] = {
    name.removeprefix("try_"): found for name, found in list(globals().items()) if name.startswith("try_")
}


def marked(case):
    real = case["try"] == "half_open"
    marks = [
        pytest.mark.django_db(transaction=real),
        *([pytest.mark.machine, pytest.mark.xdist_group("config")] if real else []),
    ]
    return pytest.param(case, id=case["id"], marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_hostile(case, ana, settings, caplog, mailoutbox):
    world = SimpleNamespace(ana=ana, client=Client(), settings=settings, caplog=caplog, mailoutbox=mailoutbox)
    TRIES[case["try"]](case, world)


def test_every_number_of_the_catalogue_is_tried():
    assert sorted({case["id"][:3] for case in CASES}) == NUMBERS
    assert {case["try"] for case in CASES} == set(TRIES)


@pytest.mark.django_db
def test_a_token_of_another_sort_is_no_link(ana):
    """Letters that only fold to an address are another address: nobody gets somebody else's link."""
    client = Client()
    client.post("/password/forgotten/", {"email": "an\u00aa@nortex.example"})
    assert not OutboxMessage.objects.filter(target=NAME).exists()
    assert not default_token_generator.check_token(ana, "x-y")

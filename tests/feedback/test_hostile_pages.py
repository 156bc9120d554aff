"""What strangers and tired people send to the pages (tests/data/hostile_pages.json): refused, and nothing written; and
what every answer carries, whatever was asked.
"""

import datetime as dt
import json
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from config.wsgi import application
from feedback.actions import decisions
from feedback.actions.outcomes import OutcomeInput, record_outcome
from feedback.models import person_of
from leads.logic.errors import InvalidInput
from tests.calling import rows
from tests.factories import RepFactory, TeamFactory, UserFactory, as_person, manager_of, offered
from tests.feedback.test_rights_of_pages import routes

pytestmark = pytest.mark.django_db
CASES = json.loads((Path(__file__).parents[1] / "data" / "hostile_pages.json").read_text())


@pytest.fixture
def world():
    """Users by what they are here, handoffs by whose they are, and the words that a case may name with a $."""
    rep, stranger = RepFactory(team=TeamFactory()), RepFactory(team=TeamFactory())
    decided = offered(rep)
    decisions.accept(decided.uid, by=as_person(rep))
    handoffs = {
        "own": offered(rep), "foreign": offered(stranger), "waiting": offered(team=rep.team), "decided": decided,
    }  # fmt: skip
    users = {
        "rep": rep.user,
        "manager": manager_of(rep.team),
        "elsewhere": manager_of(TeamFactory()),
        "marketer": UserFactory(roles=("marketer",)),
        "root": UserFactory(is_staff=True, is_superuser=True),
        "clerk": UserFactory(is_staff=True),
    }
    words = {"$self": rep.uid, "$stranger": stranger.uid, "$foreign_team": stranger.team.uid}
    words |= {f"${name}": handoff.uid for name, handoff in handoffs.items()}
    return users, handoffs, {name: str(uid) for name, uid in words.items()}


def browser(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


def address(case, handoffs, words) -> str:
    name = case.get("post") or case["get"]
    if name.startswith("../"):
        path = name[2:]
    else:
        of = [handoffs[case.get("handoff", "own")].uid] if name.startswith("handoff") else []
        path = reverse(f"feedback:{name}", args=of)
    query = case.get("query", "") + "x" * case.get("lengthen", 0)
    query = "&".join([query, *(f"p{number}=1" for number in range(case.get("parameters", 0)))]).strip("&")
    for word, uid in words.items():
        query = query.replace(word, uid)
    return f"{path}?{query}" if query else path


def form(case, words) -> dict[str, object]:
    def named(value):
        return [named(one) for one in value] if isinstance(value, list) else words.get(value, value)

    fields = {name: named(value) for name, value in case.get("form", {}).items()}
    if fill := case.get("fill"):
        fields[fill["at"]] = str(fields[fill["at"]]) * fill["times"]
    if repeat := case.get("repeat"):
        fields[repeat["at"]] = [words["$own"]] * repeat["times"]
    return fields


def multipart(fields: dict[str, str]) -> bytes:
    parts = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields)
    return "".join((*parts, "--b--\r\n")).encode()


def sent(client: Client, case, path: str, words):
    headers = dict(case.get("headers", {}))
    if "Cookie" in headers:
        kept = client.cookies.output(header="", sep=";", attrs=[])
        client.cookies.clear()
        headers["Cookie"] = f"{headers['Cookie']}; {kept}"
    if "get" in case:
        return client.get(path, headers=headers)
    if "multipart" in case:
        type_ = f"multipart/form-data; boundary=b; charset={case['charset']}"
        return client.generic("POST", path, multipart(case["multipart"]), content_type=type_, headers=headers)
    return client.post(path, form(case, words), headers=headers)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_hostile(world, case):
    users, handoffs, words = world
    client = browser(users.get(case.get("who", "rep")))
    before = rows()
    answer = sent(client, case, address(case, handoffs, words), words)
    assert answer.status_code == case["status"]
    if not case.get("writes"):
        assert rows() == before
    assert case.get("shows", "") in answer.text
    assert "hides" not in case or case["hides"] not in answer.text


@pytest.mark.parametrize("charset", ["hex", "undefined", "utf-16", "unicode_escape"])
@pytest.mark.parametrize(("path", "status"), [("/login/", "400"), ("/api/v1/handoffs/", "415")])
def test_a_charset_is_refused_before_it_is_used(charset: str, path: str, status: str):
    begun: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "a=b",
        "CONTENT_TYPE": f"text/plain; charset={charset}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        b"".join(application(environ, lambda status, headers: begun.append(status)))
    assert begun[0].startswith(status)


def every_address(uid) -> list[str]:
    found = ["/nothing/", "/handoffs/1/", "/queue/?q=%00", "/admin/", "/admin/login/", "/admin/leads/lead/", "/api/x/"]
    # What websites call is for strangers, and some of it for caches: see tests/leads/test_collect_hostile.py.
    for name in {name for name in routes() if not name.startswith(("leads:collect", "leads:form"))}:
        for args in ([], [uid], [1], ["MQ", "made-up"]):
            with suppress(NoReverseMatch):
                found.append(reverse(name, args=args))
                break
        else:
            raise AssertionError(f"Nobody says here what {name} is asked for.")
    return sorted(found)


@pytest.mark.parametrize("who", ["nobody", "rep", "manager", "marketer", "root"])
def test_every_answer_is_kept_by_nobody_and_says_what_a_browser_may_do(world, who: str):
    users, handoffs, _ = world
    for path in every_address(handoffs["own"].uid):
        for method in ("get", "post"):
            answer = getattr(browser(users.get(who)), method)(path)
            if answer.streaming:
                b"".join(answer)
            assert "no-store" in answer["Cache-Control"], (method, path)
            assert answer["X-Content-Type-Options"] == "nosniff", (method, path)
            assert answer["Referrer-Policy"] == "same-origin", (method, path)
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], (method, path)
            assert "unsafe" not in answer["Content-Security-Policy"], (method, path)


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": "http://["}]
)
def test_no_page_takes_a_form_without_its_token(world, headers):
    users, handoffs, _ = world
    before = rows()
    for who in ("rep", "manager", "marketer", "root"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(users[who])
        for path in every_address(handoffs["own"].uid):
            if not path.startswith("/api/"):
                assert client.post(path, {"kind": "call"}, headers=headers).status_code in {403, 404, 405}, (who, path)
    assert rows() == before


def test_a_form_from_another_session_is_told_so_in_the_pages_own_look(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world[0]["rep"])
    answer = client.post("/logout/")
    assert "This form is from another session" in answer.text
    assert "<style" not in answer.text


def test_who_is_switched_off_is_out_at_once(world):
    users, handoffs, _ = world
    client = browser(users["rep"])
    assert client.get("/queue/").status_code == 200
    User.objects.filter(pk=users["rep"].pk).update(is_active=False)
    before = rows()
    assert client.get("/queue/").status_code == 302
    assert client.post(reverse("feedback:handoff-accept", args=[handoffs["own"].uid])).status_code == 302
    assert rows() == before


def test_a_changed_role_counts_at_once(world):
    users, handoffs, _ = world
    client, path = browser(users["rep"]), reverse("feedback:handoff-accept", args=[handoffs["own"].uid])
    users["rep"].groups.clear()
    before = rows()
    assert client.post(path).status_code == 404
    assert client.get("/queue/").status_code == 403
    assert rows() == before


@pytest.mark.parametrize("path", ["/queue/", "/board/", "/reports/rejections/", "/admin/", "/login/"])
def test_a_database_that_is_away_is_a_503(world, path: str):
    client = browser(world[0]["rep"])
    gone = mock.patch("django.contrib.sessions.backends.db.SessionStore._get_session_from_db")
    with gone as asked:
        asked.side_effect = OperationalError("the connection was refused")
        answer = client.get(path)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert "refused" not in answer.text


def test_no_action_takes_an_instant_at_the_beginning_of_time(world):
    users, handoffs, _ = world
    east, before = dt.timezone(dt.timedelta(hours=14)), rows()
    with pytest.raises(InvalidInput, match="1970"):
        record_outcome(
            handoffs["own"].uid,
            OutcomeInput(kind="won"),
            by=person_of(users["rep"]),
            at=dt.datetime(1, 1, 1, 12, tzinfo=east),
        )
    assert rows() == before


def test_an_upload_is_not_read_for_a_refusal(world):
    class Upload(BytesIO):
        read_count = 0

        def read(self, *size: int) -> bytes:
            self.read_count += 1
            return super().read(*size)

    body = Upload(multipart({"file": "x" * 1000}))
    client = browser(world[0]["rep"])
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    answer = client.generic(
        "POST",
        reverse("leads:imports"),
        content_type="multipart/form-data; boundary=b",
        headers={"Cookie": cookie},
        **{"wsgi.input": body, "CONTENT_LENGTH": str(len(body.getvalue()))},
    )
    assert answer.status_code == 403
    assert body.read_count == 0

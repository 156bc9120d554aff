"""Who gets what from every page: roles x routes x methods, the routes read from the URL resolver.

The table below is the review: a new page has no row and fails until somebody has thought about each column. The handoff
is pending and belongs to `owner`; forms are sent empty, so 400 means: may, but has to say more. HEAD must answer as GET
does and change nothing; OPTIONS must change nothing.
"""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from feedback.actions import absences, agreements
from feedback.logic.rights import LEADLOOP
from leads.actions.duplicates import say_same
from leads.models import ImportRun
from sla.models import Excuse, Replay
from tests.calling import rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, agreement, manager_of, marketer, offered
from tests.leads.websites import a_form

pytestmark = pytest.mark.django_db

PEOPLE = ("anonymous", "owner", "colleague", "stranger", "manager", "elsewhere", "marketer", "operations", "nobody")
# A colleague is a rep of the same team, a stranger one of another, `elsewhere` a manager of another team.
# fmt: off
TABLE = """
feedback:absence-remove            GET  302 405 405 405 405 405 405 405 405
feedback:absence-remove            POST 302 302 403 404 302 404 403 302 404
feedback:absence-unbench           GET  302 405 405 405 405 405 405 405 405
feedback:absence-unbench           POST 302 403 403 404 409 404 403 409 404
feedback:absences                  GET  302 200 200 200 200 403 403 200 403
feedback:absences                  POST 302 400 400 400 400 403 403 400 403
feedback:account                   GET  302 200 404 404 200 404 200 200 404
feedback:account                   POST 302 405 405 405 405 405 405 405 405
feedback:agreement                 GET  302 200 200 200 200 200 200 200 200
feedback:agreement                 POST 302 405 405 405 405 405 405 405 405
feedback:agreement-compare         GET  302 200 200 200 200 200 200 200 200
feedback:agreement-compare         POST 302 405 405 405 405 405 405 405 405
feedback:agreement-discard         GET  302 405 405 405 405 405 405 405 405
feedback:agreement-discard         POST 302 403 403 403 302 302 302 302 403
feedback:agreement-draft           GET  302 200 200 200 200 200 200 200 200
feedback:agreement-draft           POST 302 403 403 403 302 302 302 302 403
feedback:agreement-edit            GET  302 403 403 403 200 200 200 200 403
feedback:agreement-edit            POST 302 403 403 403 400 400 400 400 403
feedback:agreement-outlook         GET  302 403 403 403 302 302 302 302 403
feedback:agreement-outlook         POST 302 403 403 403 302 302 302 302 403
feedback:agreement-publish         GET  302 200 200 200 200 200 200 200 200
feedback:agreement-publish         POST 302 403 403 403 409 409 409 409 403
feedback:agreement-sign            GET  302 405 405 405 405 405 405 405 405
feedback:agreement-sign            POST 302 403 403 403 400 400 400 403 403
feedback:agreement-unsign          GET  302 405 405 405 405 405 405 405 405
feedback:agreement-unsign          POST 302 403 403 403 400 400 400 403 403
feedback:agreement-version         GET  302 200 200 200 200 200 200 200 200
feedback:agreement-version         POST 302 405 405 405 405 405 405 405 405
feedback:board                     GET  302 200 200 200 200 200 200 200 200
feedback:board                     POST 302 405 405 405 405 405 405 405 405
feedback:board-deed                GET  302 405 405 405 405 405 405 405 405
feedback:board-deed                POST 302 400 400 400 400 400 400 400 400
feedback:board-raise               GET  302 405 405 405 405 405 405 405 405
feedback:board-raise               POST 302 400 400 400 400 400 400 400 400
feedback:board-reassign            GET  302 405 405 405 405 405 405 405 405
feedback:board-reassign            POST 302 400 400 400 400 400 400 400 400
feedback:board-release             GET  302 405 405 405 405 405 405 405 405
feedback:board-release             POST 302 400 400 400 400 400 400 400 400
feedback:duplicate-again           GET  302 405 405 405 405 405 405 405 405
feedback:duplicate-again           POST 302 403 403 403 403 403 409 409 403
feedback:duplicate-apart           GET  302 405 405 405 405 405 405 405 405
feedback:duplicate-apart           POST 302 403 403 403 403 403 302 302 403
feedback:duplicate-merge           GET  302 405 405 405 405 405 405 405 405
feedback:duplicate-merge           POST 302 403 403 403 403 403 400 400 403
feedback:duplicates                GET  302 403 403 403 403 403 200 200 403
feedback:duplicates                POST 302 405 405 405 405 405 405 405 405
feedback:handoff                   GET  302 200 404 404 200 404 200 200 404
feedback:handoff                   POST 302 405 405 405 405 405 405 405 405
feedback:handoff-accept            GET  302 405 405 405 405 405 405 405 405
feedback:handoff-accept            POST 302 302 404 404 302 404 403 403 404
feedback:handoff-answer            GET  302 403 404 404 409 404 409 403 404
feedback:handoff-answer            POST 302 403 404 404 409 404 409 403 404
feedback:handoff-hold              GET  302 200 404 404 200 404 403 403 404
feedback:handoff-hold              POST 302 400 404 404 400 404 403 403 404
feedback:handoff-log               GET  302 200 404 404 200 404 403 403 404
feedback:handoff-log               POST 302 400 404 404 400 404 403 403 404
feedback:handoff-meet              GET  302 405 405 405 405 405 405 405 405
feedback:handoff-meet              POST 302 403 404 404 403 404 409 409 404
feedback:handoff-outcome           GET  302 200 404 404 200 404 403 403 404
feedback:handoff-outcome           POST 302 400 404 404 400 404 403 403 404
feedback:handoff-qualify           GET  302 409 404 404 409 404 403 403 404
feedback:handoff-qualify           POST 302 409 404 404 409 404 403 403 404
feedback:handoff-raise             GET  302 405 405 405 405 405 405 405 405
feedback:handoff-raise             POST 302 403 404 404 302 404 403 403 404
feedback:handoff-reassign          GET  302 403 404 404 200 404 403 403 404
feedback:handoff-reassign          POST 302 403 404 404 400 404 403 403 404
feedback:handoff-reject            GET  302 200 404 404 200 404 403 403 404
feedback:handoff-reject            POST 302 400 404 404 400 404 403 403 404
feedback:handoff-release           GET  302 405 405 405 405 405 405 405 405
feedback:handoff-release           POST 302 403 404 404 302 404 403 403 404
feedback:handoff-resume            GET  302 405 405 405 405 405 405 405 405
feedback:handoff-resume            POST 302 409 404 404 409 404 403 403 404
feedback:handoff-return            GET  302 409 404 404 409 404 403 403 404
feedback:handoff-return            POST 302 409 404 404 409 404 403 403 404
feedback:handoff-take              GET  302 405 405 405 405 405 405 405 405
feedback:handoff-take              POST 302 403 404 404 403 404 403 403 404
feedback:handoff-turn-back         GET  302 200 404 404 200 404 403 403 404
feedback:handoff-turn-back         POST 302 302 404 404 302 404 403 403 404
feedback:handoff-undo              GET  302 405 405 405 405 405 405 405 405
feedback:handoff-undo              POST 302 409 404 404 409 404 403 403 404
feedback:handoff-unuphold          GET  302 405 405 405 405 405 405 405 405
feedback:handoff-unuphold          POST 302 403 404 404 403 404 409 409 404
feedback:handoff-uphold            GET  302 405 405 405 405 405 405 405 405
feedback:handoff-uphold            POST 302 403 404 404 403 404 409 409 404
feedback:held-back                 GET  302 403 403 403 200 200 200 200 403
feedback:held-back                 POST 302 405 405 405 405 405 405 405 405
feedback:held-back-again           GET  302 405 405 405 405 405 405 405 405
feedback:held-back-again           POST 302 403 403 403 302 302 302 302 403
feedback:lead                      GET  302 200 404 404 200 404 200 200 404
feedback:lead                      POST 302 405 405 405 405 405 405 405 405
feedback:questions                 GET  302 403 403 403 200 200 200 200 403
feedback:questions                 POST 302 405 405 405 405 405 405 405 405
feedback:queue                     GET  302 200 200 200 403 403 403 403 403
feedback:queue                     POST 302 405 405 405 405 405 405 405 405
feedback:report-handoffs           GET  302 200 200 200 200 200 200 200 403
feedback:report-handoffs           POST 302 405 405 405 405 405 405 405 405
feedback:report-handoffs-csv       GET  302 200 200 200 200 200 200 200 403
feedback:report-handoffs-csv       POST 302 405 405 405 405 405 405 405 405
feedback:report-handoffs-unuphold  GET  302 405 405 405 405 405 405 405 405
feedback:report-handoffs-unuphold  POST 302 403 403 403 403 403 400 400 403
feedback:report-handoffs-uphold    GET  302 405 405 405 405 405 405 405 405
feedback:report-handoffs-uphold    POST 302 403 403 403 403 403 400 400 403
feedback:report-rejections         GET  302 200 200 200 200 200 200 200 403
feedback:report-rejections         POST 302 405 405 405 405 405 405 405 405
feedback:report-rejections-csv     GET  302 200 200 200 200 200 200 200 403
feedback:report-rejections-csv     POST 302 405 405 405 405 405 405 405 405
feedback:routing                   GET  302 403 403 403 200 200 200 200 403
feedback:routing                   POST 302 405 405 405 405 405 405 405 405
feedback:start                     GET  302 302 302 302 302 302 302 302 302
feedback:start                     POST 302 405 405 405 405 405 405 405 405
feedback:working                   GET  302 200 200 200 403 403 403 403 403
feedback:working                   POST 302 405 405 405 405 405 405 405 405
leads:collect                      GET  405 405 405 405 405 405 405 405 405
leads:collect                      POST 204 204 204 204 204 204 204 204 204
leads:collect-script               GET  200 200 200 200 200 200 200 200 200
leads:collect-script               POST 405 405 405 405 405 405 405 405 405
leads:form                         GET  200 200 200 200 200 200 200 200 200
leads:form                         POST 404 404 404 404 404 404 404 404 404
leads:form-script                  GET  200 200 200 200 200 200 200 200 200
leads:form-script                  POST 405 405 405 405 405 405 405 405 405
leads:form-thanks                  GET  200 200 200 200 200 200 200 200 200
leads:form-thanks                  POST 405 405 405 405 405 405 405 405 405
leads:form-token                   GET  200 200 200 200 200 200 200 200 200
leads:form-token                   POST 405 405 405 405 405 405 405 405 405
leads:import-cancel                GET  302 405 405 405 405 405 405 405 405
leads:import-cancel                POST 302 403 403 403 403 403 302 302 403
leads:import-refused               GET  302 403 403 403 403 403 200 200 403
leads:import-refused               POST 302 405 405 405 405 405 405 405 405
leads:import-run                   GET  302 403 403 403 403 403 200 200 403
leads:import-run                   POST 302 405 405 405 405 405 405 405 405
leads:imports                      GET  302 403 403 403 403 403 200 200 403
leads:imports                      POST 302 403 403 403 403 403 400 400 403
leads:login                        GET  200 302 302 302 302 302 302 302 302
leads:login                        POST 400 400 400 400 400 400 400 400 400
leads:logout                       GET  302 405 405 405 405 405 405 405 405
leads:logout                       POST 302 302 302 302 302 302 302 302 302
leads:notices                      GET  302 200 200 200 200 200 200 200 200
leads:notices                      POST 302 405 405 405 405 405 405 405 405
leads:notices-read                 GET  302 405 405 405 405 405 405 405 405
leads:notices-read                 POST 302 302 302 302 302 302 302 302 302
leads:password                     GET  302 200 200 200 200 200 200 200 200
leads:password                     POST 302 400 400 400 400 400 400 400 400
leads:password-asked               GET  200 200 200 200 200 200 200 200 200
leads:password-asked               POST 405 405 405 405 405 405 405 405 405
leads:password-forgotten           GET  200 200 200 200 200 200 200 200 200
leads:password-forgotten           POST 400 400 400 400 400 400 400 400 400
leads:password-new                 GET  400 400 400 400 400 400 400 400 400
leads:password-new                 POST 400 400 400 400 400 400 400 400 400
leads:sessions-end                 GET  302 405 405 405 405 405 405 405 405
leads:sessions-end                 POST 302 302 302 302 302 302 302 302 302
leads:zone                         GET  302 200 200 200 200 200 200 200 200
leads:zone                         POST 302 400 400 400 400 400 400 400 400
sla:acknowledge                    GET  302 405 405 405 405 405 405 405 405
sla:acknowledge                    POST 302 403 404 404 409 404 403 403 404
sla:attainment                     GET  302 200 200 200 200 200 200 200 403
sla:attainment                     POST 302 405 405 405 405 405 405 405 405
sla:attainment-csv                 GET  302 200 200 200 200 200 200 200 403
sla:attainment-csv                 POST 302 405 405 405 405 405 405 405 405
sla:excuse-approve                 GET  302 405 405 405 405 405 405 405 405
sla:excuse-approve                 POST 302 403 404 404 302 404 403 403 404
sla:excuse-refuse                  GET  302 405 405 405 405 405 405 405 405
sla:excuse-refuse                  POST 302 403 404 404 302 404 403 403 404
sla:excuse-request                 GET  302 405 405 405 405 405 405 405 405
sla:excuse-request                 POST 302 400 404 404 400 404 400 400 404
sla:excuses                        GET  302 403 403 403 200 200 403 403 403
sla:excuses                        POST 302 405 405 405 405 405 405 405 405
sla:healthz                        GET  503 503 503 503 503 503 503 503 503
sla:healthz                        POST 405 405 405 405 405 405 405 405 405
sla:proof                          GET  302 200 404 404 200 404 200 200 404
sla:proof                          POST 302 405 405 405 405 405 405 405 405
sla:replay                         GET  302 403 403 403 200 404 403 200 403
sla:replay                         POST 302 405 405 405 405 405 405 405 405
sla:replay-csv                     GET  302 403 403 403 409 404 403 409 403
sla:replay-csv                     POST 302 405 405 405 405 405 405 405 405
sla:replay-json                    GET  302 403 403 403 409 404 403 409 403
sla:replay-json                    POST 302 405 405 405 405 405 405 405 405
sla:replays                        GET  302 403 403 403 200 200 403 200 403
sla:replays                        POST 302 403 403 403 400 400 403 400 403
"""
# fmt: on
NAMESPACES = {"leads", "feedback", "sla"}


def routes() -> Iterator[str]:
    def walk(patterns, namespace: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.namespace in {None, *NAMESPACES}:
                    yield from walk(pattern.url_patterns, pattern.namespace or namespace)
            elif isinstance(pattern, URLPattern) and namespace in NAMESPACES:
                yield f"{namespace}:{pattern.name}"

    return walk(get_resolver().url_patterns, "")


def expected() -> dict[tuple[str, str, str], int]:
    found = {}
    for line in TABLE.strip().splitlines():
        route, method, *codes = line.split()
        for person, code in zip(PEOPLE, codes, strict=True):
            found[route, method, person] = int(code)
    return found


@pytest.fixture
def company():
    """(address of a route, client of a person) over one handoff."""
    owner = RepFactory(team=TeamFactory())
    users = {
        "owner": owner.user,
        "colleague": RepFactory(team=owner.team).user,
        "stranger": RepFactory().user,
        "manager": manager_of(owner.team),
        "elsewhere": manager_of(TeamFactory()),
        "marketer": UserFactory(roles=("marketer",)),
        "operations": UserFactory(roles=("operations",)),
        "nobody": UserFactory(),
    }
    agreement()
    agreements.draft(by=marketer())
    handoff = offered(owner)
    absence = absences.add(owner.uid, by=LEADLOOP, starts_at=ago(days=-2), ends_at=ago(days=-3))
    excuse = Excuse.objects.create(
        handoff=handoff,
        begins_at=ago(minutes=2),
        ends_at=ago(minutes=1),
        why="",
        requested_by=owner.user,
        requested_at=ago(minutes=1),
    )
    replay = Replay.objects.create(
        name="Waiting", rules={}, begins_at=ago(hours=2), ends_at=ago(hours=1), by=users["manager"], asked_at=ago()
    )
    run = ImportRun.objects.create(kind="leads", file_name="a.csv", file_path="a", file_digest="a")

    pair = say_same(handoff.lead, offered(owner).lead)

    web_form = a_form()

    def address(route: str) -> str:
        if route in {"leads:form", "leads:form-token", "leads:form-thanks"}:
            return reverse(route, args=[web_form.key])
        if route.startswith("feedback:duplicate-"):
            return reverse(route, args=[pair.uid])
        if route == "feedback:account":
            return reverse(route, args=[handoff.account.uid])
        if route == "feedback:lead":
            return reverse(route, args=[handoff.lead.uid])
        if route.startswith("feedback:handoff") or route in {"sla:acknowledge", "sla:proof", "sla:excuse-request"}:
            return reverse(route, args=[handoff.uid])
        if route == "leads:password-new":
            return reverse(route, args=["MQ", "made-up"])
        if route.startswith("leads:import") and route not in {
            "leads:imports",
            "leads:import-new",
            "leads:import-template",
        }:
            return reverse(route, args=[run.uid])
        if route in {"sla:replay", "sla:replay-csv", "sla:replay-json"}:
            return reverse(route, args=[replay.uid])
        if route in {"sla:excuse-approve", "sla:excuse-refuse"}:
            return reverse(route, args=[excuse.uid])
        if route == "feedback:agreement-version":
            return reverse(route, args=[1])
        if route == "feedback:board-deed":
            return reverse(route, args=["acknowledge"])
        if route == "feedback:absence-remove":
            return reverse(route, args=[absence.uid])
        if route == "feedback:absence-unbench":
            return reverse(route, args=[owner.uid])
        return reverse(route)

    def client(person: str) -> Client:
        made = Client()
        if person in users:
            made.force_login(users[person])
        return made

    return address, client


def test_every_page_has_its_row():
    known = {route for route, _, _ in expected()}
    assert set(routes()) == known


ROUTES = sorted({route for route, _, _ in expected()})


def ask(visitor: Client, method: str, path: str) -> int:
    """The status, with the whole answer read."""
    answer = getattr(visitor, method.lower())(path)
    if answer.streaming:
        b"".join(answer)
    return answer.status_code


@pytest.mark.parametrize("route", ROUTES)
def test_everybody_gets_what_is_theirs(company, route: str):
    address, client = company
    path, before = address(route), rows()
    for method in ("GET", "POST"):
        for person in PEOPLE:
            with transaction.atomic():
                assert ask(client(person), method, path) == expected()[route, method, person], (method, person)
                if status_changes_nothing(route, method, expected()[route, method, person]):
                    assert rows() == before, (method, person)
                transaction.set_rollback(True)


def status_changes_nothing(route: str, method: str, status: int) -> bool:
    """A refusal writes nothing, and neither does a GET, but for the one page that marks a handoff as seen."""
    return status >= 400 or (method == "GET" and route != "feedback:handoff")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("route", ROUTES)
def test_looking_without_opening_changes_nothing(company, route: str, method: str):
    address, client = company
    path, before = address(route), rows()
    for person in PEOPLE:
        assert ask(client(person), method, path) < 500 or route == "sla:healthz"
    assert rows() == before

"""What axe finds on the pages that people live in, in both themes and on a phone. A breach of the CSP fails too."""

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe

from feedback.actions import absences, decisions, holds, owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, RoutingRule, person_of
from leads.actions import agreements
from leads.actions.scoring import Scored, keep
from leads.logic.agreement import written
from leads.logic.scoring import Score
from leads.logic.starting_point import starting_point
from leads.models import Duplicate, WebForm, Website
from sla.actions import excuses, replays
from sla.actions.replays import ReplayInput
from sla.models import Policy, Replay
from sla.tasks import run_replays
from tests.factories import UserFactory, ago, as_person, manager_of, marketer, offered
from tests.leads.scoring_rows import in_force, lead

SCORE = Score(value=45, parts={"Pricing page": 60, "Careers page": -15})

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def violations(page) -> list[str]:
    page.wait_for_load_state()
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    # What is still coming into view has not its own colours yet.
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))")
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes'][:3]]}" for one in found]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_is_accessible(rep, visit, scheme: str, width: int):
    page = visit("", scheme=scheme, width=width).open("/login/")
    assert not violations(page)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_queue_and_reject_are_accessible(rep, visit, scheme: str, width: int):
    sam = visit("sam", scheme=scheme, width=width)
    assert not violations(sam.page)
    row = sam.page.locator("a[data-uid]").first
    name = row.locator(".who").inner_text()
    row.click()
    sam.waits_for(name)
    assert not violations(sam.page)
    sam.page.locator("[data-key=r]").first.click()
    sam.asked().locator(".reason label").first.click()
    assert not violations(sam.page)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_board_working_and_notices_are_accessible(rep, visit, scheme: str, width: int):
    manager = manager_of(rep.team)
    manager.set_password("correct horse battery")
    manager.save()
    boss = visit(manager.username, scheme=scheme, width=width)
    for path in ("/board/", "/notices/", "/zone/"):
        assert not violations(boss.open(path)), path


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_holds_questions_and_absences_are_accessible(rep, visit, scheme: str, width: int):
    sam = visit("sam", scheme=scheme, width=width)
    first, second, *_ = Handoff.objects.filter(owner=rep).order_by("pk")
    holds.hold(first.uid, by=as_person(rep), reason="missing_context", question="Which webinar was it?")
    holds.hold(second.uid, by=as_person(rep), reason="missing_context", question="Who is it?")
    holds.answer(second.uid, by=marketer(), text="The buyer of the group.")
    owners.raise_priority(second.uid, by=LEADLOOP)
    absences.bench(rep.uid, by=LEADLOOP)
    absences.add(rep.uid, by=LEADLOOP, starts_at=ago(days=-1), ends_at=ago(days=-2), note="Holiday")
    for path in (f"/handoffs/{first.uid}/", f"/handoffs/{second.uid}/", f"/handoffs/{second.uid}/hold/", "/absences/"):
        assert not violations(sam.open(path)), path
    sam.open(f"/handoffs/{second.uid}/")
    sam.page.locator("[data-key=h]").click()
    sam.asked().locator(".reason label").first.click()
    assert not violations(sam.page)
    for role, paths in {
        "marketer": ("/questions/", f"/handoffs/{first.uid}/answer/"),
        "manager": ("/board/", "/absences/"),
    }.items():
        user = manager_of(rep.team) if role == "manager" else UserFactory(roles=(role,))
        user.set_password("correct horse battery")
        user.save()
        other = visit(user.username, scheme=scheme, width=width)
        for path in paths:
            assert not violations(other.open(path)), path


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_proofs_excuses_promises_and_replays_are_accessible(rep, visit, scheme: str, width: int):
    late = offered(rep, at=ago(hours=12))
    excuses.request(
        late.uid, by=as_person(rep), begins_at=ago(hours=11), ends_at=ago(hours=10), why="The CRM was down."
    )
    boss = manager_of(rep.team)
    boss.set_password("correct horse battery")
    boss.save()
    rules = str(Policy.objects.get().uid)
    asked = ReplayInput(policy=rules, version="", is_among=False, begins_at=ago(days=20), ends_at=ago())
    replays.ask(asked, by=person_of(boss))
    run_replays()
    nadia = visit(boss.username, scheme=scheme, width=width)
    replay = Replay.objects.get(state="done")
    for path in (
        f"/handoffs/{late.uid}/",
        f"/sla/handoffs/{late.uid}/proof/",
        "/sla/excuses/",
        "/sla/promises/",
        "/sla/replays/",
        f"/sla/replays/{replay.uid}/",
    ):
        assert not violations(nadia.open(path)), path
        assert nadia.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_agreement_routing_and_who_is_held_back_are_accessible(rep, visit, scheme: str, width: int):
    refused, someone = Handoff.objects.filter(owner=rep).order_by("pk")[0], lead()
    scored = Scored(lead_id=someone.pk, account_id=None, fit=SCORE, intent=SCORE, rule="ready", met_at=ago(hours=1))
    scored = replace(scored, why="Fits.", held_back="Opted out.")
    keep([scored], agreement_pk=in_force(written(starting_point())).pk, at=ago(hours=1))
    RoutingRule.objects.create(name="Everybody", team=rep.team)
    Duplicate.objects.create(lead=refused.lead, other_lead=someone, score=90, because=["name"])
    mia = UserFactory(roles=("marketer",))
    mia.set_password("correct horse battery")
    mia.save()
    marketing = visit(mia.username, scheme=scheme, width=width)
    agreements.draft(by=person_of(mia))
    decisions.reject(refused.uid, by=as_person(rep), reason="comp.do_not_contact")
    for path in (
        f"/handoffs/{refused.uid}/",
        f"/leads/{someone.uid}/",
        f"/accounts/{refused.account.uid}/",
        "/held-back/",
        "/duplicates/",
        "/routing/",
        "/routing/?country=DE&fit=900",
        "/routing/?country=DE",
        "/agreement/",
        "/agreement/draft/",
        "/agreement/compare/",
        "/agreement/draft/edit/",
    ):
        assert not violations(marketing.open(path)), path
        assert marketing.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    with marketing.page.expect_navigation():
        marketing.page.locator("button[value=rules]").click()
    marketing.page.locator("[name=intent-0-half_life_days]").fill("-4")
    marketing.page.locator(".page-head button").click()
    marketing.page.locator(".errors a").first.wait_for()
    assert not violations(marketing.page), "the draft with what is wrong in it"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_of_strangers_are_accessible(rep, visit, scheme: str, width: int):
    site = Website.objects.create(name="Ours", key="d4k8k35wsup66sid", origins=["https://www.nortex.example"])
    form = WebForm.objects.create(name="Book a demo", key="82985ksy79pgtbcn", website=site)
    stranger = visit("", scheme=scheme, width=width)
    for path in (f"/forms/{form.key}/", f"/forms/{form.key}/thanks/"):
        assert not violations(stranger.open(path)), path
    stranger.open(f"/forms/{form.key}/")
    stranger.page.evaluate("document.querySelector('form').noValidate = true")
    stranger.page.locator("[name=email]").fill("nobody")
    stranger.page.locator("button[type=submit]").click()
    stranger.page.locator(".wrong-words").first.wait_for()
    assert not violations(stranger.page), "a form with what is wrong in it"

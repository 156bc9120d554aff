"""The snippet on a website of another origin, in a real browser: it says nothing until somebody agrees."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from leads.logic.spam import is_automated
from leads.models import Engagement, Lead, Visitor
from tests.browser.conftest import PATIENCE_SECONDS
from tests.browser.somebody import Guest, Site, until
from tests.leads.websites import BROWSER

POLICIES = ("no-referrer", "same-origin", "strict-origin")
HIDING = POLICIES[:2]
"""Of the policies of a website, those under which a form says "null" for where it comes from."""


@pytest.fixture
def site(live_server, transactional_db) -> Iterator[Site]:
    made = Site(live_server.url)
    yield made
    made.close()


@pytest.fixture
def copy(live_server, site: Site) -> Iterator[Site]:
    """Another website, which has copied the page with its form."""
    made = Site(live_server.url, form=site.form)
    yield made
    made.close()


@pytest.fixture
def guest(chromium: Browser, site: Site, live_server, monkeypatch) -> Iterator[Callable[..., Guest]]:
    made: list[Guest] = []
    # What a page sends while it closes goes out under the browser's real name, whatever name the context was given.
    monkeypatch.setattr("leads.views_collect.is_automated", lambda agent: is_automated(agent.replace("Headless", "")))

    def enter(script: str = "", *, at: Site = site, **more) -> Guest:
        context = chromium.new_context(**{"user_agent": BROWSER, **more})
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        if script:
            context.add_init_script(script)
        made.append(Guest(context, at, live_server.url))
        return made[-1]

    yield enter
    for one in made:
        # What a page says when it closes has to be heard before the tables are emptied.
        one.looks_away()
    complaints = [line for one in made for line in one.complaints]
    cookies = [cookie for one in made for cookie in one.context.cookies()]
    for one in made:
        one.context.close()
    assert not complaints, complaints
    assert not cookies, cookies


def durations() -> int:
    return Engagement.objects.filter(duration_seconds__isnull=False).count()


def views() -> list[tuple[str, str]]:
    return list(Engagement.objects.filter(kind="page_view").order_by("id").values_list("url", "subject"))


def test_nothing_is_said_or_stored_before_somebody_agrees(site: Site, guest):
    ana = guest()
    ana.open("/pricing?campaign=secret")
    ana.rests()
    assert (ana.messages(), ana.stored(), views()) == (0, None, [])
    ana.consents()
    until(lambda: views() == [(f"{site.origin}/pricing", "Pricing")])
    assert Visitor.objects.get().external_id == ana.stored()
    ana.open("/docs")
    until(lambda: durations() == 1)
    ana.rests()
    assert (len(views()), durations()) == (1, 1)
    ana.consents()
    until(lambda: len(views()) == 2)
    assert Visitor.objects.count() == 1


def test_a_page_that_knows_of_the_consent_says_so_itself(site: Site, guest):
    ana = guest()
    ana.open("/agreed")
    until(lambda: views() == [(f"{site.origin}/agreed", "Agreed")])


@pytest.mark.parametrize("how", ["globalPrivacyControl', {value: true", "doNotTrack', {value: '1'"])
def test_a_browser_that_says_no_is_not_asked_twice(site: Site, guest, how: str):
    ana = guest(f"Object.defineProperty(navigator, '{how}}})")
    ana.open("/agreed")
    ana.consents()
    ana.rests()
    assert (ana.messages(), ana.stored(), views()) == (0, None, [])


def test_consent_taken_back_is_forgotten_here_and_there(site: Site, guest):
    ana = guest()
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    ana.consents(False)
    until(lambda: not Visitor.objects.exists())
    assert (ana.stored(), views()) == (None, [])
    before = ana.messages()
    ana.page.evaluate("history.pushState({}, '', '/docs')")
    ana.rests()
    ana.open("/pricing")
    ana.rests()
    assert (ana.messages(), views()) == (before, [])


def test_a_single_page_site_has_many_pages(site: Site, guest):
    ana = guest()
    ana.open("/agreed")
    ana.page.evaluate("() => { history.pushState({}, '', '/pricing?x=1'); document.title = 'Pricing' }")
    until(lambda: len(views()) == 2)
    ana.page.evaluate("history.replaceState({}, '', '/pricing?x=2')")
    ana.rests()
    ana.page.evaluate("() => { history.back(); document.title = 'Agreed' }")
    until(lambda: len(views()) == 3)
    paths = [url.removeprefix(site.origin) for url, _ in views()]
    assert paths == ["/agreed", "/pricing", "/agreed"]
    until(lambda: durations() == 2)


def test_where_storage_is_forbidden_nothing_breaks(site: Site, guest):
    ana = guest("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})")
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    ana.consents(False)
    until(lambda: not Visitor.objects.exists())


@pytest.mark.parametrize("policy", POLICIES)
def test_whatever_a_website_tells_of_itself_its_messages_arrive(site: Site, guest, policy: str):
    site.referrer = policy
    ana = guest()
    modes: list[str | None] = []
    ana.page.on(
        "request", lambda sent: modes.append(sent.header_value("sec-fetch-mode")) if "/collect/" in sent.url else None
    )
    ana.open("/agreed")
    until(lambda: views() == [(f"{site.origin}/agreed", "Agreed")])
    ana.looks_away()
    until(lambda: durations() == 1)
    # Of requests of another mode browsers may keep the origin back, and some do.
    assert modes == ["cors", "cors"]


@pytest.mark.parametrize("how", ["link", "close"])
@pytest.mark.parametrize("policy", HIDING)
def test_a_page_that_goes_is_heard(site: Site, guest, policy: str, how: str):
    site.referrer = policy
    ana = guest()
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    if how == "link":
        ana.page.click("a")
        ana.page.wait_for_url(f"{site.origin}/docs")
    else:
        ana.page.close(run_before_unload=True)
        ana.page = ana.context.new_page()
    until(lambda: durations() == 1)


def test_where_no_request_outlives_its_page_messages_are_beacons(site: Site, guest):
    ana = guest("delete Request.prototype.keepalive; window.fetch = undefined")
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    ana.open("/docs")
    until(lambda: durations() == 1)


def test_a_program_that_runs_scripts_is_no_visitor(site: Site, guest):
    robot = guest(user_agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    robot.open("/agreed")
    until(lambda: robot.messages() > 0 and not robot.unanswered, robot.page)
    assert views() == []
    robot.looks_away()
    # It is told nothing, as every stranger is; its console says that much.
    robot.complaints = [line for line in robot.complaints if "CORS" not in line and "ERR_FAILED" not in line]


@pytest.mark.parametrize("policy", ["", *POLICIES])
def test_a_form_ties_the_visitor_to_the_lead(site: Site, guest, policy: str):
    site.referrer = policy
    ana = guest()
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    ana.fills_in()
    ana.takes_their_time()
    ana.page.click("button")
    ana.page.wait_for_url(f"{site.origin}/thanks")
    lead = Lead.objects.get()
    filled = Engagement.objects.get(kind="form")
    assert filled.visitor is not None
    assert (filled.lead, filled.visitor.lead, filled.visitor.external_id) == (lead, lead, ana.stored())
    assert Engagement.objects.get(kind="page_view", subject="Agreed").lead == lead
    assert (lead.name, filled.url) == ("Ana Duarte", site.origin)
    until(lambda: durations() == 1)


def test_who_comes_back_to_a_form_that_was_sent_gets_another_token(site: Site, guest):
    ana = guest()
    ana.open("/pricing")
    ana.fills_in()
    token = ana.page.locator("[name=leadloop_token][value]")
    token.wait_for(state="attached")
    first = token.get_attribute("value")
    # As a browser does that kept the page as it was and shows it once more.
    ana.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert token.count() == 0
    ana.page.focus("[name=name]")
    token.wait_for(state="attached")
    assert token.get_attribute("value") != first


@pytest.mark.parametrize("policy", ["", *POLICIES])
def test_a_form_works_without_scripts_and_without_consent(site: Site, guest, policy: str):
    site.referrer = policy
    ana = guest(java_script_enabled=False)
    ana.open("/pricing")
    ana.fills_in()
    ana.page.click("button")
    ana.sends_once_more()
    ana.page.wait_for_url(f"{site.origin}/thanks")
    assert Lead.objects.get().name == "Ana Duarte"
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_form_that_another_website_copied_is_not_taken_from_there(site: Site, copy: Site, guest, policy: str):
    copy.referrer = policy
    eve = guest(at=copy)
    eve.open("/pricing")
    with eve.page.expect_event("requestfailed", lambda sent: sent.url.endswith("/token/")):
        eve.fills_in()
    eve.page.locator("[name=leadloop_token]").wait_for(state="detached")
    eve.page.click("button")
    said = "send it once more" if policy in HIDING else "may not be sent from the page"
    eve.page.get_by_text(said).wait_for()
    assert not Lead.objects.exists()
    eve.complaints = [line for line in eve.complaints if "CORS" not in line and "Failed to load" not in line]

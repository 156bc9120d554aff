"""The snippet on a website of another origin, in a real browser: it says nothing until somebody agrees."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from leads.forms_web import read_token
from leads.logic.spam import is_automated
from leads.models import Engagement, Lead, Visitor, WebForm, Website
from tests.browser.conftest import PATIENCE_SECONDS
from tests.leads.websites import BROWSER, a_form, a_website

POLICIES = ("no-referrer", "same-origin", "strict-origin")
HIDING = POLICIES[:2]
"""Of the policies of a website, those under which a form says "null" for where it comes from."""
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,">
<script src="{leadloop}/collect.js" data-site="{key}" {consent} defer></script>
<script src="{leadloop}/form.js" defer></script></head>
<body><h1>{title}</h1><a href="/docs">Docs</a>
<form method="post" action="{leadloop}/forms/{form}/"><input type="hidden" name="action" value="send">
<input name="name"><input type="email" name="email">
<div hidden><input name="homepage" tabindex="-1" autocomplete="off"></div><button>Send</button></form></body></html>"""


class Site:
    """A website of somebody else's on loopback, as strict as its policy can be. `referrer` is its Referrer-Policy."""

    def __init__(self, leadloop: str, *, form: WebForm | None = None) -> None:
        site = self
        self.referrer = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                body = PAGE.format(
                    title=path.strip("/").title() or "Home",
                    leadloop=leadloop,
                    key=site.website.key,
                    form=site.form.key,
                    consent='data-consent="given"' if path == "/agreed" else "",
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                policy = f"default-src 'none'; img-src data:; script-src {leadloop}; connect-src {leadloop}"
                self.send_header("Content-Security-Policy", f"{policy}; form-action 'self' {leadloop}")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                if site.referrer:
                    self.send_header("Referrer-Policy", site.referrer)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *given: object) -> None:
                """Nothing: tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        if form is None:
            website = a_website(origins=[self.origin])
            fields = {"name": "name", "email": "email"}
            form = a_form(website, fields=fields, thanks_url=f"{self.origin}/thanks")
        self.form = form
        self.website: Website = form.website
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


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


class Guest:
    """Somebody on the website. Collects what their browser asks of LeadLoop, and what it complains about."""

    def __init__(self, context: BrowserContext, site: Site, leadloop: str) -> None:
        self.context, self.site = context, site
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        self.unanswered: set[Request] = set()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda sent: self._ask(sent) if sent.url.startswith(leadloop) else None)
        for outcome in ("requestfinished", "requestfailed"):
            self.page.on(outcome, lambda sent: self.unanswered.discard(sent))

    def _ask(self, sent: Request) -> None:
        self.asked.append(sent.url)
        self.unanswered.add(sent)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.site.origin}{path}")
        return self.page

    def consents(self, given: bool = True) -> None:
        self.page.evaluate("given => leadloop.consent(given)", given)

    def stored(self) -> str | None:
        return self.page.evaluate("localStorage.getItem('leadloop')")

    def messages(self) -> int:
        return len([url for url in self.asked if url.endswith("/collect/")])

    def rests(self) -> None:
        """Until whatever the snippet does a little later is done: a page's timers go off in their order."""
        self.page.evaluate("new Promise((done) => setTimeout(done, 300))")

    def looks_away(self) -> None:
        """Until what the page says when nobody sees it any more is heard; after that it has nothing to say."""
        # Of what an earlier page asked, no answer may ever be told of.
        before = set(self.unanswered)
        self.page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
        until(lambda: not self.unanswered - before, self.page)

    def fills_in(self) -> None:
        self.page.fill("[name=name]", "Ana Duarte")
        self.page.fill("[name=email]", "ana.duarte@nortex.example")

    def takes_their_time(self) -> None:
        """Until the token is there and as old as that of a person."""
        field = self.page.locator("[name=leadloop_token][value]")
        field.wait_for(state="attached")
        text = field.get_attribute("value")
        until(lambda: (token := read_token(self.site.form, text)) is not None and not token.is_too_fast, self.page)

    def sends_once_more(self) -> None:
        """From the page of ours that asks for it."""
        self.page.get_by_text("send it once more").wait_for()
        self.complaints = [line for line in self.complaints if "status of 400" not in line]
        self.takes_their_time()
        self.page.get_by_role("button", name="Send").click()


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


def until(holds: Callable[[], bool], page: Page | None = None) -> None:
    """What the browser itself has to tell is heard only while it is listened to, by its page."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        if page:
            page.wait_for_timeout(50)
        else:
            time.sleep(0.05)


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

"""The snippet on a website of another origin, in a real browser: it says nothing until somebody agrees."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from leads.logic.spam import is_automated
from leads.models import Engagement, Lead, Visitor, WebForm, Website
from tests.leads.websites import BROWSER, a_form, a_website

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,">
<script src="{leadloop}/collect.js" data-site="{key}" {consent} defer></script>
<script src="{leadloop}/form.js" defer></script></head>
<body><h1>{title}</h1><a href="/docs">Docs</a>
<form method="post" action="{leadloop}/forms/{form}/"><input name="name"><input type="email" name="email">
<div hidden><input name="homepage" tabindex="-1" autocomplete="off"></div><button>Send</button></form></body></html>"""


class Site:
    """A website of somebody else's on loopback, as strict as its policy can be."""

    def __init__(self, leadloop: str) -> None:
        site = self

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
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *given: object) -> None:
                """Nothing: tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.website: Website = a_website(origins=[self.origin])
        self.form: WebForm = a_form(self.website, fields={"name": "name", "email": "email"})
        self.form.thanks_url = f"{self.origin}/thanks"
        self.form.save()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site(live_server, transactional_db) -> Iterator[Site]:
    made = Site(live_server.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


class Guest:
    """Somebody on the website. Collects what their browser asks of LeadLoop, and what it complains about."""

    def __init__(self, context: BrowserContext, site: Site, leadloop: str) -> None:
        self.context, self.site = context, site
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda sent: self.asked.append(sent.url) if sent.url.startswith(leadloop) else None)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.site.origin}{path}")
        return self.page

    def consents(self, given: bool = True) -> None:
        self.page.evaluate("given => leadloop.consent(given)", given)

    def stored(self) -> str | None:
        return self.page.evaluate("localStorage.getItem('leadloop')")

    def messages(self) -> int:
        return len([url for url in self.asked if url.endswith("/collect/")])


@pytest.fixture
def guest(chromium: Browser, site: Site, live_server, monkeypatch) -> Iterator[Callable[..., Guest]]:
    made: list[Guest] = []
    # What a page sends while it closes goes out under the browser's real name, whatever name the context was given.
    monkeypatch.setattr("leads.views_collect.is_automated", lambda agent: is_automated(agent.replace("Headless", "")))

    def enter(script: str = "", **more) -> Guest:
        context = chromium.new_context(**{"user_agent": BROWSER, **more})
        context.set_default_timeout(10_000)
        if script:
            context.add_init_script(script)
        made.append(Guest(context, site, live_server.url))
        return made[-1]

    yield enter
    complaints = [line for one in made for line in one.complaints]
    cookies = [cookie for one in made for cookie in one.context.cookies()]
    for one in made:
        # What a page says when it closes has to be heard before the tables are emptied.
        one.page.goto("about:blank")
        one.page.wait_for_timeout(500)
        one.context.close()
    assert not complaints, complaints
    assert not cookies, cookies


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def views() -> list[tuple[str, str]]:
    return list(Engagement.objects.filter(kind="page_view").order_by("id").values_list("url", "subject"))


def test_nothing_is_said_or_stored_before_somebody_agrees(site: Site, guest):
    ana = guest()
    ana.open("/pricing?campaign=secret")
    ana.page.wait_for_timeout(400)
    assert (ana.messages(), ana.stored(), views()) == (0, None, [])
    ana.consents()
    until(lambda: views() == [(f"{site.origin}/pricing", "Pricing")])
    assert Visitor.objects.get().external_id == ana.stored()
    ana.open("/docs")
    until(lambda: Engagement.objects.filter(duration_seconds__isnull=False).count() == 1)
    assert (ana.messages(), len(views())) == (1, 1)
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
    ana.page.wait_for_timeout(400)
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
    ana.page.wait_for_timeout(400)
    ana.open("/pricing")
    ana.page.wait_for_timeout(400)
    assert (ana.messages(), views()) == (before, [])


def test_a_single_page_site_has_many_pages(site: Site, guest):
    ana = guest()
    ana.open("/agreed")
    ana.page.evaluate("() => { history.pushState({}, '', '/pricing?x=1'); document.title = 'Pricing' }")
    until(lambda: len(views()) == 2)
    ana.page.evaluate("history.replaceState({}, '', '/pricing?x=2')")
    ana.page.wait_for_timeout(300)
    ana.page.evaluate("() => { history.back(); document.title = 'Agreed' }")
    until(lambda: len(views()) == 3)
    paths = [url.removeprefix(site.origin) for url, _ in views()]
    assert paths == ["/agreed", "/pricing", "/agreed"]
    until(lambda: Engagement.objects.filter(duration_seconds__isnull=False).count() == 2)


def test_where_storage_is_forbidden_nothing_breaks(site: Site, guest):
    ana = guest("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})")
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    ana.consents(False)
    until(lambda: not Visitor.objects.exists())


def test_without_beacons_messages_are_fetched(site: Site, guest):
    ana = guest("navigator.sendBeacon = undefined")
    ana.open("/agreed")
    until(lambda: len(views()) == 1)


def test_a_program_that_runs_scripts_is_no_visitor(site: Site, guest):
    robot = guest(user_agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    robot.open("/agreed")
    until(lambda: robot.messages() > 0)
    robot.page.wait_for_timeout(300)
    assert views() == []


def test_a_form_ties_the_visitor_to_the_lead(site: Site, guest):
    ana = guest()
    ana.open("/agreed")
    until(lambda: len(views()) == 1)
    ana.page.fill("[name=name]", "Ana Duarte")
    ana.page.fill("[name=email]", "ana.duarte@nortex.example")
    ana.page.wait_for_selector("[name=leadloop_token][value]", state="attached")
    ana.page.wait_for_timeout(2_200)
    ana.page.click("button")
    ana.page.wait_for_url(f"{site.origin}/thanks")
    lead = Lead.objects.get()
    filled = Engagement.objects.get(kind="form")
    assert filled.visitor is not None
    assert (filled.lead, filled.visitor.lead, filled.visitor.external_id) == (lead, lead, ana.stored())
    assert Engagement.objects.get(kind="page_view", subject="Agreed").lead == lead
    assert lead.name == "Ana Duarte"


def test_a_form_works_without_scripts_and_without_consent(site: Site, guest):
    ana = guest(java_script_enabled=False)
    ana.open("/pricing")
    ana.page.fill("[name=name]", "Ana Duarte")
    ana.page.fill("[name=email]", "ana.duarte@nortex.example")
    ana.page.click("button")
    ana.page.get_by_text("send it once more").wait_for()
    ana.complaints = [line for line in ana.complaints if "status of 400" not in line]
    ana.page.wait_for_timeout(1_200)
    ana.page.get_by_role("button", name="Send").click()
    ana.page.wait_for_url(f"{site.origin}/thanks")
    assert Lead.objects.get().name == "Ana Duarte"
    assert not Visitor.objects.exists()

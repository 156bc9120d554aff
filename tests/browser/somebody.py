"""A website of somebody else's, and somebody who looks at it in a real browser."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import BrowserContext, Page, Request

from leads.forms_web import read_token
from leads.models import WebForm, Website
from tests.browser.conftest import PATIENCE_SECONDS
from tests.leads.websites import a_form, a_website

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


def until(holds: Callable[[], bool], page: Page | None = None) -> None:
    """What the browser itself has to tell is heard only while it is listened to, by its page."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        if page:
            page.wait_for_timeout(50)
        else:
            time.sleep(0.05)

"""A real browser on a real server, with a small company behind it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright

from feedback.models import Rep
from tests.factories import RepFactory, TeamFactory, UserFactory, offered, policy

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 30
"""How long a test waits for what it waits for: a machine that is ten times slower is no failure."""

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

# Playwright's loop runs in this thread; Django then takes every query for one made inside async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if reason := os.environ.get("LEADLOOP_NO_BROWSER"):
        pytest.skip(reason)
    path = os.environ.get("LEADLOOP_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not os.path.exists(path):
        pytest.skip(f"no Chromium at {path}; LEADLOOP_CHROMIUM names another one")
    started: Playwright = sync_playwright().start()
    browser = started.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()
    started.stop()


@pytest.fixture
def rep(transactional_db) -> Rep:
    """Sam, with three leads due one after the other and one more that nobody has."""
    team = TeamFactory(name="EMEA Mid-market")
    user = UserFactory(username="sam", first_name="Sam", last_name="Okafor", roles=("rep",))
    user.set_password(PASSWORD)
    user.save()
    made = RepFactory(user=user, team=team)
    policy(minutes=600)
    for _ in range(3):
        offered(made)
    offered(team=team)
    return made


class Visitor:
    """One person at one window. Collects what the browser complains about."""

    def __init__(self, browser: Browser, address: str, *, scheme: str = "light", width: int = 1440) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id="Europe/Berlin"
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page: Page = context.new_page()
        self.address = address
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, kind: str, text: str) -> None:
        # A refused form answers 400, which the browser reports as a failed load; everything else counts.
        if kind in ("error", "warning") and "status of 400" not in text and "favicon" not in text:
            self.complaints.append(text)

    def sign_in(self, name: str) -> "Visitor":
        self.page.goto(f"{self.address}/login/")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)
        return self

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def shown(self) -> str:
        """The name of the handoff that is open."""
        return self.page.locator("#handoff-name").inner_text()

    def waits_for(self, name: str) -> None:
        """Until the handoff of `name` is the one that is open, and nothing is on its way."""
        self.page.wait_for_function("name => document.getElementById('handoff-name')?.textContent === name", arg=name)
        self.settles()

    def settles(self) -> None:
        self.page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")

    def leaves(self, name: str) -> None:
        """Until another handoff than that of `name` is the one that is open, and nothing is on its way."""
        self.page.wait_for_function(
            "name => ![undefined, name].includes(document.getElementById('handoff-name')?.textContent)", arg=name
        )
        self.settles()

    def asked(self) -> Locator:
        """The dialog, once it is open. It opens when all is in it, and has the focus at once."""
        dialog = self.page.locator("#dialog[open]")
        dialog.wait_for()
        return dialog

    def toast(self, text: str) -> None:
        self.page.locator("#toasts").get_by_text(text).wait_for()


@pytest.fixture
def visit(chromium, live_server):
    """Opens windows and closes them, and fails when a browser had to complain."""
    opened: list[Visitor] = []

    def open_one(name: str, **look) -> Visitor:
        visitor = Visitor(chromium, live_server.url, **look)
        opened.append(visitor)
        return visitor.sign_in(name) if name else visitor

    yield open_one
    complaints = [line for visitor in opened for line in visitor.complaints]
    for visitor in opened:
        visitor.page.context.close()
    assert not complaints, complaints

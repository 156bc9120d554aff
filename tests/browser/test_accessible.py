"""What axe finds on the pages that people live in, in both themes and on a phone. A breach of the CSP fails too."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories import manager_of

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def violations(page) -> list[str]:
    page.wait_for_timeout(200)
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
    sam.page.locator("a[data-uid]").first.click()
    sam.settles()
    assert not violations(sam.page)
    sam.page.locator("[data-key=r]").first.click()
    sam.page.locator("#dialog[open]").wait_for()
    sam.page.locator(".reason label").first.click()
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

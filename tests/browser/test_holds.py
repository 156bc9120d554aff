"""Putting on hold by key, the sentence that follows the chosen instant, and a board that renews itself."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from feedback.actions import owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Hold
from tests.browser.conftest import PASSWORD
from tests.factories import manager_of, offered


def test_h_asks_marketing_and_the_next_one_is_there(rep, visit):
    sam = visit("sam")
    sam.open("/queue/")
    first = sam.shown()
    sam.press("h")
    sam.asked()
    sam.press("1")
    sam.page.keyboard.type("Which webinar was it?")
    sam.press("Enter")
    sam.toast(f"{first} is on hold until")
    sam.page.locator("#dialog").wait_for(state="hidden")
    sam.leaves(first)
    assert Hold.objects.get().question == "Which webinar was it?"
    last = sam.page.locator("#queue-list .queue-row").last
    expect(last).to_contain_text(first)
    expect(last).to_contain_text("on hold until")
    last.locator("a").click()
    sam.waits_for(first)
    sam.press("h")
    sam.toast(f"{first} is off hold")
    assert Hold.objects.get().ended_because == "released"


def test_the_sentence_follows_the_instant(rep, visit):
    sam = visit("sam")
    sam.open("/queue/")
    sam.press("h")
    sam.asked().locator(".reason label").first.click()
    local = timezone.now() + dt.timedelta(days=2)
    sam.page.locator("[data-until]").first.fill(f"{local:%Y-%m-%d}T09:30")
    said = sam.page.locator("[data-until-words]").first.inner_text()
    assert said in {f"{local:%a} 09:30", "tomorrow 09:30"}
    sam.page.locator("#dialog button[type=submit]").click()
    sam.page.locator("#dialog .wrong-words").wait_for()
    assert sam.page.locator("[data-until]").first.input_value() == f"{local:%Y-%m-%d}T09:30"
    assert not Hold.objects.exists()


def test_help_lists_the_key(rep, visit):
    sam = visit("sam")
    sam.open("/queue/")
    sam.press("?")
    keys = sam.page.locator("#help[open] [data-key-list]")
    keys.wait_for()
    assert "Hold" in keys.inner_text()


@pytest.fixture
def boss(rep, visit):
    user = manager_of(rep.team)
    user.set_password(PASSWORD)
    user.save()
    return visit(user.username)


def test_the_board_renews_itself_but_not_under_a_choice(rep, boss):
    page = boss.open("/board/")
    handoff = Handoff.objects.filter(owner=rep).order_by("pk").first()
    owners.raise_priority(handoff.uid, by=LEADLOOP)
    page.locator("[name=uid]").first.check()
    url = "document.getElementById('board').getAttribute('hx-get')"
    ask = f"htmx.ajax('GET', {url}, {{source: '#board', swap: 'outerHTML'}})"
    # Over when the new board is in its place, or is not asked for.
    page.evaluate(ask)
    assert page.locator(".pill.raised").count() == 0, "a tick must not be lost"
    page.locator("[name=uid]").first.uncheck()
    page.locator("h1").click()
    page.evaluate(ask)
    assert page.locator(".pill.raised").count() == 1


def test_many_are_released_at_one_press(rep, boss):
    offered(rep)
    page = boss.open("/board/")
    page.get_by_role("button", name="Release to the queue").click()
    page.locator(".toast.error").get_by_text("Choose at least one handoff").wait_for()
    boxes = page.locator("tbody:last-of-type [name=uid]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Release to the queue").click()
    page.locator("#toasts").get_by_text("2 back in the team's queue.").wait_for()
    assert Handoff.objects.filter(owner=None).count() == 3


def test_jk_walk_through_both_parts_of_the_board(rep, boss):
    page = boss.open("/board/")
    boss.press("j", "j")
    names = page.evaluate("[...document.querySelectorAll('[data-row]')].map((row) => row.textContent)")
    assert page.evaluate("document.activeElement.textContent") == names[1]

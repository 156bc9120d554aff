"""What stands around a handoff keeps up with what is done: counts, keys, focus, the length of a list, toasts."""

import re

from playwright.sync_api import expect

from feedback.models import Handoff, Rep
from tests.browser.conftest import PASSWORD, Visitor
from tests.factories import RepFactory, TeamFactory, manager_of, offered


def signed_in_manager(rep: Rep, visit) -> Visitor:
    boss = manager_of(rep.team)
    boss.set_password(PASSWORD)
    boss.save()
    return visit(boss.get_username())


def test_the_counts_of_the_menu_follow_a_decision(rep, visit):
    sam = visit("sam")
    queue, working = sam.page.locator("#count-queue"), sam.page.locator("#count-working")
    assert (queue.inner_text(), working.inner_text()) == ("3", "")
    sam.press("a")
    expect(queue).to_have_text("2")
    expect(working).to_have_text("1")
    sam.settles()
    sam.press("z")
    expect(queue).to_have_text("3")
    expect(working).to_have_text("")


def test_enter_sends_from_a_list_of_choices_and_from_a_note(rep, visit):
    sam = visit("sam")
    first = sam.shown()
    sam.press("t")
    expect(sam.asked().locator("#id_to")).to_be_focused()
    sam.press("Enter")
    sam.toast(f"Turned back {first}")
    sam.leaves(first)

    second = sam.shown()
    sam.press("a")
    sam.toast(f"Accepted {second}")
    page = sam.open("/working/")
    sam.press("q")
    expect(sam.asked().locator("#id_note")).to_be_focused()
    page.keyboard.type("one")
    sam.press("Shift+Enter")
    page.keyboard.type("two")
    sam.press("Enter")
    sam.toast(f"Qualified {second}")


def test_an_empty_queue_says_so_on_a_phone_too(rep, visit):
    sam = visit("sam", width=390)
    page = sam.page
    page.locator("a[data-uid]").first.click()
    for left in (2, 1, 0):
        page.get_by_role("button", name="Accept").click()
        expect(page.locator("a[data-uid]")).to_have_count(left)
        sam.settles()
    expect(page.get_by_text("Your queue is clear")).to_be_visible()
    expect(page).to_have_title("Due next · LeadLoop")
    expect(page.locator("#queue-title")).to_be_focused()


def test_a_list_that_was_made_longer_stays_so_after_a_decision(rep, visit):
    for _ in range(60):
        offered(rep)
    sam = visit("sam")
    rows = sam.page.locator("a[data-uid]")
    assert rows.count() == 50
    sam.press("n")
    expect(rows).to_have_count(63)
    expect(rows.nth(50)).to_be_focused()
    sam.settles()
    rows.nth(54).click()
    sam.waits_for(rows.nth(54).locator(".who").inner_text())
    following = rows.nth(55).locator(".who").inner_text()
    sam.press("a")
    sam.waits_for(following)
    expect(rows).to_have_count(62)
    expect(sam.page.locator("a[data-uid][aria-current] .who")).to_have_text(following)


def test_a_page_below_one_of_the_menu_keeps_it_marked(rep, visit):
    sam = visit("sam")
    here = sam.page.locator(".menu a[aria-current]")
    sam.press("a")
    sam.toast("Accepted")
    sam.open(f"/handoffs/{Handoff.objects.get(decided_at__isnull=False).uid}/")
    assert here.inner_text().startswith("Working")
    sam.open("/reports/rejections/handoffs/")
    assert here.inner_text() == "Rejections"
    assert here.get_attribute("aria-current") == "true"


def test_giving_several_away_stays_on_the_board_of_the_team(rep, visit):
    other = TeamFactory(name="Another team")
    lena = RepFactory(team=other)
    boss = signed_in_manager(rep, visit)
    manager = rep.team.managers.get()
    other.managers.add(manager)
    offered(lena)
    mine = [offered(RepFactory(team=other)), offered(RepFactory(team=other))]
    page = boss.open(f"/board/?team={other.uid}")
    page.select_option("#give-to", str(lena.uid))
    page.get_by_role("button", name="Reassign").click()
    boss.toast("Choose at least one handoff")
    for box in page.locator("[name=uid]").all():
        box.check()
    with page.expect_navigation():
        page.get_by_role("button", name="Reassign").click()
    # What comes together stays together: what was given, and what was not.
    boss.toast(f"2 given to {lena}")
    boss.toast("1 not given")
    assert page.locator("h1").inner_text() == "Another team"
    assert {Handoff.objects.get(pk=handoff.pk).owner for handoff in mine} == {lena}


def test_a_manager_finds_back_and_is_not_called_the_owner(rep, visit):
    boss = signed_in_manager(rep, visit)
    first = Handoff.objects.filter(owner=rep).order_by("due_at").first()
    assert first is not None
    page = boss.open(f"/handoffs/{first.uid}/")
    assert "you are told" not in page.locator(".promise").inner_text()
    page.get_by_role("link", name="Back to the board").click()
    page.wait_for_url(re.compile("/board/"))
    assert page.locator("h1").inner_text() == "EMEA Mid-market"

"""Upholding by key: ticked on the list, all in one go, and taken back."""

import pytest
from playwright.sync_api import expect

from feedback.actions import decisions
from feedback.models import Handoff
from tests.browser.conftest import PASSWORD
from tests.factories import UserFactory, as_person

LIST = "/reports/rejections/handoffs/?figure=rejected"


@pytest.fixture
def refused(rep) -> list[Handoff]:
    """What Sam rejected, and Mia of marketing, who reads it."""
    mia = UserFactory(username="mia", roles=("marketer",))
    mia.set_password(PASSWORD)
    mia.save()
    made = list(Handoff.objects.filter(owner=rep))
    for handoff in made:
        decisions.reject(handoff.uid, by=as_person(rep), reason="fit.company_size", evidence={"employee_count": 38})
    return made


def upheld() -> int:
    return Handoff.objects.exclude(upheld_at=None).count()


@pytest.mark.parametrize("look", [{}, {"scheme": "dark", "width": 390}])
def test_j_x_and_u_uphold_the_chosen_ones_and_z_takes_them_back(refused, visit, look):
    mia = visit("mia", **look)
    mia.open(LIST)
    # One is ticked, another ticked and unticked; from a box j goes on, as from a name.
    mia.press("j", "x", "j", "x", "x")
    mia.page.locator("input[name=uid]").nth(1).focus()
    mia.press("j", "x")
    expect(mia.page.locator("input[name=uid]:checked")).to_have_count(2)
    expect(mia.page.locator("input[name=uid]").nth(1)).not_to_be_checked()
    assert mia.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    mia.press("u")
    mia.toast("2 upheld: rightly refused.")
    expect(mia.page.locator(".pill", has_text="upheld")).to_have_count(2)
    assert upheld() == 2
    mia.press("z")
    mia.toast("2 taken back")
    expect(mia.page.locator("input[name=uid]")).to_have_count(3)
    assert upheld() == 0


def test_with_nothing_ticked_it_asks_for_a_tick(refused, visit):
    mia = visit("mia")
    mia.open(LIST)
    mia.press("u")
    mia.toast("Choose at least one handoff")
    expect(mia.page.locator("input[name=uid]").first).to_be_focused()
    assert upheld() == 0


def test_one_is_upheld_on_its_page_and_z_takes_it_back(refused, visit):
    mia = visit("mia")
    mia.open(f"/handoffs/{refused[0].uid}/")
    mia.press("u")
    mia.toast("Upheld: it was rightly refused.")
    mia.page.get_by_role("button", name="Undo the uphold").wait_for()
    assert upheld() == 1
    mia.press("z")
    mia.toast("Taken back: it is not upheld any more")
    mia.page.get_by_role("button", name="Uphold the rejection").wait_for()
    assert upheld() == 0

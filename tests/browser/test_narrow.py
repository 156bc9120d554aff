"""Long words and long forms where there is little room, and what stays in sight while one scrolls."""

from dataclasses import replace

import pytest

from feedback.actions import decisions
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from leads.actions import agreements
from leads.actions.people import AccountInput, LeadInput
from leads.actions.scoring import Scored, keep
from leads.logic.agreement import written
from leads.logic.scoring import Score
from leads.logic.starting_point import starting_point
from tests.browser.conftest import PASSWORD, Visitor
from tests.factories import UserFactory, ago, as_person, marketer
from tests.leads.scoring_rows import in_force, lead
from tests.leads.websites import a_form

FIRM = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH"
PERSON = "Wilhelmina Konstantinopolitanischedudelsackpfeifenmachergesellin-Featherstonehaugh"
FITS = "Fits and shows interest: fit 100 of 50 asked, intent 100 of 30 asked; filled in a form, looked at pricing."


@pytest.fixture
def mia(rep, visit):
    """Opens the windows of Mia, of marketing."""
    user = UserFactory(username="mia", roles=("marketer",))
    user.set_password(PASSWORD)
    user.save()
    return lambda **look: visit("mia", **look)


def edges(visitor: Visitor, word: str) -> tuple[float, float, float, float]:
    """Where the cell of a word begins and ends, and where the text in it does, in pixels from the left."""
    return visitor.page.locator(f"td[data-word='{word}']").first.evaluate(
        """cell => {
            const text = document.createRange();
            text.selectNodeContents(cell);
            const [around, inside] = [cell.getBoundingClientRect(), text.getBoundingClientRect()];
            const style = getComputedStyle(cell);
            const [start, end] = [parseFloat(style.paddingLeft), parseFloat(style.paddingRight)];
            return [around.left + start, around.right - end, inside.left, inside.right];
        }"""
    )


def test_a_sentence_in_a_folded_table_reads_from_the_left_and_a_word_stands_at_the_right(mia):
    owed = lead()
    score = Score(value=100, parts={})
    scored = Scored(lead_id=owed.pk, account_id=None, fit=score, intent=score, rule="ready", met_at=ago(hours=1))
    scored = replace(scored, why=FITS, held_back="Opted out.")
    keep([scored], agreement_pk=in_force(written(starting_point())).pk, at=ago(hours=1))
    phone = mia(width=390)
    phone.open("/held-back/")
    left, _, begins, _ = edges(phone, "Why sales-ready")
    assert begins == pytest.approx(left, abs=1)
    left, right, begins, ends = edges(phone, "Why not offered")
    assert ends == pytest.approx(right, abs=1)
    assert begins > left + 50


def test_long_names_push_nothing_out_of_a_phone(rep, mia):
    account = AccountInput(name=FIRM, domain="donau.example")
    given = OfferInput(lead=LeadInput(email="w@donau.example", name=PERSON, account=account), owner=str(rep.uid))
    handoff = offer(given, by=LEADLOOP).handoff
    decisions.reject(handoff.uid, by=as_person(rep), reason="fit.company_size", evidence={"employee_count": 38})
    phone = mia(width=390)
    for path in (
        f"/handoffs/{handoff.uid}/",
        f"/leads/{handoff.lead.uid}/",
        f"/accounts/{handoff.account.uid}/",
        "/reports/rejections/handoffs/?figure=rejected",
    ):
        phone.open(path)
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        # What scrolls inside a card is as good as gone.
        wide = "[...document.querySelectorAll('main .card')].filter((card) => card.scrollWidth > card.clientWidth + 1)"
        assert phone.page.evaluate(f"{wide}.map((card) => card.innerText)") == [], path


def test_a_long_name_leaves_a_strangers_form_on_their_phone(rep, visit):
    form = a_form(name=f"{FIRM}: newsletter")
    page = visit("", width=390).open(f"/forms/{form.key}/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_pending_handoff_takes_no_lines_for_what_it_has_not(rep, mia):
    wide, phone = mia(), mia(width=390)
    for visitor, is_seen in ((wide, True), (phone, False)):
        visitor.open("/reports/rejections/handoffs/")
        for word in ("Reason", "Decided"):
            assert visitor.page.locator(f"td[data-word={word}]").first.is_visible() == is_seen
        assert visitor.page.locator("td[data-word=Offered]").first.is_visible()


@pytest.mark.parametrize(("width", "is_folded"), [(1440, False), (390, True)])
def test_a_column_of_the_draft_is_named_once_where_there_are_columns(mia, width: int, is_folded: bool):
    agreements.draft(by=marketer())
    visitor = mia(width=width)
    page = visitor.open("/agreement/draft/edit/")
    first, second = (page.locator(f"label[for=id_fit-{row}-points]") for row in (0, 1))
    assert first.bounding_box()["width"] > 10
    assert (second.bounding_box()["width"] > 10) == is_folded
    assert page.get_by_label("Points").count() > 2, "and heard everywhere"


@pytest.mark.parametrize("width", [1440, 390])
def test_the_draft_can_be_saved_from_anywhere_and_no_field_hides_behind_that(mia, width: int):
    agreements.draft(by=marketer())
    visitor = mia(width=width)
    page = visitor.open("/agreement/draft/edit/")
    page.get_by_role("link", name="When a lead is sales-ready").click()
    heading = page.locator("#rules").bounding_box()
    bar = page.locator(".side").bounding_box() if width == 390 else {"y": 0, "height": 0}
    assert heading["y"] >= bar["y"] + bar["height"]
    page.locator("[name=fit-0-label]").focus()
    top = page.locator(".save-bar").bounding_box()["y"]
    assert top < 900
    for _ in range(60):
        visitor.press("Tab")
        below = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert below <= top + 1, page.evaluate("document.activeElement.name")
    page.locator("[name=fit-0-label]").fill("Renamed")
    page.locator(".save-bar .primary").click()
    page.get_by_text("Renamed").first.wait_for()


def test_a_figure_of_the_agreement_is_as_large_as_a_finger_and_leaves_no_hole(mia):
    in_force(written(starting_point()))
    page = mia(width=390).open("/agreement/")
    figures = page.locator(".since > summary")
    assert figures.count() > 10
    for index in range(figures.count()):
        box = figures.nth(index).bounding_box()
        assert min(box["width"], box["height"]) >= 24, figures.nth(index).inner_text()
    # What a figure takes of its line is its own width, not that of the finger.
    short = page.locator(".since", has=page.get_by_text("3", exact=True)).first
    assert short.bounding_box()["width"] < 16


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_wrong_with_a_short_field_is_read_in_two_lines_at_most(mia, width: int):
    agreements.draft(by=marketer())
    page = mia(width=width).open("/agreement/draft/edit/")
    page.locator("[name=fit-1-points]").fill("999999")
    page.locator(".save-bar .primary").click()
    words = page.locator(".of-points .wrong-words")
    words.wait_for()
    assert words.bounding_box()["height"] < 45
    field = page.locator("[name=fit-1-points]").bounding_box()
    removal = page.locator("[name=fit-1-DELETE]").bounding_box()
    assert width == 390 or field["x"] + field["width"] <= removal["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

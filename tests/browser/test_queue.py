"""A rep clears the queue without a mouse, and marketing hears why."""

from playwright.sync_api import expect

from feedback.logic.states import State
from feedback.models import Handoff
from tests.browser.conftest import PASSWORD
from tests.factories import UserFactory


def states() -> list[str]:
    return list(Handoff.objects.filter(owner__isnull=False).order_by("id").values_list("state", flat=True))


def names() -> list[str]:
    return [str(handoff.lead) for handoff in Handoff.objects.filter(owner__isnull=False).order_by("due_at", "id")]


def test_a_queue_is_cleared_by_keyboard_alone(rep, visit):
    first, second, third = names()
    sam = visit("sam")
    assert sam.shown() == first

    sam.press("j")
    sam.waits_for(second)
    assert Handoff.objects.get(lead__name=second).seen_at
    sam.press("k")
    sam.waits_for(first)

    sam.press("a")
    sam.toast(f"Accepted {first}")
    sam.waits_for(second)
    assert states() == [State.ACCEPTED, State.PENDING, State.PENDING]

    sam.press("z")
    sam.waits_for(first)
    sam.settles()
    assert states() == [State.PENDING] * 3

    sam.press("a")
    sam.waits_for(second)
    sam.press("r")
    sam.asked()
    digit = sam.page.locator("[value='fit.company_size']").get_attribute("data-key")
    if digit is None:
        sam.press(*"too small", "Enter")
    else:
        sam.press(digit)
    sam.page.keyboard.type("38")
    assert sam.page.locator(".then:visible").inner_text().startswith("Company ")
    sam.press("Enter")
    sam.toast(f"Rejected {second}")
    sam.waits_for(third)
    rejected = Handoff.objects.get(lead__name=second)
    assert rejected.state == State.REJECTED
    assert rejected.evidence == {"employee_count": 38}
    assert rejected.account is not None
    assert rejected.account.employee_count == 38

    sam.press("a")
    sam.page.get_by_text("Your queue is clear").wait_for()
    assert states() == [State.ACCEPTED, State.REJECTED, State.ACCEPTED]

    sam.settles()
    sam.press("g", "w")
    sam.page.wait_for_url("**/working/**")
    assert sam.shown() in {first, third}


def test_a_refused_answer_keeps_what_was_typed_and_names_the_field(rep, visit):
    sam = visit("sam")
    sam.press("r")
    sam.asked()
    sam.page.locator("#reason-search").fill("too small")
    sam.press("Enter")
    sam.page.keyboard.type("many")
    sam.page.locator("#reject-note").fill("They told me on the phone.")
    sam.press("Enter")
    field = sam.page.locator("[name='evidence.employee_count']")
    sam.page.locator("[aria-invalid=true]").wait_for()
    assert field.input_value() == "many"
    assert "whole number" in sam.page.locator("#dialog .wrong-words").inner_text()
    assert sam.page.locator("#reject-note").input_value() == "They told me on the phone."
    assert states() == [State.PENDING] * 3

    field.fill("38")
    sam.press("Enter")
    sam.toast("Rejected")
    assert State.REJECTED in states()


def test_who_comes_second_is_told_who_was_first(rep, visit):
    sam, other = visit("sam"), visit("sam")
    name = sam.shown()
    assert other.shown() == name
    sam.press("a")
    sam.toast(f"Accepted {name}")
    other.press("a")
    other.toast("Already accepted by Sam Okafor")
    expect(other.page.get_by_text("You accepted this")).to_be_visible()
    assert other.shown() == name
    assert states().count(State.ACCEPTED) == 1
    other.complaints[:] = [line for line in other.complaints if "status of 409" not in line]


def test_marketing_sees_the_reason_in_the_report(rep, visit):
    sam = visit("sam")
    sam.press("r")
    sam.asked()
    sam.page.locator("#reason-search").fill("too small")
    sam.press("Enter")
    sam.page.keyboard.type("38")
    sam.press("Enter")
    sam.toast("Rejected")

    user = UserFactory(username="mia", first_name="Mia", roles=("marketer",))
    user.set_password(PASSWORD)
    user.save()
    mia = visit("mia")
    page = mia.open("/reports/rejections/")
    row = (
        page.get_by_role("table", name="Reasons", exact=True)
        .get_by_role("row")
        .filter(has_text="Too small or too large")
    )
    row.wait_for()
    assert row.locator("[data-word=Handoffs]").inner_text() == "1"


def test_a_lead_that_nobody_has_is_taken(rep, visit):
    sam = visit("sam")
    page = sam.open("/queue/?show=team")
    unassigned = Handoff.objects.get(owner=None)
    assert sam.shown() == str(unassigned.lead)
    sam.press("t")
    sam.toast("is yours now")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert Handoff.objects.get(pk=unassigned.pk).owner == rep

"""The admin in a browser: nothing the content security policy refuses, nothing a screen reader stumbles over."""

import re

import pytest

from sla.models import Policy, WorkCalendar
from tests.browser.conftest import PASSWORD
from tests.browser.test_accessible import violations
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTS = (
    "leads/account", "leads/lead", "leads/campaign", "leads/apikey", "leads/outboxmessage", "leads/journalentry",
    "leads/importrun", "feedback/team", "feedback/rep", "feedback/rejectionreason", "feedback/handoff",
    "sla/workcalendar", "sla/policy", "sla/policyversion", "sla/clock", "sla/escalation",
    "sla/chatchannel", "sla/steptemplate",
)  # fmt: skip
ADDED = (
    "leads/apikey",
    "leads/lead",
    "feedback/team",
    "feedback/rep",
    "feedback/rejectionreason",
    "sla/workcalendar",
    "sla/policy",
    "sla/chatchannel",
    "sla/steptemplate",
)


@pytest.fixture
def olga(rep, visit):
    user = UserFactory(username="olga", first_name="Olga", roles=("operations",), is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return visit("olga")


def test_every_page_of_the_admin_keeps_the_policy(olga):
    for model in LISTS:
        olga.open(f"/admin/{model}/")
        first = olga.page.locator("#result_list tbody th a").first
        if first.count():
            with olga.page.expect_navigation():
                first.click()
    for model in ADDED:
        olga.open(f"/admin/{model}/add/")
    assert not olga.complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_operations_edit_is_accessible(rep, visit, scheme):
    user = UserFactory(username="olga", roles=("operations",), is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    olga = visit("olga", scheme=scheme)
    policy, calendar = Policy.objects.get(), WorkCalendar.objects.get()
    for path in (
        f"sla/policy/{policy.pk}/change/",
        f"sla/policy/{policy.pk}/publish/",
        f"sla/policy/{policy.pk}/compare/",
        "sla/policy/rules-file/",
        "sla/steptemplate/add/",
        "sla/chatchannel/add/",
        f"sla/workcalendar/{calendar.pk}/change/",
        "feedback/rejectionreason/",
    ):
        assert not violations(olga.open(f"/admin/{path}")), path
    # The checker reads imported style sheets through a style element of its own; the pages are judged above.
    olga.complaints.clear()


def test_a_policy_gets_another_target_and_says_what_is_wrong(olga):
    policy = Policy.objects.get()
    olga.open(f"/admin/sla/policy/{policy.pk}/change/")
    olga.page.get_by_text(re.compile("Add another Target")).click()
    olga.page.select_option("#id_targets-1-key", "first_attempt")
    olga.page.fill("#id_targets-1-within", "1:30")
    olga.page.click("[name=_save]")
    olga.page.get_by_text("is not a duration").wait_for()
    olga.page.fill("#id_targets-1-within", "8 h")
    olga.page.fill("#id_targets-1-ladder", "80 %: remind the owner")
    olga.page.click("[name=_save]")
    olga.page.get_by_text("Draft saved. Nothing runs under it").wait_for()
    assert policy.targets.count() == 2
    assert policy.versions.count() == 1
    olga.page.get_by_role("link", name="Publish", exact=True).click()
    olga.page.get_by_text("first attempt: now promised, 8 h").wait_for()
    olga.page.get_by_label("new handoffs only").check()
    olga.page.get_by_role("button", name="Publish").click()
    olga.page.get_by_text("Published as").wait_for()
    assert policy.versions.count() == 2
    assert not olga.complaints

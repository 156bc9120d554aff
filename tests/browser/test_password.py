"""The pages about passwords, by keyboard and by axe."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from leads.reports.password_mail import link_of
from tests.browser.test_accessible import violations


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_password_pages_are_accessible(rep, visit, scheme: str, width: int):
    link = link_of(User.objects.get(username="sam")).removeprefix(settings.LEADLOOP_ORIGIN)
    nobody = visit("", scheme=scheme, width=width)
    for path in ("/password/forgotten/", "/password/asked/", link):
        assert not violations(nobody.open(path)), path
    sam = visit("sam", scheme=scheme, width=width)
    assert not violations(sam.open("/password/"))


def test_from_the_login_to_a_new_password(rep, visit):
    page = visit("").open("/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Mail address").fill("sam@leadloop.example")
    page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    page.goto(
        re.sub(
            r"/password/.*", link_of(User.objects.get(username="sam")).removeprefix(settings.LEADLOOP_ORIGIN), page.url
        )
    )
    page.get_by_label("New password", exact=True).fill("a quiet new otter")
    page.get_by_label("New password, once more").fill("a quiet new otter")
    page.get_by_role("button", name="Set this password").click()
    page.get_by_text("Your new password is set. Sign in with it.").wait_for()
    page.get_by_label("User name").fill("sam")
    page.get_by_label("Password").fill("a quiet new otter")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)

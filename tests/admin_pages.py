"""What the tests of the admin share: who is there, and a form filled in as its page shows it."""

import datetime as dt

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory


def staff(*roles: str, **more: object) -> User:
    """Somebody who may enter the admin."""
    return UserFactory(roles=roles, is_staff=True, **more)


def entered(user: User) -> Client:
    """A browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    return client


def filled(response) -> dict[str, object]:
    """What a browser would post from the page when nothing was changed."""
    form = response.context["adminform"].form
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    posted: dict[str, object] = {}
    for one in [form, *(part for formset in formsets for part in (formset.management_form, *formset.forms))]:
        for field in one:
            value = field.value()
            if value is True:
                posted[field.html_name] = "on"
            elif isinstance(value, list):
                posted[field.html_name] = [getattr(item, "pk", item) for item in value]
            elif value is not None and value is not False:
                posted[field.html_name] = field.field.widget.format_value(value) if is_instant(value) else value
    return posted


def is_instant(value: object) -> bool:
    return isinstance(value, dt.datetime)


def errors_of(response) -> str:
    """Every complaint on the page, in one text."""
    found = [str(response.context["adminform"].form.errors)]
    for inline in response.context["inline_admin_formsets"]:
        found += [str(inline.formset.errors), str(inline.formset.non_form_errors())]
    return " ".join(found)


def page(model: str, what: str = "changelist", *args: object) -> str:
    """The address of an admin page, like page("sla_policy", "change", 1)."""
    return reverse(f"admin:{model}_{what}", args=args)

"""Signing in the way people and strangers do."""

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from leads.actions.delivery import deliver
from leads.reports.password_mail import link_of
from tests.calling import rows as every_row
from tests.factories import UserFactory

LOGIN, PRIVATE = "/login/", "/board/"
NAME, PASSWORD, NEW = "ana@nortex.example", "correct horse battery", "quiet new otter"


def written() -> dict[str, object]:
    """A digest of everything but counters, and of every user's password and rights."""
    fields = ("pk", "username", "password", "email", "is_active", "is_staff")
    users = list(User.objects.order_by("pk").values_list(*fields))
    return {table: found for table, found in every_row().items() if table != "leads_allowance"} | {"users": users}


def with_password(name: str, **more) -> User:
    user = UserFactory(username=name, email=name if "@" in name else f"{name}@leadloop.example", **more)
    user.groups.add(*user.groups.model.objects.filter(name="marketer"))
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, *, name: str = NAME, password: str = PASSWORD, address: str = "192.0.2.1", **more):
    return client.post(LOGIN, {"username": name, "password": password} | more, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    """By asking for a page, as a person would find out."""
    return client.get(PRIVATE).status_code == 200


def signed_in(name: str = NAME) -> Client:
    client = Client()
    sign_in(client, name=name)
    assert is_in(client)
    return client


def wrong(times: int, *, name: str = NAME, **more) -> list[str]:
    return [sign_in(Client(), name=name, password="wrong", **more).text for _ in range(times)]


def link_for(user: User) -> str:
    return link_of(User.objects.get(pk=user.pk)).removeprefix(settings.LEADLOOP_ORIGIN)


def follow(client: Client, link: str, *, password: str = NEW, address: str = "192.0.2.9"):
    """The answer to the form behind a link of a mail, or to the link itself when there is no form."""
    page = client.get(link, REMOTE_ADDR=address)
    goal = page.url if page.status_code == 302 else link
    return client.post(goal, {"new_password1": password, "new_password2": password}, REMOTE_ADDR=address)


def delivered(mailoutbox) -> list:
    deliver()
    return mailoutbox

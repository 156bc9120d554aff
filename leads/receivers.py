"""What follows from somebody signing in, at whichever door, and from a new connection to the database."""

from typing import Any

from django.contrib.auth import user_logged_in
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from leads.actions import prepared, sessions


def connect() -> None:
    """Listen; called once, when the app starts."""
    user_logged_in.connect(make_room, dispatch_uid="leads.make_room")
    connection_created.connect(prepare, dispatch_uid="leads.prepare")


def make_room(sender: object, *, user: AbstractBaseUser, **kwargs: Any) -> None:
    """End the oldest sessions of who has too many."""
    sessions.make_room(user.pk)


def prepare(sender: object, *, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Have our connection keep the plans of what it runs often, where it can; other databases of the project are none
    of ours.
    """
    if connection.alias == DEFAULT_DB_ALIAS:
        prepared.keep_plans(connection)

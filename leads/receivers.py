"""What follows from somebody signing in, at whichever door."""

from typing import Any

from django.contrib.auth import user_logged_in
from django.contrib.auth.base_user import AbstractBaseUser

from leads.actions import sessions


def connect() -> None:
    """Listen; called once, when the app starts."""
    user_logged_in.connect(make_room, dispatch_uid="leads.make_room")


def make_room(sender: object, *, user: AbstractBaseUser, **kwargs: Any) -> None:
    """End the oldest sessions of who has too many."""
    sessions.make_room(user.pk)

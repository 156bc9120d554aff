"""Who is signed in where."""

from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """Django's session with its user beside it, so that the sessions of one person can be counted and ended.

    `user_id` is empty only between the key and the login, and while a link for a new password is being followed.
    """

    user_id = models.IntegerField(null=True)

    class Meta(AbstractBaseSession.Meta):
        indexes = (
            # Read at every login and by the list of one's own sessions.
            models.Index(fields=["user_id", "-expire_date"], name="session_of_user"),
        )

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes these rows."""
        from leads.sessions import SessionStore

        return SessionStore

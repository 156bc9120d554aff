"""Where sessions are kept: Django's store in the database, with the user beside each."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DjangoStore

from leads.models import Session


class SessionStore(DjangoStore):
    """The engine that SESSION_ENGINE names."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row, with whose session it is."""
        session = super().create_model_instance(data)
        assert isinstance(session, Session)
        user_id = str(data.get(SESSION_KEY, ""))
        session.user_id = int(user_id) if user_id.isdecimal() else None
        return session

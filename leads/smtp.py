"""Django's SMTP backend with an end: EMAIL_TIMEOUT limits a silence, this limits the whole.

A server that drips one byte a second is never silent, and would hold a delivery for hours.
"""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.mail.backends.smtp import EmailBackend as DjangoBackend

DEADLINE_SECONDS = 15.0
"""The longest that connecting, or sending one batch, may take. leads.actions.outbox.LEASE must be longer than both."""


class EmailBackend(DjangoBackend):
    """Cuts the line after DEADLINE_SECONDS; what waited for an answer gets SMTPServerDisconnected or OSError."""

    _line: socket.socket | None = None

    @property
    def connection_class(self) -> Any:
        """The class of smtplib in use, keeping hold of its socket from the first moment, before there is a greeting."""
        backend = self
        base: Any = super().connection_class

        class Held(base):
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                line: socket.socket = super()._get_socket(host, port, timeout)
                backend._line = line
                return line

        return Held

    def open(self) -> bool | None:
        with self._deadline():
            return super().open()

    def send_messages(self, email_messages: Any) -> int:
        with self._deadline():
            return super().send_messages(email_messages) or 0

    def close(self) -> None:
        with self._deadline():
            super().close()

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        timer = threading.Timer(DEADLINE_SECONDS, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        # STARTTLS puts another socket object in the place of the first.
        sender: smtplib.SMTP | None = self.connection
        line = (sender.sock if sender else None) or self._line
        with suppress(OSError):
            if line:
                line.shutdown(socket.SHUT_RDWR)

"""A real mail server on loopback that can misbehave on request, and remembers what reached it."""

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller


class Receiver:
    """`behave` picks what happens: take, tempfail, refuse_recipient, refuse_data, drop, hold."""

    def __init__(self):
        self.behave = "take"
        self.refused = set()
        self.mails = []
        self.arrived = threading.Event()
        self.port = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.behave == "refuse_recipient" or address in self.refused:
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.behave == "tempfail":
            return "451 4.3.0 try later"
        if self.behave == "refuse_data":
            return "554 5.6.0 not like this"
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        self.arrived.set()
        if self.behave == "drop":
            server.transport.abort()
        while self.behave == "hold":
            await asyncio.sleep(0.02)
        return "250 OK"

    @property
    def ids(self):
        return [message["Message-ID"] for _, message in self.mails]

    def last(self) -> EmailMessage:
        return self.mails[-1][1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def receiver(settings):
    """The server, with Django's mail going to it through the product's own backend."""
    handler = Receiver()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port
    settings.EMAIL_BACKEND = "leads.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 2
    yield handler
    handler.behave = "take"
    controller.stop()


@contextmanager
def dripping_server() -> Iterator[int]:
    """The port of a server that greets with one byte every fifth of a second and never comes to the point."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            line, _ = listener.accept()
            with line:
                line.sendall(b"220-")
                while not stop.wait(0.2):
                    line.sendall(b"x")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.close()
        thread.join(timeout=2)

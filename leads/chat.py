"""Sending to a chat room, with an end: whatever the room does, it is over after DEADLINE_SECONDS."""

import json
import os
import subprocess
import sys

from django.conf import settings

from leads.logic.mail import Mail, clean_line

DEADLINE_SECONDS = 15.0
"""The longest that one message may take, look-up and answer included. leads.actions.outbox.LEASE must be longer."""

_KEPT = (
    "PATH",
    "LANG",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
)


class NotTaken(Exception):
    """The room did not take the message; says why, without its address."""


def send(url: str, message: Mail) -> None:
    """Nothing, once the room has taken the message. NotTaken otherwise; then it may still have arrived.

    Runs leads.chat_process, which follows no redirect and gets nothing of this process's environment that is secret.
    """
    given = json.dumps({"url": url, "title": clean_line(message.subject), "body": message.body})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "leads.chat_process"],
            input=given,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            cwd=settings.BASE_DIR,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotTaken(f"The room took longer than {DEADLINE_SECONDS:.0f} seconds.") from None
    if done.returncode:
        raise NotTaken(done.stdout.strip() or f"Sending ended with status {done.returncode}.")

"""Sending what waits in the outbox: claim, render, send outside any transaction, settle."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError

from leads.actions import outbox
from leads.actions.renderers import render
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.logic.mail import Mail, clean_line, fallback, message_id
from leads.models import Channel, OutboxMessage

logger = logging.getLogger(__name__)

LONGEST_ROUND_SECONDS = 20.0
"""A round takes no new message after this long: the next tick goes on."""


def deliver(*, limit: int = 500, go_on: Callable[[], bool] = lambda: True) -> int:
    """How many due messages were handled, at most `limit`. Safe to run in any number of processes at once.

    Ends early when `go_on` says no, after LONGEST_ROUND_SECONDS, and when the server failed a message: it would make
    the others wait too. Database errors pass through; a message left claimed returns when its lease ends.
    """
    handled = 0
    ends = time.monotonic() + LONGEST_ROUND_SECONDS
    connection = get_connection()
    try:
        while handled < limit and time.monotonic() < ends and go_on():
            message = outbox.claim(Channel.MAIL)
            if message is None:
                break
            handled += 1
            if not _handle(message, connection):
                break
    finally:
        _hang_up(connection)
    return handled


def _handle(message: OutboxMessage, connection: BaseEmailBackend) -> bool:
    """Deal with one claimed message; whether the server is fit for the next."""
    try:
        to = normal_email(message.target, field="target")
    except InvalidInput:
        to = ""
    if not to:
        # No server could ever take it, so there is nothing to wait for.
        logger.error("Message %s has no address to go to and was given up.", message.uid)
        outbox.dead(message, error="The target is not one mail address.")
        return True
    mail, remark = _rendered(message)
    if mail is None:
        outbox.stale(message)
        return True
    email, remark = _written(message, mail, to=to, connection=connection, remark=remark)
    return _send(message, email, connection, remark=remark)


def _rendered(message: OutboxMessage) -> tuple[Mail | None, str]:
    """The words, with a remark when they are only the plain notice; None when the message is stale."""
    try:
        return render(message.payload, message.handoff_uid), ""
    except (OperationalError, InterfaceError):
        # The database is away: nobody's words are at fault, and the lease brings the message back.
        raise
    except Exception as error:
        logger.exception("Message %s could not be rendered; the plain notice goes out instead.", message.uid)
        return fallback(message.handoff_uid), f"Sent as a plain notice: {type(error).__name__} while rendering."


def _written(
    message: OutboxMessage, mail: Mail, *, to: str, connection: BaseEmailBackend, remark: str
) -> tuple[EmailMessage, str]:
    """The mail, proven to have a form that can be sent, and the remark."""
    try:
        email = _email(message, mail, to=to, connection=connection)
        email.message().as_bytes()
        return email, remark
    except Exception as error:
        logger.exception("Message %s cannot be put into a mail; the plain notice goes out instead.", message.uid)
        plain = _email(message, fallback(message.handoff_uid), to=to, connection=connection)
        return plain, f"Sent as a plain notice: {type(error).__name__} while writing."


def _email(message: OutboxMessage, mail: Mail, *, to: str, connection: BaseEmailBackend) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        "Message-ID": message_id(message.dedup_key, domain=domain),
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(clean_line(mail.subject), mail.body, to=[to], headers=headers, connection=connection)


def _send(message: OutboxMessage, email: EmailMessage, connection: BaseEmailBackend, *, remark: str) -> bool:
    try:
        connection.open()
        connection.send_messages([email])
    except Exception as error:
        # Only what was refused by name leaves the server fit for the others.
        is_refusal = isinstance(error, (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError))
        is_known = isinstance(error, (SMTPException, OSError))
        logger.warning("Message %s was not sent (%s).", message.uid, type(error).__name__, exc_info=not is_known)
        outbox.failed(message, error=clean_line(f"{type(error).__name__}: {error}", longest=300))
        _hang_up(connection)
        return is_refusal
    if not outbox.sent(message, remark=remark):
        logger.warning("Message %s took longer than its lease; somebody else has it now.", message.uid)
    return True


def _hang_up(connection: BaseEmailBackend) -> None:
    with suppress(SMTPException, OSError):
        connection.close()

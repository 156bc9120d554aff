"""Sending what waits for chat rooms: a lane of its own, so that no room keeps a mail waiting."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError

from leads import chat
from leads.actions import outbox, outbox_together
from leads.actions.chat_rooms import address_of
from leads.actions.delivery import LONGEST_ROUND_SECONDS
from leads.actions.renderers import render, render_together
from leads.logic.errors import InvalidInput
from leads.logic.mail import Mail, fallback
from leads.models import Channel, OutboxMessage

logger = logging.getLogger(__name__)


def deliver_chats(*, limit: int = 500, go_on: Callable[[], bool] = lambda: True) -> int:
    """How many times a room was written to or a message given up, at most `limit`. Safe to run in any number of
    processes at once.

    Where more than LEADLOOP_DIGEST_ABOVE messages wait for one room they leave as one. Ends early when `go_on` says no
    and after LONGEST_ROUND_SECONDS. Database errors pass through; what was claimed returns when its lease ends.
    """
    handled = 0
    ends = time.monotonic() + LONGEST_ROUND_SECONDS
    while handled < limit and time.monotonic() < ends and go_on():
        message = outbox.claim(Channel.CHAT)
        if message is None:
            break
        handled += 1
        _handle(message)
    return handled


def _handle(message: OutboxMessage) -> None:
    try:
        address = address_of(message.target)
    except InvalidInput as error:
        logger.error("Message %s may not go where it should and was given up.", message.uid)
        outbox.dead(message, error=error.message)
        return
    if address is None:
        outbox.stale(message)
        return
    others = outbox_together.gather(message, above=settings.LEADLOOP_DIGEST_ABOVE)
    words, remark = _words([message, *others])
    if words is None:
        outbox_together.stale(message)
        return
    try:
        chat.send(address, words)
    except chat.NotTaken as error:
        logger.warning("Message %s was not sent: %s", message.uid, error)
        outbox_together.failed(message, error=str(error))
        return
    if not outbox_together.sent(message, remark=remark):
        logger.warning("Message %s took longer than its lease; somebody else has it now.", message.uid)


def _words(messages: list[OutboxMessage]) -> tuple[Mail | None, str]:
    """The words of one message or of all, with a remark when they are not its own; None when nothing is true."""
    first = messages[0]
    try:
        if len(messages) == 1:
            return render(first.payload, first.handoff_uid), ""
        return render_together([message.payload for message in messages]), f"Sent as one of {len(messages)} together."
    except (OperationalError, InterfaceError):
        # The database is away: nobody's words are at fault, and the lease brings the message back.
        raise
    except Exception as error:
        logger.exception("Message %s could not be rendered; the plain notice goes out instead.", first.uid)
        return fallback(first.handoff_uid), f"Sent as a plain notice: {type(error).__name__} while rendering."

"""Where the chat rooms are that ladders tell, and the words they get; written at delivery, as mails are."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse

from leads.logic.mail import Mail
from sla.logic.chat import check_url, plain
from sla.mails import digest, facts_of, facts_of_many, told_of, worth_telling
from sla.models import ChatChannel

_MOST_NAMED = 10


def address_of(target: str) -> str | None:
    """The address of the room with the uid `target`; None when it is gone or no longer in use.

    InvalidInput(url) where its service is not, or no longer, one that may be written to.
    """
    try:
        room = ChatChannel.objects.filter(uid=target, is_active=True).first()
    except ValidationError:
        return None
    if room is None:
        return None
    check_url(room.url, schemes=settings.LEADLOOP_CHAT_SCHEMES, allow_private=settings.LEADLOOP_CHAT_PRIVATE)
    return room.url


def room_message(payload: dict[str, Any], handoff_uid: UUID | None) -> Mail | None:
    """The message of one step, or None when it is no longer true."""
    found = told_of(payload)
    if found is None:
        return None
    said = _plain(facts_of(*found))
    how = "is late" if said["promise"].state == "late" else "is due"
    return Mail(subject=f"{said['target']} for {said['name']} {how}", body=render_to_string("sla/step_mail.txt", said))


def room_digest(payloads: Sequence[dict[str, Any]]) -> Mail | None:
    """One message in place of many to the same room: how many handoffs, and the ten that came due last by name.

    None when nothing of it is true any more.
    """
    asked = [payload["clock"] for payload in payloads]
    by_handoff = dict(worth_telling().filter(pk__in=asked).order_by("due_at", "pk").values_list("handoff", "pk"))
    named = [_plain(line) for line in facts_of_many(list(reversed(by_handoff.values()))[:_MOST_NAMED])]
    if not named:
        return None
    return digest(len(by_handoff), named, link=settings.LEADLOOP_ORIGIN + reverse("feedback:board"))


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return said | {key: plain(said[key]) for key in ("name", "account", "owner")}

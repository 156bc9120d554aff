"""Who writes the words of a message. Apps above register; nothing here knows them."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from leads.logic.mail import Mail

Renderer = Callable[[dict[str, Any], UUID | None], Mail | None]
Together = Callable[[Sequence[dict[str, Any]]], Mail | None]
_renderers: dict[str, Renderer] = {}
_together: dict[str, Together] = {}


def register(name: str, renderer: Renderer) -> None:
    """Have `renderer(payload, handoff_uid)` write the messages whose payload says {"renderer": name}.

    It runs at delivery, outside any transaction, and returns None when the message is no longer true. Called once, when
    the app above starts; a second call under the same name replaces the first.
    """
    _renderers[name] = renderer


def render(payload: dict[str, Any], handoff_uid: UUID | None) -> Mail | None:
    """The message in words, or None when it is stale. KeyError when nobody writes this kind."""
    return _renderers[payload["renderer"]](payload, handoff_uid)


def register_together(name: str, renderer: Together) -> None:
    """Have `renderer(payloads)` write the one message in place of many whose payloads say {"renderer": name}."""
    _together[name] = renderer


def render_together(payloads: Sequence[dict[str, Any]]) -> Mail | None:
    """One message in place of many, oldest first, or None when all are stale. KeyError when nobody writes this kind."""
    return _together[payloads[0]["renderer"]](payloads)

"""A website with a form, and the messages that a browser on it would send."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from leads.actions.websites import new_key
from leads.models import Campaign, WebForm, Website

ORIGIN = "https://www.nortex.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANA = "a1b2c3d4e5f6a1b2c3d4"
VIEW = "00112233445566778899"


def a_website(**more: Any) -> Website:
    given: dict[str, Any] = {"name": "nortex.example", "key": new_key(), "origins": [ORIGIN], **more}
    return Website.objects.create(**given)


def a_form(website: Website | None = None, **more: Any) -> WebForm:
    campaign = more.pop("campaign", None) or Campaign.objects.create(name="Contact form", channel="website")
    given: dict[str, Any] = {"name": "Talk to us", "key": new_key(), "campaign": campaign, **more}
    return WebForm.objects.create(website=website or a_website(), **given)


def a_view(website: Website, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"site": website.key, "visitor": ANA, "view": VIEW, "path": "/pricing", "title": "Pricing"}
    return {**said, "from": "", **more}


def say(
    message: object, *, origin: str = ORIGIN, agent: str = BROWSER, content_type: str = "text/plain", **headers: str
):
    """What the door for the snippet's messages answers."""
    body = message if isinstance(message, bytes) else json.dumps(message)
    told = {"User-Agent": agent, **({"Origin": origin} if origin else {}), **headers}
    return Client().generic("POST", reverse("leads:collect"), body, content_type=content_type, headers=told)

"""Websites and their forms, for operations and marketing."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from leads.actions.websites import new_key
from leads.admin_kinds import Guarded
from leads.forms_web import WebFormForm, WebsiteForm, fields_of
from leads.logic.web_form import CONSENT, MEANINGS, MESSAGE, TRAP
from leads.models import WebForm, Website
from leads.reports.websites import KEPT_OUT_DAYS, heard_of, kept_out_of

_KEPT_OUT_WORDS = {
    "trap": "filled in the field that nobody sees",
    "too_fast": "was quicker than most people, and asked to send it once more",
    "repeated": "came a second time",
    "links": "was full of links",
    "disposable": "has a mail address that lasts an hour",
}


def _url(name: str, *args: str) -> str:
    return settings.LEADLOOP_ORIGIN + reverse(f"leads:{name}", args=args)


class _Keyed(Guarded):
    """Something whose key is drawn once, and stands in other people's pages from then on."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Draw the key of what is new."""
        obj.key = obj.key or new_key()
        super().save_model(request, obj, form, change)


@admin.register(Website)
class WebsiteAdmin(_Keyed):
    """A website, the line to paste into its pages, and whether it is heard of."""

    form = WebsiteForm
    list_display = ("name", "shown_origins", "is_active", "last_view_at")
    list_filter = ("is_active",)
    readonly_fields = ("snippet", "last_view", "views_today")
    search_fields = ("name",)
    search_uid_fields = ("uid",)

    @admin.display(description="origins")
    def shown_origins(self, website: Website) -> str:
        """Where it is."""
        return ", ".join(website.origins)

    @admin.display(description="paste into every page")
    def snippet(self, website: Website) -> str:
        """The line that loads the script."""
        if not website.key:
            return "Save first: then the line to paste stands here."
        return f'<script src="{_url("collect-script")}" data-site="{website.key}" defer></script>'

    @admin.display(description="last page view")
    def last_view(self, website: Website) -> str:
        """When the snippet was last heard of, to the minute."""
        at = website.last_view_at
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "none so far"

    @admin.display(description="page views today")
    def views_today(self, website: Website) -> int:
        """How many began today (UTC)."""
        return heard_of(website, now=timezone.now()).today_count if website.pk else 0


@admin.register(WebForm)
class WebFormAdmin(_Keyed):
    """A form, an example of its markup to copy, and what was kept out of it."""

    form = WebFormForm
    list_display = ("name", "website", "campaign", "is_active", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("website", "campaign")
    raw_id_fields = ("campaign",)
    readonly_fields = ("own_page", "example", "kept_out_lately")
    search_fields = ("name",)
    search_uid_fields = ("uid",)

    @admin.display(description="a page of its own")
    def own_page(self, form: WebForm) -> str:
        """Where the form can be filled in without a website."""
        if not form.key:
            return "Save first: then its address stands here."
        return _url("form", form.key)

    @admin.display(description="example to copy")
    def example(self, form: WebForm) -> str:
        """The form as markup for the website, with the script that fetches its token."""
        return "\n".join(_markup(form)) if form.key else "Save first: then the markup stands here."

    @admin.display(description=f"kept out in the last {KEPT_OUT_DAYS} days")
    def kept_out_lately(self, form: WebForm) -> str:
        """How often it was thanked for something that is no lead, and why."""
        found = kept_out_of(form, now=timezone.now()) if form.pk else {}
        return "\n".join(f"{count} × {_KEPT_OUT_WORDS.get(why, why)}" for why, count in sorted(found.items())) or "none"


def _markup(form: WebForm) -> list[str]:
    lines = [
        f'<script src="{_url("form-script")}" defer></script>',
        f'<form method="post" action="{_url("form", form.key)}">',
    ]
    for own, meaning in fields_of(form):
        label = MEANINGS[meaning][0]
        if meaning == CONSENT:
            lines.append(f'  <label><input type="checkbox" name="{own}"> {label}</label>')
        elif meaning == MESSAGE:
            lines.append(f'  <label>{label} <textarea name="{own}"></textarea></label>')
        elif meaning == "email":
            lines.append(f'  <label>{label} <input type="email" name="{own}" required></label>')
        else:
            lines.append(f'  <label>{label} <input name="{own}"></label>')
    trap = f'  <div hidden><label>Leave this empty <input name="{TRAP}" tabindex="-1" autocomplete="off"></label></div>'
    return [*lines, trap, '  <button type="submit">Send</button>', "</form>"]

"""Which website or form a stranger means, and what has come of them."""

import datetime as dt
from dataclasses import dataclass

from leads.logic.website import is_key
from leads.models import Engagement, KeptOut, WebForm, Website

KEPT_OUT_DAYS = 30


def system_of(website: Website) -> str:
    """The external system of this website's visitors and page views."""
    return f"web:{website.uid.hex[:12]}"


def day_of(at: dt.datetime) -> str:
    """The day (UTC) that the external id of a page view begins with."""
    return at.astimezone(dt.UTC).strftime("%Y%m%d")


def website_of(key: str, origin: str) -> Website | None:
    """The website in use with this key, when it may be used from this origin."""
    website = Website.objects.filter(key=key, is_active=True).first() if is_key(key) else None
    return website if website and origin in website.origins else None


def form_of(key: str) -> WebForm | None:
    """The form in use with this key, with its website and campaign."""
    if not is_key(key):
        return None
    forms = WebForm.objects.select_related("website", "campaign")
    return forms.filter(key=key, is_active=True, website__is_active=True).first()


@dataclass(frozen=True)
class Heard:
    """When a website was last heard of (to the minute), and how many page views began today (UTC)."""

    last_at: dt.datetime | None
    today_count: int


def heard_of(website: Website, *, now: dt.datetime) -> Heard:
    """What the snippet of the website has sent. One statement, over today's views alone."""
    # Not "": the words of the partial index.
    today = Engagement.objects.exclude(external_id="").filter(
        external_system=system_of(website),
        external_id__gte=day_of(now),
        external_id__lt=day_of(now + dt.timedelta(days=1)),
    )
    return Heard(website.last_view_at, today.count())


def kept_out_of(form: WebForm, *, now: dt.datetime) -> dict[str, int]:
    """How often the form was filled in by what is no person, in the last KEPT_OUT_DAYS days, by what gave it away."""
    first_on = now.astimezone(dt.UTC).date() - dt.timedelta(days=KEPT_OUT_DAYS)
    found: dict[str, int] = {}
    for why, count in KeptOut.objects.filter(form=form, happened_on__gte=first_on).values_list("why", "count"):
        found[why] = found.get(why, 0) + count
    return found
